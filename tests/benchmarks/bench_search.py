"""How long a search and the list of prompts take in a big workspace: medians and the slowest, for words of several kinds.

It fills a workspace of its own: 5,000 prompts with 20,000 versions, 10,000 cases, and as many outputs as `--outputs` says.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.store.database import Database, Writer
from workbench.workspace import Workspace

PROMPTS, VERSIONS, CASES, FOLDERS = 5_000, 20_000, 10_000, 40
ROUNDS = 15
VOCABULARY = 30_000
AT = "2026-01-01T00:00:00.000000Z"
_SYLLABLES = (
    "re",
    "fun",
    "par",
    "cel",
    "or",
    "der",
    "cus",
    "tom",
    "ship",
    "de",
    "lay",
    "boo",
    "ts",
    "mi",
    "na",
    "ko",
    "lu",
    "sta",
    "ven",
    "xi",
)

KINDS = {
    "rare word": ["zebrafinch", "quokka", "axolotl"],
    "common word": ["customer ", "the ", "order "],
    "two common words": ["customer order ", "the parcel "],
    "beginning, 2 letters": ["re", "cu", "th"],
    "beginning, 5 letters": ["custo", "order", "refun"],
    "common word and beginning": ["customer re", "the or", "parcel cu"],
    "phrase": ['"dear customer"', '"your parcel"'],
    "phrase of common words that nobody wrote": ['"customer the customer"', '"order parcel the"'],
    "rare and common word": ["customer quokka", "the zebrafinch"],
    "nothing found": ["qqqzzz", "customer qqqzzz"],
}


class Texts:
    """Sentences as people write them: few words often, many seldom; some words are in nearly all, some in a handful."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        words = {"".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 5))) for _ in range(VOCABULARY)}
        common = ["the", "customer", "order", "parcel", "your", "refund", "please", "with", "and", "reply"]
        self._words = common + sorted(words)
        self._weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._sentences = [" ".join(self._random.choices(self._words, cum_weights=self._weights, k=12)) for _ in range(60_000)]

    def text(self, number: int) -> str:
        """Three sentences, and in some of them what is looked for."""
        said = [*self._random.choices(self._sentences, k=3)]
        if number % 3 == 0:
            said.insert(0, "Dear customer, your parcel waits.")
        if number % 100_000 == 17:
            said.append("A zebrafinch, a quokka and an axolotl.")
        return " ".join(said)


def fill(database: Database, outputs: int) -> None:
    """Everything in one transaction; what the triggers would do for each row is done once behind it."""
    texts = Texts()
    with database.write() as writer:
        execute = writer.run
        for (name,) in execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search_%'"):
            execute(f"DROP TRIGGER {name}")
        _library(writer, texts)
        _runs(writer, texts, outputs)
        writer.rebuild_search()


def _many(writer: Writer, sql: str, rows: Iterator[tuple[object, ...]]) -> None:
    while batch := list(itertools.islice(rows, 20_000)):
        writer.many(sql, batch)


def _library(writer: Writer, texts: Texts) -> None:
    _many(writer, "INSERT INTO folder VALUES (?, ?, ?)", ((id, f"team {id % 8}/topic {id}", AT) for id in range(1, FOLDERS + 1)))
    _many(
        writer, "INSERT INTO prompt (id, uid, name, folder_id, description, kind, created_at) VALUES (?, ?, ?, ?, ?, 'prompt', ?)",
        ((id, f"p{id}", f"Prompt {id} {texts.text(1)[:24]}", id % FOLDERS + 1, texts.text(1)[:80], AT) for id in range(1, PROMPTS + 1)),
    )  # fmt: skip
    _many(writer, "INSERT INTO tag VALUES (?, ?)", ((id, f"tag {id}") for id in range(1, 31)))
    _many(writer, "INSERT INTO prompt_tag VALUES (?, ?)", ((id, id % 30 + 1) for id in range(1, PROMPTS + 1)))
    _many(
        writer, "INSERT INTO content (id, hash, messages, parameters, tools, variables, created_at) VALUES (?, ?, ?, '{}', '[]', '{}', ?)",
        ((id, f"h{id}", _messages(texts.text(id)), AT) for id in range(1, VERSIONS + 1)),
    )  # fmt: skip
    _many(
        writer, "INSERT INTO version (id, uid, prompt_id, number, branch, content_id, note, author, created_at) "
        "VALUES (?, ?, ?, ?, '', ?, ?, '', ?)",
        ((id, f"v{id}", (id - 1) % PROMPTS + 1, (id - 1) // PROMPTS + 1, id, texts.text(1)[:40], AT) for id in range(1, VERSIONS + 1)),
    )  # fmt: skip
    writer.run("INSERT INTO dataset (id, uid, name, description, columns, created_at) VALUES (1, 'd1', 'Golden', '', '[]', :at)", at=AT)
    _many(
        writer,
        'INSERT INTO "case" (id, uid, dataset_id, position, name, "values", weight, note, content_hash, created_at)'
        " VALUES (?, ?, 1, ?, ?, ?, 1.0, '', '', ?)",
        ((id, f"c{id}", id, f"Case {id}", json.dumps({"ticket": texts.text(id)}), AT) for id in range(1, CASES + 1)),
    )


def _messages(text: str) -> str:
    return json.dumps([{"role": "user", "content": f"{text} {text[::-1]}"}])


def _runs(writer: Writer, texts: Texts, outputs: int) -> None:
    per_run = 10_000
    runs = range(1, (outputs + per_run - 1) // per_run + 1)
    writer.run("INSERT INTO comparison (id, uid, name, definition, created_at) VALUES (1, 'k1', 'Before release', '{}', :at)", at=AT)
    _many(
        writer, "INSERT INTO run (id, uid, comparison_id, number, plan, plan_hash, status, created_at, spent, author)"
        " VALUES (?, ?, 1, ?, '{}', '', 'done', ?, 0, '')",
        ((id, f"r{id}", id, AT) for id in runs),
    )  # fmt: skip
    _many(
        writer, "INSERT INTO job (id, run_id, column_index, case_index, repeat, fingerprint, status, attempts)"
        " VALUES (?, ?, 0, ?, 1, '', 'done', 1)",
        ((id, (id - 1) // per_run + 1, id, ) for id in range(1, outputs + 1)),
    )  # fmt: skip
    _many(
        writer, "INSERT INTO output (id, job_id, attempt, text, price_known, created_at) VALUES (?, ?, 1, ?, 0, ?)",
        ((id, id, texts.text(id), AT) for id in range(1, outputs + 1)),
    )  # fmt: skip


def measured(verb: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    verb()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=int, default=50_000, help="how many outputs (default: %(default)s)")
    parser.add_argument("--workspace", type=Path, help="where to fill a workspace and leave it; one that is there is used as it is")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="search-") as folder:
        path = chosen.workspace or Path(folder) / "big.db"
        fresh, began = not path.exists(), time.perf_counter()
        database = Database.open(path)
        if fresh:
            fill(database, chosen.outputs)
        database.close()
        print(f"{path.stat().st_size / 1e6:,.0f} MB, filled in {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        workspace = Workspace.open(path)
        workspace.prompts.list()
        print(f"opening it, with the list of {PROMPTS:,} prompts: {(time.perf_counter() - began) * 1000:.0f} ms")
        print(f"the list again: {statistics.median(measured(workspace.prompts.list) for _ in range(ROUNDS)):.0f} ms")
        print(f"{'searching for':42} {'median ms':>9} {'slowest':>9}   hits")
        every: list[float] = []
        for kind, texts in KINDS.items():
            times = [measured(lambda text=text: workspace.search.find(text, 40)) for _ in range(ROUNDS) for text in texts]  # type: ignore[misc]
            every += times
            hits = [len(workspace.search.find(text, 40)) for text in texts]
            print(f"{kind:42} {statistics.median(times):9.1f} {max(times):9.1f}   {hits}")
        print(f"{'all':42} {statistics.median(every):9.1f} {max(every):9.1f}")
        workspace.close()


if __name__ == "__main__":
    main()
