"""A workspace with enough in it to look at: prompts in folders with versions and labels, a dataset, a finished and a running comparison.

Answers come from a small server in this process, so that nothing is sent anywhere. Everything here is made up.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from by_hand_sample import by_hand
from judged_sample import JUDGE, TALKATIVE, judged, verdict_on
from results_sample import results_run

from workbench.library.records import ColumnSpec
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Criterion, Definition, Highlight, Message, Price, PromptRef, Saw, Scale
from workbench.workspace import Workspace

TICKETS = (
    (
        "Boots, 45 days",
        "The left sole of my Scafell boots is coming off after six weeks. I want my money back.",
        "refund",
        ("late", "boots"),
    ),
    ("Parcel lost", "My parcel was due on Monday and the tracking has not moved since.", "delivery", ("late",)),
    ("Password reset", "The reset link says it has expired, three times now.", "account", ()),
    ("Wrong colour", "I ordered the green jacket and got the blue one.", "exchange", ("jacket",)),
    ("Invoice address", "Please put our company's address on the invoice for order 40-118.", "billing", ()),
    ("Gift, no receipt", "The socks were a gift. Can I change the size without a receipt?", "exchange", ("gift",)),
    ("Charged twice", "You charged my card twice for the same pair.", "billing", ("late",)),
    ("Waterproof?", "Is the Tarn tent waterproof enough for a week in Scotland?", "question", ("tent",)),
    ("Cancel order", "Please cancel order 40-122, it has not left yet.", "cancel", ()),
    ("Loyalty points", "My points from the spring sale never arrived.", "account", ()),
    ("Broken zip", "The zip of the jacket broke on day one. Very disappointed!", "refund", ("jacket",)),
    ("Delivery to Jersey", "Do you deliver to Jersey and what does it cost?", "question", ()),
)
LABELS = "refund, exchange, delivery, account, billing, cancel, question"
SLOW = "slow"


class Answers(BaseHTTPRequestHandler):
    """Speaks just enough of the chat format, streamed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The list of models."""
        self._send(json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in ("house-large", "house-small")]}))

    def do_POST(self) -> None:
        """One answer, word by word."""
        try:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        except ValueError:  # the run was stopped before it had asked
            self.close_connection = True
            return
        text = answer(asked)
        slow = getattr(self.server, SLOW, 0.0)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        base = {"id": "x", "object": "chat.completion.chunk", "model": asked["model"]}
        try:
            for word in text.split(" "):
                self._chunk({**base, "choices": [{"index": 0, "delta": {"content": word + " "}}]})
                time.sleep(slow)
            self._chunk({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            tokens = {
                "prompt_tokens": sum(len(str(message)) for message in asked["messages"]) // 4,
                "completion_tokens": len(text) // 4 + 1,
            }
            self._chunk({**base, "choices": [], "usage": {**tokens, "total_tokens": sum(tokens.values())}})
            self._raw(b"data: [DONE]\n\n")
            self._raw(b"")
        except OSError:
            self.close_connection = True

    def _chunk(self, item: Any) -> None:
        self._raw(b"data: " + json.dumps(item).encode() + b"\n\n")

    def _raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _send(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def answer(asked: dict[str, Any]) -> str:
    """A made-up answer that depends on prompt, case and model, always the same for the same three."""
    said = " ".join(str(message["content"]) for message in asked["messages"])
    if asked["model"] == JUDGE:
        return verdict_on(said)
    if "What is to be judged" in said:
        return _verdict(said)
    label = next((label for _name, text, label, _tags in TICKETS if text in said), "question")
    if "Write the reply" in said:
        reply = _reply("before promising" in said, sum(map(ord, said)))
        return f"{reply}\n\nPlease write again whenever we can help." if asked["model"] in TALKATIVE else reply
    small = asked["model"].endswith("small")
    seed = sum(map(ord, said + asked["model"]))
    if "one word" in said:
        wrong = small and seed % 4 == 0
        return ("question" if wrong else label) + ("." if small and seed % 3 == 0 else "")
    if small and seed % 2:
        return f"This ticket is about {label}. The customer writes that something went wrong with an order and would like help with it."
    return f"The ticket asks for help with {label}. I would file it under {label}, because that is what the customer wants to have done."


def _verdict(said: str) -> str:
    """What a judge says of a reply."""
    good = "voucher" not in said and "before the parcel" not in said
    reason = (
        "It offers store credit, as the policy wants, and names the next step."
        if good
        else "It promises something that the policy does not know, and leaves the customer without a next step."
    )
    return json.dumps({"reason": reason, "pass": good, "score": 0.9 if good else 0.3})


def _reply(strict: bool, seed: int) -> str:
    """A reply to a customer; the stricter prompt gets other sentences into some of them."""
    offer = "You do not need a receipt for a gift: we can offer you store credit for the current price, or swap it for a larger size."
    ask = "Could you send me the order number? Without an order number I am not able to offer a refund or store credit."
    early = "We are sorry, no credit can be offered before the parcel is back."
    middle = (ask if seed % 4 == 0 else offer) if strict else (early if seed % 5 == 0 else offer)
    if not strict and seed % 3 == 0:
        middle = middle.replace("store credit", "a voucher")
    end = "label once I have it." if strict else "label."
    return f"Hello Tom,\n\nI am sorry that it does not fit. {middle}\n\nIf you would rather post it, I will send you a prepaid {end}"


@contextmanager
def server() -> Iterator[ThreadingHTTPServer]:
    """The running server on a free port of this computer."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def content(*turns: tuple[str, str], **parameters: Any) -> Content:
    """A prompt version of a few messages."""
    return Content(tuple(Message.of(role, text) for role, text in turns), parameters)  # type: ignore[arg-type]


def fill(path: Path, settings: Settings, base_url: str) -> dict[str, int]:
    """Ids of what a picture shows: `prompt`, `summary` (whose checks travel with it), `dataset`, `done` (a finished run), `going`
    (a comparison to start), `by_hand` (a run with answers to give), `hand` (its connection),
    `old_version` (of the dataset), `rerun` and `first_run` (its baseline),
    `judged` and `unjudged` (runs with a judge that was asked, and one that was not), `results_run` and `two_by_two_run`
    (50 cases whose figures are known)."""
    ws = Workspace.open(path, settings)
    try:
        ids = _library(ws)
        models = _models(ws, base_url)
        ids["dataset"] = _dataset(ws)
        ids |= _comparisons(ws, ids, models)
        asyncio.run(_run(ws, ids["done"]))
        _rate(ws, ids["done"])
        ids["old_version"] = _edit_cases(ws, ids["dataset"])
        ids |= by_hand(ws, models)
        ids |= _rerun(ws, models)
        ids |= _judged(ws, models)
        judged(ws, base_url, [(name, text, label) for name, text, label, _tags in TICKETS])
        four = _four(ws)
        ids["results_run"] = results_run(ws, four)
        ids["two_by_two_run"] = results_run(ws, four[:2], versions=2)
        return ids
    finally:
        ws.close()


TRAVELLING = (
    Check("not-regex", r"\b(by|on) (Monday|Tuesday|Wednesday|Thursday|Friday)\b", "No promised dates"),
    Check("icontains", "order number", "Asks for order number"),
    Check("llm-rubric", "The reply is warm and not wordy.", "Tone is warm", judge={"prompt": "Tone judge", "version": 1}),
)


def _library(ws: Workspace) -> dict[str, int]:
    rules = f"You sort support tickets of {{{{ company }}}}.\nThe labels are: {LABELS}."
    plain = content(("system", rules), ("user", "Ticket: {{ ticket }}\n\nWhat is it about?"), temperature=0.2)
    strict = content(("system", rules), ("user", "Ticket: {{ ticket }}\n\nAnswer with one word: the label."), temperature=0.0)
    tone = (
        "system",
        "You are a support agent for {{ company }}.\nFollow the policy. Never promise a date you cannot keep.\n"
        "{% if tone %}Use a {{ tone }} tone.{% endif %}\nAsk for the order number before promising a refund.",
    )
    reply = content(
        tone, ("user", "Customer: {{ customer.name }} ({{ customer.tier }})\nTicket: {{ ticket }}\n{# short #}Reply in two sentences.")
    )
    triage = ws.prompts.create("Ticket triage", "support", plain, "Puts one label on a ticket.", note="First try")
    second = ws.versions.save(triage, strict, "One word only, so that a check can read it", "Mara Lind")
    longer = content(("system", rules + "\nIf two fit, take the one that costs the customer more."), strict_turn(), temperature=0.0)
    third = ws.versions.save(triage, longer, "Says what to do when two labels fit", "Tomas Vale")
    ws.versions.set_label(triage, "production", second.id)
    ws.versions.set_label(triage, "staging", third.id)
    ws.prompts.set_tags(triage, ["support", "labels"])
    refund = ws.prompts.create("Refund reply", "support", reply, "Answers refund requests within policy.", note="From the old tool")
    better = content(
        (tone[0], tone[1] + "\nOffer store credit for gifts."),
        ("user", reply.messages[1].text),
        ("assistant", "Hello {{ customer.name }},"),
    )
    saved = ws.versions.save(refund, better, "Ask for the order number before promising a refund", "Mara Lind")
    ws.versions.set_label(refund, "staging", saved.id)
    ws.prompts.set_tags(refund, ["support", "refunds"])
    draft = content(
        (tone[0], tone[1] + "\nReply in {{ ticket_lang }}.\nOffer store credit for gifts."),
        ("user", better.messages[1].text),
        temperature=0.2,
    )
    draft = replace(
        draft, parameters_for={"house-large": {"temperature": 0.0}, "gpt-4.1": {"max_tokens": 400, "seed": 7}}, checks=TRAVELLING
    )
    ws.versions.save_draft(refund, draft, saved.id)
    for name, value in (
        ("company", "Fell & Tarn"),
        ("tone", "warm"),
        ("customer", {"name": "Priya", "tier": "gold"}),
        ("ticket", TICKETS[0][1]),
    ):
        ws.versions.set_sample(refund, name, value)
        if name in ("company", "ticket"):
            ws.versions.set_sample(triage, name, value)
    small = ("user", "Sum up this thread in three lines:\n\n{{ thread }}")
    for name, folder in (
        ("Thread summary", "support"),
        ("Hand over to a person", "escalation"),
        ("Incident summary", "escalation"),
        ("Welcome mail", "onboarding"),
        ("Follow-up after a demo", "sales"),
    ):
        ws.prompts.create(name, folder, content(small), note="First form")
    short = Check("word-count", "1-60", "Three lines at most")
    summary = ws.prompts.create("Call summary", "sales", replace(content(small), checks=(short, TRAVELLING[2])), note="With its checks")
    return {"prompt": refund, "triage": triage, "summary": summary}


def strict_turn() -> tuple[str, str]:
    """The question that asks for one word."""
    return ("user", "Ticket: {{ ticket }}\n\nAnswer with one word: the label.")


def _models(ws: Workspace, base_url: str) -> list[str]:
    house = ws.connections.add("House server", "other", base_url)
    prices = (("house-large", Price(Decimal("1.20"), Decimal("4.80"))), ("house-small", Price(Decimal("0.10"), Decimal("0.40"))))
    ids = [ws.connections.add_model(house, name, price=price) for name, price in prices]
    ws.connections.add("OpenAI", "openai")
    asyncio.run(ws.test_connection(house))
    ollama = ws.connections.add("Ollama", "ollama")
    ws.connections.add_model(ollama, "llama3.2:3b")
    return [ws.connections.model(id).uid for id in ids]


def _four(ws: Workspace) -> list[str]:
    """Models of a connection that nobody asks."""
    cloud = ws.connections.add("Cloud", "other", "https://models.example.com/v1")
    names = ("gpt-4.1-mini", "gpt-4.1", "gemini-2.5-flash", "house-tiny")
    return [ws.connections.model(ws.connections.add_model(cloud, name)).uid for name in names]


def _dataset(ws: Workspace) -> int:
    dataset = ws.datasets.create(
        "Tickets, golden 12", (ColumnSpec("ticket"), ColumnSpec("company")), "Real forms of tickets, names changed"
    )
    ws.datasets.add_cases(
        dataset, [Case({"ticket": text, "company": "Fell & Tarn"}, name, label, tags) for name, text, label, tags in TICKETS]
    )
    return dataset


def _comparisons(ws: Workspace, ids: dict[str, int], models: list[str]) -> dict[str, int]:
    triage, data = ws.prompts.get(ids["triage"]).uid, ws.datasets.get(ids["dataset"]).uid
    checks = (Check("icontains", "{{ reference }}", "Right label"), Check("regex", r"^\s*\w+\s*$", "One word"))
    refs = (PromptRef(triage, 1), PromptRef(triage, 2))
    first = ws.comparisons.save(Definition("Ticket triage: one word or free", refs, tuple(models), data, checks=checks, concurrency=8))
    second = ws.comparisons.save(
        Definition("Ticket triage: free or with rules", (refs[0], PromptRef(triage, 3)), tuple(models), data, checks=checks, concurrency=6)
    )
    return {"comparison": first, "done": ws.runs.start_comparison(first), "going": second}


def _edit_cases(ws: Workspace, dataset: int) -> int:
    """The id of the version that the run was made on; a second one and one edit come behind it."""
    cases = ws.datasets.cases(dataset)
    ws.datasets.set_cell(cases[2].id, "ticket", f"{cases[2].values['ticket']} Please answer before Friday.")
    ws.datasets.set_cell(cases[2].id, "weight", 2)
    ws.datasets.archive_cases([ws.datasets.duplicate_case(cases[5].id)])
    ws.datasets.add_cases(
        dataset, [Case({"ticket": "My rucksack came without its rain cover.", "company": "Fell & Tarn"}, "Missing cover", "returns")]
    )
    checks = [{"type": "contains", "value": "refund"}, {"type": "not-contains", "value": "unfortunately"}]
    ws.datasets.set_cell(ws.datasets.cases(dataset)[0].id, "checks", checks)
    ws.dataset_versions.save(dataset, "A deadline, and a missing part", "Mara Lind")
    ws.datasets.set_cell(cases[4].id, "note", "Seen twice this week")
    return ws.dataset_versions.numbered(dataset, 1).id


def _rerun(ws: Workspace, models: list[str]) -> dict[str, int]:
    """A prompt in two versions that was run with each, so that the second run can be looked at beside the first."""
    policy = (
        "You answer customers of Fell & Tarn.\nFollow the policy.\nOffer store credit for gifts, even without a receipt.\n"
        "Reply in three short paragraphs."
    )
    stricter = policy.replace(", even without a receipt", "").replace(
        "Reply in", "Ask for the order number before promising a refund.\nReply in"
    )
    question = ("user", "{{ ticket }}\n\nWrite the reply to this ticket.")
    prompt = ws.prompts.create("Gift reply", "support", content(("system", policy), question, temperature=0.2), note="Kind first")
    uid, dataset = ws.prompts.get(prompt).uid, ws.datasets.create("Gift tickets", (ColumnSpec("ticket"),))
    names = [(f"{name}{mark}", f"{text}{mark}", label) for mark in ("", " again") for name, text, label, _tags in TICKETS]
    ws.datasets.add_cases(dataset, [Case({"ticket": text}, name, tags=(label,)) for name, text, label in names])
    checks = (
        Check("not-contains", "order number", "No homework"),
        Check("icontains", "credit", "Policy"),
        Check("icontains", "sorry", "Tone"),
    )
    made = Definition("Gift reply", (PromptRef(uid),), (models[0],), ws.datasets.get(dataset).uid, checks=checks, concurrency=8)
    comparison = ws.comparisons.save(made)
    first = ws.runs.start_comparison(comparison)
    asyncio.run(_run(ws, first))
    ws.regressions.mark(first, comparison)
    ws.versions.save(prompt, content(("system", stricter), question, temperature=0.2), "Ask for the number first", "Mara Lind")
    rerun = ws.runs.start_comparison(comparison)
    asyncio.run(_run(ws, rerun))
    return {"first_run": first, "rerun": rerun}


def _judged(ws: Workspace, models: list[str]) -> dict[str, int]:
    """Replies that a model judges by a rubric; and the same where nobody is chosen to judge."""
    rerun = next(row for row in ws.comparisons.list() if row.name == "Gift reply").definition
    rubric = Check("llm-rubric", "Offers store credit as the policy says, and names the next step for the customer.", "Policy judge")
    checks = (rubric, Check("icontains", "sorry", "Tone"))
    made = replace(rerun, name="Gift reply, judged", model_uids=(models[0], models[1]), checks=checks)
    found = {}
    for key in ("unjudged", "judged"):
        comparison = ws.comparisons.save(replace(made, name=made.name if key == "judged" else "Gift reply, nobody judged"))
        if key == "judged":
            ws.settings.set("judge_model", next(row.title for row in ws.connections.models() if row.uid == models[0]))
        found[key] = ws.runs.start_comparison(comparison)
        asyncio.run(_run(ws, found[key]))
    return found


async def _run(ws: Workspace, run_id: int) -> None:
    async for _event in ws.runs.execute(run_id):
        pass


def _rate(ws: Workspace, run_id: int) -> None:
    for place, cell in enumerate(ws.runs.cells(run_id)):
        if cell.output_id is not None and place % 3 != 2:
            ws.ratings.stars(cell.output_id, 5 if len(cell.text) < 20 else 2 + place % 3)
    first = ws.runs.cells(run_id)[0]
    if first.output_id is not None:
        ws.ratings.note(first.output_id, "Says it in a sentence, so nothing can read it.")
        _judge(ws, run_id, first.output_id, first.text)


def _judge(ws: Workspace, run_id: int, output_id: int, text: str) -> None:
    """Criteria for the comparison of a run, and two raters of one answer who differ."""
    comparison = ws.runs.get(run_id).comparison_id
    if comparison is None:
        return
    points = {"5": "Right class, nothing else", "1": "Another class"}
    ws.criteria.put(
        comparison,
        [
            (None, Criterion("Accuracy", Scale("stars", points), weight=2, help="Is it the right class?")),
            (None, Criterion("Fault", Scale("labels", labels=("none", "chatty", "wrong")))),
            (None, Criterion("Usable", Scale("verdict"), help="Could a program read it?")),
        ],
    )
    accuracy, fault, usable = (row.id for row in ws.criteria.list(comparison))
    ws.ratings.criterion(output_id, accuracy, 5)
    ws.ratings.criterion(output_id, fault, "chatty")
    ws.ratings.switch_rater("Mara Lind")
    ws.ratings.stars(output_id, 4, Saw("compare", others=True))
    ws.ratings.criterion(output_id, accuracy, 2, Saw("compare", others=True))
    ws.ratings.criterion(output_id, usable, "fail", Saw("compare", others=True))
    if len(text) > 4:
        ws.ratings.highlight(output_id, Highlight(0, min(len(text), 12), "nobody asked for this"), Saw("compare", others=True))
    ws.ratings.switch_rater(None)
