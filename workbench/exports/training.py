"""Training data from what people said of answers: chats and preference pairs as JSON Lines, held against the test cases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from workbench.exports.items import Items
from workbench.exports.leaks import Leaks
from workbench.exports.opinions import Ballots
from workbench.exports.training_choice import TRAINING_FORMATS, Choice, Tally, TrainingWish, choices
from workbench.exports.words import counted
from workbench.formats.foreign_writing import openai_message
from workbench.library.writing import write_text
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.ratings.counting import VoteCounts
from workbench.runs.outputs import sent
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values import BadInput, Message, Progress, part_of


@dataclass(slots=True)
class TrainingReport:
    """What was written, or would be: how many examples, by whose word, and why the rest was left out."""

    format: str
    examples: int = 0
    cases: int = 0
    """Cases that gave at least one example."""
    raters: dict[str, int] = field(default_factory=dict)
    """Examples by whose word they are in; one may count for several."""
    dropped: dict[str, int] = field(default_factory=dict)
    edited: int = 0
    """Examples whose answer somebody rewrote."""
    leaks: int = 0
    """Examples that repeat a test case word for word; `near_leaks` nearly do."""
    near_leaks: int = 0
    tested_against: list[str] = field(default_factory=list)
    test_cases: int = 0
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `workbench export --what training --json`, without its files."""
        return {
            "format": self.format, "examples": self.examples, "cases": self.cases, "edited": self.edited, "raters": self.raters,
            "dropped": self.dropped,
            "leakage": {
                "tested_against": self.tested_against, "test_cases": self.test_cases, "exact": self.leaks, "near": self.near_leaks,
            },
            "notes": self.notes,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The report in words, one sentence each."""
        thing = "chat" if self.format == "chat" else "pair"
        said = [f"{counted(self.examples, thing)} from {counted(self.cases, 'case')}."]
        if self.raters:
            said.append(f"By the word of {', '.join(f'{rater} ({count:,})' for rater, count in self.raters.items())}.")
        if self.edited:
            said.append(f"{counted(self.edited, 'answer')} as somebody rewrote {'it' if self.edited == 1 else 'them'}.")
        said += [f"Left out: {why} ({count:,})." for why, count in self.dropped.items()]
        return said + self.notes


class TrainingData:
    """The verbs that make training data of runs."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs
        self._votes = VoteCounts(database, runs)
        self._items = Items(database, runs)

    def training(self, run_ids: Sequence[int], wish: TrainingWish, progress: Progress | None = None) -> TrainingReport:
        """What would be written. `progress` may raise Stopped."""
        report = TrainingReport(wish.format)
        for _line in self._lines(run_ids, wish, report, progress):
            pass
        return report

    def write_training(self, run_ids: Sequence[int], path: Path, wish: TrainingWish, progress: Progress | None = None) -> TrainingReport:
        """Write the examples as JSON Lines, one each. Raises BadInput, and writes nothing, where there is none to write."""
        report = TrainingReport(wish.format)

        def write(file: IO[str]) -> int:
            for line in self._lines(run_ids, wish, report, progress):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if not report.examples:
                raise BadInput(f"No training data can be made of this. {' '.join(report.lines()[1:])}", remedy=_more_of_it(wish))
            return report.examples

        write_text(path, write)
        return report

    def training_raters(self, run_ids: Sequence[int]) -> list[str]:
        """Everybody who said something of answers of these runs."""
        rated = [one["rater"] for run_id in run_ids for ratings in self._items.ratings(run_id).values() for one in ratings]
        voted = [one.rater for one in self._votes.of_runs(run_ids, ties=False)]
        return list(dict.fromkeys([*rated, *voted]))

    # Parts

    def _lines(
        self, run_ids: Sequence[int], wish: TrainingWish, report: TrainingReport, progress: Progress | None
    ) -> Iterator[dict[str, Any]]:
        _check(wish)
        tally = Tally()
        for place, run_id in enumerate(run_ids):
            yield from self._of_run(run_id, wish, report, tally, part_of(progress, place, len(run_ids)))
        leaked = report.leaks + report.near_leaks
        if leaked and wish.refuse_leaks:
            raise BadInput(
                f"{counted(leaked, 'example')} would repeat test cases ({report.leaks:,} word for word). Nothing was written.",
                remedy="Leave them out, or take other answers.",
            )
        report.raters = dict(tally.raters.most_common())
        report.dropped = dict(tally.dropped.most_common())
        report.notes += _notes(report)

    def _of_run(
        self, run_id: int, wish: TrainingWish, report: TrainingReport, tally: Tally, progress: Progress | None
    ) -> Iterator[dict[str, Any]]:
        plan, ballots = self._runs.plan(run_id), self._ballots(run_id, wish)
        leaks = Leaks(self._database, wish.tests, plan.cases)
        report.tested_against, report.test_cases = leaks.names, leaks.cases
        run = self._runs.get(run_id)
        if run.dataset_version is not None:
            report.notes.append(f"The examples of run {run.number} come from {plan.dataset} v{run.dataset_version}: test on other cases.")
        for case, items in groupby(self._items.of(run_id, progress), key=lambda item: item.case_index):
            found = list(choices(items, wish, ballots, tally))
            share = leaks.share(plan.cases[case]) if found else 0.0
            taken = 0
            for choice in found:
                line = None if share else _line(plan, choice, wish)
                if share == 1.0:
                    report.leaks += 1
                elif share:
                    report.near_leaks += 1
                elif line is None:
                    tally.dropped["examples with a picture or file, for which this format has no place"] += 1
                else:
                    taken += 1
                    report.examples += 1
                    report.edited += choice.chosen.is_edit
                    tally.raters.update(choice.raters)
                    yield line
            report.cases += taken > 0

    def _ballots(self, run_id: int, wish: TrainingWish) -> Ballots:
        found = Ballots()
        for one in self._votes.of_runs([run_id], ties=False):
            if not wish.raters or one.rater in wish.raters:
                found.add(one.left, one.right, one.winner, one.rater)
        return found


def _check(wish: TrainingWish) -> None:
    if wish.format not in TRAINING_FORMATS:
        raise BadInput(f"{wish.format} is no format of training data.", remedy=f"Choose one of {', '.join(TRAINING_FORMATS)}.")
    if not 1 <= wish.threshold <= 5:
        raise BadInput("The threshold is 1 to 5 stars.")
    if not 0 <= wish.margin <= 4:
        raise BadInput("The margin is 0 to 4 stars.")


def _line(plan: Plan, choice: Choice, wish: TrainingWish) -> dict[str, Any] | None:
    """The example as its format has it; None where the format has no place for what was sent."""
    item = choice.chosen.item
    messages = sent(plan, item.column, item.case_index)
    if not messages or not _fits(messages, wish):
        return None
    asked = [openai_message(message, message.parts) for message in messages]
    chosen = {"role": "assistant", "content": choice.chosen.text}
    if choice.rejected is None:
        return {"messages": [*asked, chosen]}
    rejected = {"role": "assistant", "content": choice.rejected.text}
    if wish.format == "pairs-trl":
        return {"prompt": asked, "chosen": [chosen], "rejected": [rejected]}
    return {"input": {"messages": asked}, "preferred_output": [chosen], "non_preferred_output": [rejected]}


def _fits(messages: Sequence[Message], wish: TrainingWish) -> bool:
    """OpenAI's chats take pictures; nothing here takes files, and pairs are text."""
    kinds = {part.kind for message in messages for part in message.attachments}
    return kinds <= ({"image"} if wish.format == "chat" else set())


def _notes(report: TrainingReport) -> Iterator[str]:
    if not report.tested_against:
        yield "No test cases were named, so nothing was held against them."
        return
    where = f"{counted(report.test_cases, 'test case')} of {' and '.join(report.tested_against)}"
    leaked = report.leaks + report.near_leaks
    if leaked:
        yield (
            f"Left out, since they repeat {where}: {counted(leaked, 'example')}, "
            f"{report.leaks:,} word for word, {report.near_leaks:,} nearly."
        )
    else:
        yield f"No example repeats one of the {where}."


def _more_of_it(wish: TrainingWish) -> str:
    if wish.format == "chat":
        return "Rate answers, or lower the threshold."
    return "Rate or compare answers, lower the margin, or allow pairs across prompts."
