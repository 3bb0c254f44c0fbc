"""A finished run whose figures are known: 50 cases, four models, of which 46, 48, 45 and 29 answers pass. Made up, nothing is called."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from workbench.library.records import ColumnSpec
from workbench.runs.log import Logged, of_failure
from workbench.runs.recording import End, Recorder
from workbench.values import Case, Check, Content, Definition, Failure, Message, Price, PromptRef, Reply, Score, Usage
from workbench.workspace import Workspace

CHECKS = (
    Check("llm-rubric", "Follows the returns policy.", "Policy"), Check("contains", "order number", "Order no."),
    Check("not-regex", r"\bby (Monday|Friday)\b", "Dates"), Check("llm-rubric", "Warm and without blame.", "Tone"),
)  # fmt: skip
TAGS = (("delivery", 14), ("refunds", 12), ("warranty", 9), ("gifts", 8), ("multi-item", 7), ("safety", 6), ("tone", 5))
MARKETS = ("UK", "Ireland", "Jersey")
SPEEDS = ((1.9, 0.0018), (2.8, 0.0089), (1.4, 0.0021), (2.9, 0.0))
NAMES = ("Late parcel, wants refund", "Boots, 45 days", "Third missed delivery, angry", "Sends a card number", "Mixed basket, one faulty",
         "Gift, wrong size", "Courier says delivered", "Tent pole snapped", "Two returns in one parcel", "Lost in the post")  # fmt: skip
# By model: the check that each failed case fails first, as (check, how many), from the case of that index on.
WRONG = (
    {15: 0, 12: 3, 14: 1, 17: 0},
    {21: 1, 17: 0},
    {3: 0, 8: 2, 17: 0, 30: 2, 41: 0},
    dict(zip(range(0, 42, 2), (0, 0, 2, 0, 1, 0, 2, 0, 3, 0, 0, 2, 0, 2, 0, 2, 0, 1, 0, 2, 0), strict=True)),
)


def results_run(ws: Workspace, models: list[str], versions: int = 1) -> int:
    """The id of the run. Models that are not there yet are taken again."""
    variables = "{{ ticket }}"
    name = "Refund reply, shorter policy" + (", reworded" if versions > 1 else "")
    prompt = ws.prompts.create(name, "support", Content((Message.of("user", variables),)))
    for number in range(1, versions):
        ws.versions.save(prompt, Content((Message.of("user", f"{variables} {number}"),)))
    tags: list[list[str]] = [[] for _ in range(50)]
    places = list(range(50)) + [4 * case + 2 for case in range(11)]
    for tag, count in TAGS:
        for _ in range(count):
            tags[places.pop(0)].append(tag)
    cases = [
        Case(
            {"ticket": f"Ticket {number}", "market": MARKETS[number % 3]},
            NAMES[number % 10],
            tags=tuple(dict.fromkeys(each)),
        )
        for number, each in enumerate(tags)
    ]
    dataset = ws.datasets.create("Golden 50" + (" again" if versions > 1 else ""), (ColumnSpec("ticket"), ColumnSpec("market")))
    ws.datasets.add_cases(dataset, cases)
    made = Definition(
        "Refund reply: shorter policy" + (" and reworded" if versions > 1 else ""),
        tuple(PromptRef(ws.prompts.get(prompt).uid, number) for number in range(1, versions + 1)),
        tuple(models), ws.datasets.get(dataset).uid, checks=CHECKS,
    )  # fmt: skip
    run_id = ws.runs.start_comparison(ws.comparisons.save(made))
    random, ends = Random(16), []
    for cell in ws.runs.cells(run_id):
        wrong = WRONG[cell.column % 4].get(cell.case_index)
        scores = tuple(
            Score(check, number != wrong, float(number != wrong), "" if number != wrong else f"{check.title} is not kept.")
            for number, check in enumerate(CHECKS)
        )
        seconds, dollars = SPEEDS[cell.column % 4]
        reply = Reply(
            f"Hello, about case {cell.case_index}.", usage=Usage(100, max(1, round(400 * random.lognormvariate(0, 0.12)))),
            latency_ms=1000 * seconds * random.lognormvariate(0, 0.35),
        )  # fmt: skip
        ends.append(End(cell.job_id, "done", 1, Price(Decimal(0), Decimal(str(dollars * 2500))), reply=reply, scores=scores))
    recorder = Recorder(ws._database, run_id)
    busy = Failure("rate_limit", "Rate limit reached for requests per minute.", 429)
    waits = [Logged("waiting", end.job_id, None, of_failure(busy, attempt=1, attempts=4, delay_s=2.4)) for end in ends[40:46]]
    refused = Failure("quota", "You exceeded your current quota.", 429)
    recorder.write(ends[:40], lines=[Logged("began", detail={"jobs": len(ends)})])
    recorder.write(ends[40:], lines=[*waits, Logged("held", column=1, detail=of_failure(refused)), Logged("mended", column=1)])
    recorder.log([Logged("ended", detail={"left": 0, "failed": 0})])
    with ws._database.write() as writer:
        writer.run("UPDATE run SET status = 'done', started_at = created_at, finished_at = created_at WHERE id = :id", id=run_id)
    return run_id
