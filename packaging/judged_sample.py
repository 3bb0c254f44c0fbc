"""A run that a model judged and a person rated, so that the page of raters has something to show. All verdicts are made up."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from random import Random

from workbench.library.records import ColumnSpec
from workbench.values import Case, Check, Content, Definition, Message, PromptRef
from workbench.workspace import Workspace

JUDGE = "gpt-4.1-mini"
WRITERS = (
    ("gpt-4.1", "GPT-4.1"),
    ("gemini-2.5-flash", "Gemini 2.5 Flash"),
    ("gpt-4.1-nano", "GPT-4.1 nano"),
    ("mistral-small", "Mistral Small"),
)
_GOOD = ("Correctly applies the policy and stays polite.", "Offers a fair solution.", "Asks for what is needed, as required.")
_BAD = ("Misses the 2-year warranty.", "Promises a refund that the policy does not allow.", "Asks twice for what was given.")
_PEOPLE = ("Offers a discount, the cover says repair.", "Refuses credit that section 6 allows.", "Fine, the number was in the footer.")


def verdict_on(said: str) -> str:
    """What the judge says of an answer: always the same for the same one."""
    random = Random(re.sub(r"[0-9a-f]{16}", "", said))  # the mark of the fence is another one on each computer
    good = random.random() < 0.8
    return json.dumps(
        {"reason": random.choice(_GOOD if good else _BAD), "pass": good, "score": round(random.uniform(0.7, 1), 2) if good else 0.2}
    )


def judged(ws: Workspace, base_url: str, tickets: Sequence[tuple[str, str, str]]) -> None:
    """Make the run, have it judged, and rate most of it."""
    connection = ws.connections.add("Writers", "other", base_url)
    models = [ws.connections.add_model(connection, name, title) for name, title in WRITERS]
    judge = ws.connections.add_model(connection, JUDGE, "GPT-4.1 mini")
    ws.settings.set("judge_model", ws.connections.model(judge).uid)
    system = Message.of("system", "You answer customers of Fell & Tarn. Follow the policy.")
    prompt = ws.prompts.create("Policy reply", "support", Content((system, Message.of("user", "{{ ticket }}\n\nWrite the reply to this."))))
    dataset = ws.datasets.create("Policy tickets", (ColumnSpec("ticket"),))
    cases = [
        Case({"ticket": f"{text}{mark}"}, f"{name}{mark}", tags=(label,))
        for mark in ("", " again", " once more")
        for name, text, label in tickets
    ]
    ws.datasets.add_cases(dataset, cases)
    checks = (Check("llm-rubric", "The reply follows the policy and is polite.", "Policy judge"),)
    uids = tuple(ws.connections.model(id).uid for id in models)
    made = Definition(
        "Policy reply", (PromptRef(ws.prompts.get(prompt).uid),), uids, ws.datasets.get(dataset).uid, checks=checks, concurrency=8
    )
    run = ws.runs.start_comparison(ws.comparisons.save(made))

    async def go() -> None:
        async for _event in ws.runs.execute(run):
            pass

    asyncio.run(go())
    random = Random(18)
    for cell in ws.runs.cells(run):
        if cell.output_id is None or not cell.scores or random.random() < 0.1:
            continue
        passed = cell.scores[0].passed
        agrees = random.random() < (0.9 if passed else 0.78)
        ws.ratings.verdict(cell.output_id, "pass" if passed == agrees else "fail")
        if not agrees:
            ws.ratings.note(cell.output_id, random.choice(_PEOPLE))
