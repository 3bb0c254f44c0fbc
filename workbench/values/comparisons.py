"""What a comparison is: prompts x models x cases x repeats, with checks. Definition (by name) and spec (resolved)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Any

from workbench.quick_dataclass import dataclass, replace
from workbench.values.checks import Check, checks_from_json
from workbench.values.messages import Content
from workbench.values.passing import PENDING, word_of
from workbench.values.prices import Price

BY_HAND = "by-hand"
"""The wire format of models without an API: a person carries the prompt over and brings the answer back."""


@dataclass(frozen=True, slots=True)
class Score:
    """A check's word on one output. `passed` is None where the check cannot be run here; that never counts as passed (`passing`)."""

    check: Check
    passed: bool | None
    score: float | None
    reason: str = ""
    label: str = ""
    """A judge's own word, such as `disagrees` or `2 wins, 1 tie`; `pending` while no judge has been asked."""
    cost_usd: Decimal | None = None
    """What a judge's answer cost."""
    judge_output_id: int | None = None
    """The judge's answer in full, an output of the run that judged."""

    @property
    def failed(self) -> bool:
        """True where it keeps its output from passing: a check of weight 0 only tells."""
        return self.passed is False and self.check.weight > 0

    @property
    def word(self) -> str:
        """What it came to, in a word or two."""
        return word_of(self.passed, self.check.weight, self.label)

    @property
    def parts(self) -> tuple[Score, ...]:
        """Of a set, what each check in it came to; empty for any other check. See `evaluators.sets`."""
        known = self.check.judge.get("inner")
        if not isinstance(known, Sequence) or not isinstance(self.check.value, list):
            return ()
        return tuple(Score.kept(Check.from_json(item), one) for item, one in zip(self.check.value, known, strict=False))

    @staticmethod
    def kept(check: Check, known: Sequence[Any] | None) -> Score:
        """The score of a check in a set from what the set keeps: [passed, score, reason, judge, label], None while a judge is to speak."""
        if known is None:
            return Score(check, None, None, "No judge has been asked yet.", PENDING)
        judge: Mapping[str, Any] = known[3] if len(known) > 3 else {}
        return Score(replace(check, judge=judge) if judge else check, known[0], known[1], known[2], known[4] if len(known) > 4 else "")

    @property
    def pending(self) -> bool:
        """True while a judge is still to be asked."""
        return self.label == PENDING


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: values for the variables, and the answer expected (the reference)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    reference: Any = None
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    note: str = ""
    checks: tuple[Check, ...] = ()
    """Checks of this case alone, beside those of the comparison."""
    only_own_checks: bool = False
    """True where its own checks stand in place of the comparison's."""

    def asked(self, checks: tuple[Check, ...]) -> tuple[Check, ...]:
        """The checks that are asked of its answers where the comparison has these: then its own, or its own alone."""
        return self.checks if self.only_own_checks else checks + self.checks

    def checks_to_json(self) -> list[dict[str, Any]] | dict[str, Any] | None:
        """A list of checks; `{"only": [...]}` where they stand in place of the comparison's; None where it has none of its own."""
        own = [check.to_json() for check in self.checks]
        return {"only": own} if self.only_own_checks else own or None

    def with_checks(self, item: Any) -> Case:
        """This case with the checks that `checks_to_json` wrote. Raises ValueError with a sentence where it is nothing of the kind."""
        only = isinstance(item, Mapping) and item.keys() == {"only"}
        listed = item["only"] if only else [] if item is None else item
        return replace(self, checks=checks_from_json(listed), only_own_checks=only)


@dataclass(frozen=True, slots=True)
class PromptRef:
    """A prompt by its uid at a fixed version, at a label, or (both None) at its newest version when the run starts."""

    prompt_uid: str
    version: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """The saved definition of a comparison. References are uids, so that it travels in files."""

    name: str
    prompts: tuple[PromptRef, ...] = ()
    model_uids: tuple[str, ...] = ()
    dataset_uid: str | None = None
    tags: tuple[str, ...] = ()
    """Only the dataset's cases with one of these tags; empty: all."""
    repeats: int = 1
    checks: tuple[Check, ...] = ()
    concurrency: int = 4
    max_cost_usd: Decimal | None = None
    reuse: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """A prompt version as a column uses it."""

    prompt: str
    version: int | None
    content: Content
    prompt_uid: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model with its connection, as a run freezes it. Never holds a key, only where to look for one."""

    name: str
    """As the API takes it."""
    title: str
    wire_format: str
    base_url: str
    connection: str = ""
    connection_uid: str | None = None
    model_uid: str | None = None
    key_env: str | None = None
    """Environment variable that may hold the key."""
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    price: Price = field(default_factory=Price)
    place: str = "cloud"
    """Where it runs: cloud, server, builtin, or hand for one that a person asks. Decides icon and marker."""
    colour: int = 0
    """Index of the series colour, 0-based; never a hex value."""
    reads: tuple[str, ...] = ()
    """What it reads beside text, as the catalogue calls it: `image`, `pdf`; empty where nothing is known."""
    longest: int | None = None
    """Most tokens of one answer, where it is known: what a call costs at most."""
    embeds: bool = False
    """True for an embedding model: it compares meanings and writes no answers."""

    @property
    def by_hand(self) -> bool:
        """True where a person asks it: it is never called, and has neither cost nor time."""
        return self.wire_format == BY_HAND


@dataclass(frozen=True, slots=True)
class Spec:
    """A comparison with every reference resolved: all a run needs, self-contained."""

    name: str
    variants: tuple[Variant, ...]
    models: tuple[ModelSpec, ...]
    cases: tuple[Case, ...]
    repeats: int = 1
    checks: tuple[Check, ...] = ()
    concurrency: int = 4
    max_cost_usd: Decimal | None = None
    reuse: bool = False
    stream: bool = True
    dataset: str = ""
    dataset_uid: str | None = None
    """The dataset of this workspace whose cases these are; None for cases out of a file, and for sample values."""
    numbers: tuple[int, ...] = ()
    """The places of the cases in the dataset, where they are only those with some tags."""
    judges: tuple[ModelSpec, ...] = ()
    """Models that answer nothing and only judge, where what the comparison came from says how to reach them."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The bytes of pictures and files that cases name by their SHA-256."""


def held_to(checks: Iterable[Check], contents: Iterable[Content]) -> tuple[Check, ...]:
    """These checks, then those that travel with prompt versions of these contents: an equal one stands once."""
    found = [*checks]
    for content in contents:
        found += [check for check in content.checks if check not in found]
    return tuple(found)


def travelling(variants: Iterable[Variant]) -> tuple[tuple[Check, str], ...]:
    """The checks that travel with prompt versions, each once, with all that bring it: `Refund reply v6, Refund reply v7`."""
    found: list[tuple[Check, list[str]]] = []
    for variant in variants:
        title = f"{variant.prompt} v{variant.version}" if variant.version is not None else variant.prompt
        for check in variant.content.checks:
            titles = next((known for other, known in found if other == check), None)
            if titles is None:
                found.append((check, [title]))
            elif title not in titles:
                titles.append(title)
    return tuple((check, ", ".join(titles)) for check, titles in found)


def every_check(checks: Iterable[Check], cases: Iterable[Case]) -> list[Check]:
    """These checks and those of the cases, each once."""
    found = {repr(check): check for check in checks}  # a value may be a list, which has no hash
    for case in cases:
        for check in case.checks:
            found.setdefault(repr(check), check)
    return [*found.values()]
