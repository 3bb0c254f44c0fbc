"""A finished comparison of six models with repeats and blind votes, from which a model is chosen. Made up, nothing is called."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from workbench.runs.recording import End, Recorder
from workbench.values import Case, Check, Content, Message, ModelSpec, Price, Reply, Score, Spec, Usage, Variant
from workbench.workspace import Choices, Workspace

CASES, REPEATS, VOTES = 120, 3, 240
# Title, name and place; the share that passes, seconds, dollars for 1,000 calls, context, what it reads, strength in votes.
MODELS = (
    ("house-8b", "server", 0.90, 0.9, 1.51, 32_000, ("text",), 0.0),
    ("swift-mini", "cloud", 0.93, 1.9, 1.78, 1_050_000, ("text", "image"), 0.1),
    ("quill-small", "cloud", 0.93, 1.6, 5.06, 200_000, ("text", "image"), 0.3),
    ("flare-flash", "cloud", 0.91, 1.4, 2.14, 1_050_000, ("text", "image", "audio", "video"), -0.3),
    ("swift-large", "cloud", 0.96, 2.8, 8.88, 1_050_000, ("text", "image"), 0.6),
    ("quill-large", "cloud", 0.97, 3.1, 15.18, 200_000, ("text", "image"), 0.8),
)


def choice_run(ws: Workspace) -> int:
    """The id of the run."""
    random = Random(4)
    cloud, house = (
        ws.connections.add("Made-up cloud", "other", "https://cloud.example/v1"),
        ws.connections.add("House", "other", "http://127.0.0.1:9/v1"),
    )
    specs: list[ModelSpec] = []
    for title, place, _, _, _, context, reads, _ in MODELS:
        facts = {"context_tokens": context, "reads": list(reads)}
        specs.append(ws.connections.spec(ws.connections.add_model(house if place == "server" else cloud, title, facts=facts)))
    cases = tuple(Case({"ticket": f"Ticket {number}"}, f"Ticket {number}") for number in range(CASES))
    check = Check("contains", "order number", "Order no.")
    variant = Variant("Refund reply", 7, Content((Message.of("user", "{{ ticket }}"),)))
    run_id = ws.runs.prepare(Spec("Refund reply, six models", (variant,), tuple(specs), cases, REPEATS, (check,)))
    difficult = [random.random() for _ in cases]
    ends = []
    for cell in ws.runs.cells(run_id):
        _, _, rate, seconds, dollars, *_ = MODELS[cell.column]
        passed = difficult[cell.case_index] < rate if random.random() < 0.85 else random.random() < rate
        reply = Reply(
            f"Hello, about case {cell.case_index}, {cell.job_id}.",
            usage=Usage(100, max(1, round(400 * random.lognormvariate(0, 0.1)))),
            latency_ms=1000 * seconds * random.lognormvariate(0, 0.4),
        )  # fmt: skip
        score = Score(check, passed, float(passed), "" if passed else "It asks for no order number.")
        ends.append(End(cell.job_id, "done", 1, Price(Decimal(0), Decimal(str(dollars * 2.5))), reply=reply, scores=(score,)))
    Recorder(ws._database, run_id).write(ends)
    with ws._database.write() as writer:
        writer.run("UPDATE run SET status = 'done', started_at = created_at, finished_at = created_at WHERE id = :id", id=run_id)
    session = ws.reviews.start([run_id], Choices("pair"), seed=5)
    column = {cell.output_id: cell.column for cell in ws.runs.cells(run_id)}
    for number, (left, right) in enumerate(session.items[:VOTES]):
        gap = MODELS[column[left]][-1] - MODELS[column[right]][-1]
        ws.reviews.votes.vote(session.id, number, "left" if random.random() < 1 / (1 + 2.718**-gap) else "right")
    return run_id
