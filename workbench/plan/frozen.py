"""The frozen plan of a run, its JSON, and the request and fingerprint of each of its jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from workbench import __version__, templates
from workbench.plan.stored_cases import StoredCases, case_from_json, case_to_json
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Case, Check, Content, Message, ModelSpec, Price, Request, Spec, Variant, canonical

T = TypeVar("T")


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
    cases: Sequence[Case]
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
    judges: tuple[ModelSpec, ...] = ()
    """Models that only judge, where they are none of the workspace."""
    brought_from: str = ""
    """The program that made the answers, where they came in from its file and were not asked for here."""

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
            parameters = {**content.parameters_on(model.name), **model.parameters}
            place = model.connection_uid if model.by_hand else model.base_url
            begun = hashlib.sha256(
                canonical([model.wire_format, place, model.name, parameters, content.output_schema, list(content.tools)]).encode(
                    "utf-8", "surrogatepass"
                )
            )
            parts.append((content, model.name, parameters, begun))
        return tuple(parts)

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """The models of its columns, then those that only judge."""
        return (*distinct(column.model for column in self.columns), *self.judges)

    @cached_property
    def own_checks_at(self) -> frozenset[int]:
        """Which cases have checks of their own."""
        if isinstance(self.cases, StoredCases):
            return self.cases.with_checks
        return frozenset(index for index, case in enumerate(self.cases) if case.checks or case.only_own_checks)

    def checks_for(self, case_index: int) -> tuple[Check, ...]:
        """The plan's checks, then the case's own; those alone where they stand in place of the plan's."""
        return self.cases[case_index].asked(self.checks) if case_index in self.own_checks_at else self.checks

    def of_checks(self, read: Callable[[tuple[Check, ...]], T]) -> Callable[[int], T]:
        """What is to be known of the checks of a case. It is read once for all cases that have none of their own."""
        usual, own = read(self.checks), {index: read(self.checks_for(index)) for index in self.own_checks_at}
        return lambda case_index: own.get(case_index, usual)

    def own_from(self, case_index: int) -> int:
        """The place among `checks_for` from which on they are the case's own."""
        return 0 if case_index in self.own_checks_at and self.cases[case_index].only_own_checks else len(self.checks)

    def to_json(self) -> dict[str, Any]:
        """The JSON form that a run stores. Prompts and models stand once, columns point to them."""
        variants, models = distinct(column.variant for column in self.columns), distinct(column.model for column in self.columns)
        return {
            "name": self.name,
            "variants": [_variant_to_json(variant) for variant in variants],
            "models": [_model_to_json(model) for model in models],
            "columns": [[variants.index(column.variant), models.index(column.model)] for column in self.columns],
            "cases": [case_to_json(case) for case in self.cases],
            "repeats": self.repeats,
            "checks": [check.to_json() for check in self.checks],
            "concurrency": self.concurrency,
            "max_cost_usd": None if self.max_cost_usd is None else str(self.max_cost_usd),
            "reuse": self.reuse,
            "stream": self.stream,
            "dataset": self.dataset,
            "app_version": self.app_version,
            "taken_from": self.taken_from,
            **({"judges": [_model_to_json(model) for model in self.judges]} if self.judges else {}),
            **({"brought_from": self.brought_from} if self.brought_from else {}),
        }

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote, or that was read of it."""
        cases = item["cases"]
        variants, models = [_variant_from_json(row) for row in item["variants"]], [model_from_json(row) for row in item["models"]]
        return Plan(
            name=item["name"],
            columns=tuple(PlanColumn(variants[variant], models[model]) for variant, model in item["columns"]),
            cases=cases if isinstance(cases, StoredCases) else tuple(map(case_from_json, cases)),
            repeats=item["repeats"],
            checks=tuple(Check.from_json(row) for row in item["checks"]),
            concurrency=item["concurrency"],
            max_cost_usd=None if item["max_cost_usd"] is None else Decimal(item["max_cost_usd"]),
            reuse=item["reuse"],
            stream=item["stream"],
            dataset=item["dataset"],
            app_version=item["app_version"],
            taken_from=item.get("taken_from", ""),
            judges=tuple(model_from_json(row) for row in item.get("judges", ())),
            brought_from=item.get("brought_from", ""),
        )


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
        columns=tuple(PlanColumn(variant, model) for variant in spec.variants for model in map(priced, spec.models)),
        cases=spec.cases,
        repeats=spec.repeats,
        checks=spec.checks,
        concurrency=spec.concurrency,
        max_cost_usd=spec.max_cost_usd,
        reuse=spec.reuse,
        stream=spec.stream,
        dataset=spec.dataset,
        judges=spec.judges,
        files=spec.files,
        app_version=app_version,
    )


def refuse_embedding(model: ModelSpec) -> None:
    """Raises BadInput for a model that writes no answers: every call of it would come back with an error."""
    if model.embeds:
        raise BadInput(f"{model.title} makes embeddings: it compares meanings and writes no answers.", remedy="Choose another model.")


def priced(model: ModelSpec) -> ModelSpec:
    """The model with its price: what answers inside this program costs nothing; all other prices are as they are, unknown ones too."""
    is_inside = model.wire_format in ("echo", "builtin") and model.price == Price()
    return replace(model, price=Price(Decimal(0), Decimal(0))) if is_inside else model


def request(plan: Plan, column_index: int, case_index: int) -> Request:
    """The finished question of a job. Its parameters are those of `parameters`. Raises BadInput as `templates.render`."""
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
    """What is sent with every question of a column beside its messages: the version's parameters, over them those that it has for
    this model alone, and over both the model's own."""
    return plan._parts[column_index][2]


def fingerprint(plan: Plan, column_index: int, asked: Request, repeat: int) -> str:
    """SHA-256 hex of wire format, place, model, parameters, rendered messages and repeat: equal means the same call. The place is the base
    URL, by hand the connection."""
    digest = plan._parts[column_index][3].copy()
    digest.update(canonical([repeat, [message.to_json() for message in asked.messages]]).encode("utf-8", "surrogatepass"))
    return str(digest.hexdigest())


def shown(content: Content) -> tuple[Message, ...]:
    """The messages of a content, and one with what its variables may attach to them: what a model has to be able to read."""
    kinds = templates.attachment_kinds(content)
    return (*content.messages, kinds) if kinds.parts else content.messages


def distinct(items: Any) -> list[Any]:
    """The items without repetitions, in their order; they need no hash."""
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
