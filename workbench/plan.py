"""From a resolved comparison to calls: the frozen plan of a run, each job's request and fingerprint, the estimate.

A plan holds all that a run needs, so that later edits never change it. Requests are rendered when their job starts: a plan for
a hundred thousand calls costs no more than its rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from time import perf_counter
from typing import Any

from workbench import __version__, templates
from workbench.values import BadInput, Case, Check, Content, Message, ModelSpec, Price, Request, Spec, Usage, Variant, canonical
from workbench.values.variables import VariableSpec

GUESSED_ANSWER_TOKENS = 150
UNKNOWN_ANSWER = (50, 600)
"""Tokens between which the mean answer of an unknown model lies most likely: a line, a page."""
READ_EXACT, READ_GUESSED = (0.95, 1.05), (0.8, 1.4)
"""How far the tokens of a text may lie from its estimate, where its model has read such texts before and where not."""
SAMPLED_CASES = 50
SAMPLING_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A prompt version on a model."""

    variant: Variant
    model: ModelSpec


@dataclass(frozen=True)
class Plan:
    """What a run will do, frozen and self-contained. Holds no key."""

    name: str
    columns: tuple[PlanColumn, ...]
    cases: tuple[Case, ...]
    repeats: int = 1
    checks: tuple[Check, ...] = ()
    concurrency: int = 4
    max_cost_usd: Decimal | None = None
    reuse: bool = False
    stream: bool = True
    dataset: str = ""
    app_version: str = __version__
    taken_from: str = ""
    """Uid of the run whose good outputs this one takes over, where only what failed is asked again."""

    files: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """Pictures and files that cases name by their SHA-256. Not in the JSON: the workspace keeps them once."""

    @property
    def calls(self) -> int:
        """Number of jobs that are calls: those of models that are asked by hand are none."""
        return sum(not column.model.by_hand for column in self.columns) * len(self.cases) * self.repeats

    @cached_property
    def _parts(self) -> tuple[tuple[Content, str, dict[str, Any], Any], ...]:
        """Of each column: content, model name, merged parameters, and the begun fingerprint."""
        parts = []
        for column in self.columns:
            content, model = column.variant.content, column.model
            parameters = {**content.parameters, **model.parameters}
            place = model.connection_uid if model.by_hand else model.base_url
            begun = hashlib.sha256(
                canonical([model.wire_format, place, model.name, parameters, content.output_schema, list(content.tools)]).encode(
                    "utf-8", "surrogatepass"
                )
            )
            parts.append((content, model.name, parameters, begun))
        return tuple(parts)

    def checks_for(self, case_index: int) -> tuple[Check, ...]:
        """The plan's checks, then the case's own."""
        return self.checks + self.cases[case_index].checks

    def to_json(self) -> dict[str, Any]:
        """The JSON form that a run stores. Prompts and models stand once, columns point to them."""
        variants, models = _distinct(column.variant for column in self.columns), _distinct(column.model for column in self.columns)
        return {
            "name": self.name,
            "variants": [_variant_to_json(variant) for variant in variants],
            "models": [_model_to_json(model) for model in models],
            "columns": [[variants.index(column.variant), models.index(column.model)] for column in self.columns],
            "cases": [_case_to_json(case) for case in self.cases],
            "repeats": self.repeats,
            "checks": [check.to_json() for check in self.checks],
            "concurrency": self.concurrency,
            "max_cost_usd": None if self.max_cost_usd is None else str(self.max_cost_usd),
            "reuse": self.reuse,
            "stream": self.stream,
            "dataset": self.dataset,
            "app_version": self.app_version,
            "taken_from": self.taken_from,
        }

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote."""
        variants, models = [_variant_from_json(row) for row in item["variants"]], [model_from_json(row) for row in item["models"]]
        return Plan(
            name=item["name"],
            columns=tuple(PlanColumn(variants[variant], models[model]) for variant, model in item["columns"]),
            cases=tuple(_case_from_json(row) for row in item["cases"]),
            repeats=item["repeats"],
            checks=tuple(Check.from_json(row) for row in item["checks"]),
            concurrency=item["concurrency"],
            max_cost_usd=None if item["max_cost_usd"] is None else Decimal(item["max_cost_usd"]),
            reuse=item["reuse"],
            stream=item["stream"],
            dataset=item["dataset"],
            app_version=item["app_version"],
            taken_from=item.get("taken_from", ""),
        )


_TOLD_MISFITS = 3
MOST_CALLS = 1_000_000
"""Jobs of one run: each is a row from the start. More is a slip of the finger, and would fill the disk before the first call."""


def make(spec: Spec, *, app_version: str = __version__) -> Plan:
    """The plan of a resolved comparison: for each prompt version, each model. Raises BadInput where nothing would be called."""
    for what, items in (("prompt", spec.variants), ("model", spec.models), ("case", spec.cases)):
        if not items:
            raise BadInput(f"The comparison {spec.name} has no {what}.", remedy=f"Add a {what}.")
    for model in spec.models:
        refuse_embedding(model)
    if spec.repeats < 1 or spec.concurrency < 1:
        raise BadInput("Repeats and calls at once are 1 or more.")
    calls = len(spec.variants) * len(spec.models) * len(spec.cases) * spec.repeats
    if calls > MOST_CALLS:
        raise BadInput(f"This would be {calls:,} calls; a run has at most {MOST_CALLS:,}.", remedy="Choose fewer cases, models or repeats.")
    return Plan(
        name=spec.name,
        columns=tuple(PlanColumn(variant, model) for variant in spec.variants for model in map(_priced, spec.models)),
        cases=spec.cases,
        repeats=spec.repeats,
        checks=spec.checks,
        concurrency=spec.concurrency,
        max_cost_usd=spec.max_cost_usd,
        reuse=spec.reuse,
        stream=spec.stream,
        dataset=spec.dataset,
        files=spec.files,
        app_version=app_version,
    )


def refuse_embedding(model: ModelSpec) -> None:
    """Raises BadInput for a model that writes no answers: every call of it would come back with an error."""
    if model.embeds:
        raise BadInput(f"{model.title} makes embeddings: it compares meanings and writes no answers.", remedy="Choose another model.")


def _priced(model: ModelSpec) -> ModelSpec:
    """What answers inside this program costs nothing; all other prices are what they are, unknown ones included."""
    is_inside = model.wire_format in ("echo", "builtin") and model.price == Price()
    return replace(model, price=Price(Decimal(0), Decimal(0))) if is_inside else model


def request(plan: Plan, column_index: int, case_index: int) -> Request:
    """The finished question of a job. The model's own parameters go over the version's. Raises BadInput as `templates.render`."""
    content, model, parameters, _ = plan._parts[column_index]
    values = plan.cases[case_index].values
    if plan.files:
        values = {name: _with_bytes(value, plan.files) for name, value in values.items()}
    messages = templates.render(content, values)
    return Request(model, messages, parameters, content.output_schema, content.tools, plan.stream)


def _with_bytes(value: Any, files: Mapping[str, bytes]) -> Any:
    is_file = isinstance(value, Mapping) and value.get("sha256") in files
    return {**value, "data": files[value["sha256"]]} if is_file else value


def parameters(plan: Plan, column_index: int) -> Mapping[str, Any]:
    """What is sent with every question of a column beside its messages: the version's parameters, the model's own over them."""
    return plan._parts[column_index][2]


def fingerprint(plan: Plan, column_index: int, asked: Request, repeat: int) -> str:
    """SHA-256 hex of wire format, place, model, parameters, rendered messages and repeat: equal means the same call. The place is the base
    URL, by hand the connection."""
    digest = plan._parts[column_index][3].copy()
    digest.update(canonical([repeat, [message.to_json() for message in asked.messages]]).encode("utf-8", "surrogatepass"))
    return str(digest.hexdigest())


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why some calls of a plan cannot be made."""

    prompt: str
    version: int | None
    message: str
    names: tuple[str, ...] = ()
    """Variables without a value."""
    cases: int = 0
    """How many cases are concerned."""
    fatal: bool = False
    """True if no case of this prompt version can be sent, or some would be sent with values of another type than it wants."""
    case: int | None = None
    """Number of the first case with such a value."""


def problems(plan: Plan, numbers: Sequence[int] = ()) -> tuple[PlanProblem, ...]:
    """What keeps prompt versions from being sent: syntax errors, values of another type, and all variables without a value at once.

    `numbers` are those of the cases in their dataset, where they are only some of it.
    """
    found: list[PlanProblem] = []
    for variant in _distinct(column.variant for column in plan.columns):
        title = variant.prompt if variant.version is None else f"{variant.prompt} v{variant.version}"
        broken = _syntax_problem(variant)
        if broken:
            found.append(PlanProblem(variant.prompt, variant.version, f"{title}: {broken}", (), len(plan.cases), True))
            continue
        misfits = _misfits(plan, variant, title, numbers)
        if misfits is not None:
            found.append(misfits)
        found += _unreadable(plan, variant, title)
        needed = templates.required(variant.content)
        lacking = [tuple(name for name in needed if name not in case.values) for case in plan.cases]
        count = sum(1 for names in lacking if names)
        if not count:
            continue
        all_names = tuple(name for name in needed if any(name in names for names in lacking))
        where = f"in dataset {plan.dataset}" if plan.dataset else "in the cases"
        if count < len(plan.cases):
            where = f"in {count} of {len(plan.cases)} cases"
        listed = " and ".join([", ".join(all_names[:-1]), all_names[-1]] if len(all_names) > 1 else all_names)
        message = f"{title}: {listed} {'have' if len(all_names) > 1 else 'has'} no value {where}."
        found.append(PlanProblem(variant.prompt, variant.version, message, all_names, count, count == len(plan.cases)))
    return tuple(found)


def _misfits(plan: Plan, variant: Variant, title: str, numbers: Sequence[int]) -> PlanProblem | None:
    """The cases whose values are not of the types that a prompt version declares for what it reads."""
    specs = variant.content.variables
    read = [name for name in templates.names(variant.content) if name in specs and specs[name].type not in ("image", "file")]
    told: list[str] = []
    concerned: list[int] = []
    for index, case in enumerate(plan.cases if read else ()):
        wrong = [name for name in read if name in case.values and specs[name].misfit(case.values[name])]
        if not wrong:
            continue
        concerned.append(numbers[index] if numbers else index + 1)
        if len(concerned) <= _TOLD_MISFITS:
            where = f"case {concerned[-1]:,}{f' ({case.name[:40]})' if case.name else ''}"
            told.append(f"{where}: {', '.join(_misfit(name, case.values[name], specs[name]) for name in wrong)}")
    if not concerned:
        return None
    left = len(concerned) - len(told)
    more = f"; {left:,} more {'case does' if left == 1 else 'cases do'} not fit either" if left else ""
    message = f"{title}: {'; '.join(told)}{more}."
    return PlanProblem(variant.prompt, variant.version, message, tuple(read), len(concerned), True, concerned[0])


def _misfit(name: str, value: Any, spec: VariableSpec) -> str:
    shown = "empty" if value in (None, "") else f"'{value[:40]}'" if isinstance(value, str) else canonical(value)[:40]
    why = spec.misfit(value)
    return f"{name} is {shown}, the prompt wants {spec.wants}" if why.startswith("is ") else f"{name} {why}"


def _unreadable(plan: Plan, variant: Variant, title: str) -> list[PlanProblem]:
    """Cases whose pictures or files cannot be read: each fails before its call."""
    names = [name for name, spec in variant.content.variables.items() if spec.type in ("image", "file")]
    values = [[case.values.get(name) for name in names] for case in plan.cases] if names else []
    troubles = [next((each["problem"] for each in row if isinstance(each, Mapping) and each.get("problem")), "") for row in values]
    count = sum(map(bool, troubles))
    if not count:
        return []
    more = f" So it is in {count} of {len(plan.cases)} cases." if len(plan.cases) > 1 else ""
    words = f"{title}: {next(filter(None, troubles))}{more}"
    return [PlanProblem(variant.prompt, variant.version, words, (), count, count == len(plan.cases))]


def _syntax_problem(variant: Variant) -> str:
    for number, message in enumerate(variant.content.messages, 1):
        problem = templates.check(message.text, variant.content.snippets)
        if problem:
            return f"message {number} ({message.role}), line {problem.line}, column {problem.column}: {problem.message}"
    return ""


@dataclass(frozen=True, slots=True)
class PastUse:
    """What a model's finished calls used so far, the basis of an estimate."""

    calls: int
    output_tokens: float
    """Mean of one call."""
    seconds: float
    """Mean of one call."""
    tokens_per_character: float | None = None
    """Of what it read; None if not known."""
    spread: float = 0.0
    """Standard deviation of the tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a run will take. `cost_usd` leaves out the models in `unknown_prices`; None if no price is known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    unknown_prices: tuple[str, ...]
    seconds: float | None
    basis: str
    by_hand: int = 0
    """Answers that a person will give: no calls, no cost, no time."""
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    """Between these the cost lies most likely; None where no price is known."""
    reused: int = 0
    """Calls that are not made, because the same ones were answered before."""
    compared_tokens: int = 0
    """Tokens that an embedding model reads to compare meanings."""


def model_key(model: ModelSpec) -> str:
    """Identity of a model for past use: where it is asked, and by which name."""
    return f"{model.wire_format} {model.base_url} {model.name}"


def _range(past: PastUse | None, limit: Any, calls: float) -> tuple[float, float]:
    """Between how many tokens the mean answer lies most likely: two standard errors of the past ones, at least a tenth; an answer of which
    nothing is known is as short as a line or as long as a page."""
    if past is None:
        longest = limit if isinstance(limit, int) and limit > 0 else UNKNOWN_ANSWER[1]
        return float(min(longest, UNKNOWN_ANSWER[0])), float(min(longest, UNKNOWN_ANSWER[1]))
    error = max(0.1 * past.output_tokens, 2 * past.spread * (1 / max(1, past.calls) + 1 / max(1.0, calls)) ** 0.5)
    return max(0.0, past.output_tokens - error), past.output_tokens + error


def estimate(plan: Plan, history: Mapping[str, PastUse] | None = None, reused: Mapping[int, float] | None = None) -> Estimate:
    """What the plan will take, from past use per model (`model_key`) where there is any, else from 4 characters a token.

    `reused`: of each column, the share of its calls that were answered before and are not made.
    """
    history, reused = history or {}, reused or {}
    all_calls = len(plan.cases) * plan.repeats
    lows, highs = Decimal(0), Decimal(0)
    spared = 0
    input_total, output_total = 0.0, 0.0
    costs: list[Decimal] = []
    unknown: dict[str, None] = {}
    busy: dict[str, float] = {}
    used: dict[str, int] = {}
    called = [(index, column) for index, column in enumerate(plan.columns) if not column.model.by_hand]
    for index, column in called:
        model, past = column.model, history.get(model_key(column.model))
        calls = all_calls - round(all_calls * reused.get(index, 0.0))
        spared += all_calls - calls
        read = _characters(plan, index) * ((past.tokens_per_character if past else None) or 0.25)
        written = past.output_tokens if past else _guessed_answer(plan._parts[index][2].get("max_tokens"))
        input_total, output_total = input_total + calls * read, output_total + calls * written
        # A thousand calls: tokens are whole numbers, their mean is not. The rates are those of one call, whose length may choose them.
        thousand_calls = model.price.at(read).cost(Usage(round(1000 * read), round(1000 * written)))
        if thousand_calls is None:
            unknown.setdefault(model.title)
        else:
            costs.append(thousand_calls * calls / 1000)
            least, most = _range(past, plan._parts[index][2].get("max_tokens"), calls)
            rough = READ_EXACT if past and past.tokens_per_character else READ_GUESSED
            low = model.price.at(read).cost(Usage(round(1000 * read * rough[0]), round(1000 * least)))
            high = model.price.at(read).cost(Usage(round(1000 * read * rough[1]), round(1000 * most)))
            lows, highs = lows + (low or Decimal(0)) * calls / 1000, highs + (high or Decimal(0)) * calls / 1000
        if past:
            used[model_key(model)] = past.calls
            at_once = 1 if model.place == "builtin" else plan.concurrency
            busy[model.connection] = busy.get(model.connection, 0.0) + calls * past.seconds / at_once
    is_learned = all(model_key(column.model) in used for _, column in called)
    basis = f"About, from {sum(used.values()):,} past answers of these models" if used else "About, with 4 characters for a token"
    if not used:
        basis += f" and {GUESSED_ANSWER_TOKENS} tokens for an answer"
    elif not is_learned:
        basis += ", and 4 characters for a token where there are none"
    return Estimate(
        calls=plan.calls,
        input_tokens=round(input_total),
        output_tokens=round(output_total),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        unknown_prices=tuple(unknown),
        seconds=max(busy.values(), default=0.0) if is_learned and called else None,
        basis=basis + (". Pictures and files are not counted." if _has_attachments(plan) else ".") if called else "Nothing is called.",
        by_hand=(len(plan.columns) - len(called)) * all_calls,
        low_usd=lows if costs else None,
        high_usd=highs if costs else None,
        reused=spared,
    )


def _has_attachments(plan: Plan) -> bool:
    return any(message.attachments for column in plan.columns for message in shown(column.variant.content))


def shown(content: Content) -> tuple[Message, ...]:
    """The messages of a content, and one with what its variables may attach to them: what a model has to be able to read."""
    kinds = templates.attachment_kinds(content)
    return (*content.messages, kinds) if kinds.parts else content.messages


def _guessed_answer(limit: Any) -> int:
    """Tokens of an answer of which nothing is known: fewer where the parameters allow only fewer."""
    return min(limit, GUESSED_ANSWER_TOKENS) if isinstance(limit, int) and limit > 0 else GUESSED_ANSWER_TOKENS


def _characters(plan: Plan, column_index: int) -> float:
    """Mean length of what a column sends, from at most 50 cases spread over all, or fewer where rendering takes long."""
    step = max(1, len(plan.cases) // SAMPLED_CASES)
    lengths: list[int] = []
    enough = perf_counter() + SAMPLING_SECONDS
    for case_index in range(0, len(plan.cases), step):
        if perf_counter() > enough:
            break
        try:
            messages = request(plan, column_index, case_index).messages
        except BadInput:
            continue
        lengths.append(sum(len(message.text) for message in messages))
    return sum(lengths) / len(lengths) if lengths else 0.0


def _distinct(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(item is other or item == other for other in found):
            found.append(item)
    return found


def _variant_to_json(variant: Variant) -> dict[str, Any]:
    return {
        "prompt": variant.prompt, "version": variant.version, "prompt_uid": variant.prompt_uid, "content": variant.content.to_json(),
    }  # fmt: skip


def _variant_from_json(item: Mapping[str, Any]) -> Variant:
    return Variant(item["prompt"], item["version"], Content.from_json(item["content"]), item["prompt_uid"])


_MODEL_FIELDS = ("name", "title", "wire_format", "base_url", "connection", "connection_uid", "model_uid", "key_env", "place", "colour")


def _model_to_json(model: ModelSpec) -> dict[str, Any]:
    item: dict[str, Any] = {name: getattr(model, name) for name in _MODEL_FIELDS}
    item |= {"options": dict(model.options), "parameters": dict(model.parameters), "price": model.price.to_json()}
    if model.longest:
        item["longest"] = model.longest
    return item | ({"reads": list(model.reads)} if model.reads else {})


def model_from_json(item: Mapping[str, Any]) -> ModelSpec:
    """The model as a plan's JSON holds it."""
    fields = {name: item[name] for name in _MODEL_FIELDS}
    return ModelSpec(
        **fields,
        options=item["options"],
        parameters=item["parameters"],
        price=Price.from_json(item["price"]),
        reads=tuple(item.get("reads", ())),
        longest=item.get("longest"),
    )


def _case_to_json(case: Case) -> dict[str, Any]:
    item: dict[str, Any] = {"values": dict(case.values)}
    if case.name:
        item["name"] = case.name
    if case.reference is not None:
        item["reference"] = case.reference
    if case.tags:
        item["tags"] = list(case.tags)
    if case.weight != 1.0:
        item["weight"] = case.weight
    if case.note:
        item["note"] = case.note
    if case.checks:
        item["checks"] = [check.to_json() for check in case.checks]
    return item


def _case_from_json(item: Mapping[str, Any]) -> Case:
    return Case(
        values=item["values"],
        name=item.get("name", ""),
        reference=item.get("reference"),
        tags=tuple(item.get("tags", ())),
        weight=item.get("weight", 1.0),
        note=item.get("note", ""),
        checks=tuple(Check.from_json(check) for check in item.get("checks", ())),
    )
