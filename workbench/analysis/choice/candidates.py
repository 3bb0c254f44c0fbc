"""The models to choose from, and what a model must have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb

from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model with its figures over the answers that were read. What is None is not known."""

    key: str
    title: str
    place: str
    """cloud, server, builtin or hand."""
    colour: int
    passed: int
    of: int
    """Answers with a verdict."""
    low: float | None
    high: float | None
    """The 95 % interval of the pass rate."""
    cases: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    per_thousand: float | None = None
    """Dollars for 1,000 calls like those that were made."""
    context: int | None = None
    """Tokens of its context window."""
    reads: tuple[str, ...] = ()
    """What it reads beside text."""
    same: float | None = None
    """How alike the verdicts on repeats of a case are, see `same_verdict`."""
    region: str = ""
    """Where it runs, such as EU, US or europe-west2, as far as its address says so; empty where it does not."""

    @property
    def rate(self) -> float | None:
        """The share of its answers that passed."""
        return self.passed / self.of if self.of else None

    @property
    def is_own(self) -> bool:
        """True of a model whose calls do not leave for a cloud."""
        return self.place in ("server", "builtin")


@dataclass(frozen=True, slots=True)
class MustHave:
    """What a model must have to be ranked. None and False ask nothing."""

    least_rate: float | None = None
    most_p95_ms: float | None = None
    least_context: int | None = None
    reads_images: bool = False
    stays_here: bool = False
    in_the_eu: bool = False
    """It runs on an own server or in the app: data does not go to a cloud."""


def lacking(one: Candidate, must: MustHave) -> str:
    """Why a model is out, such as `p95 over 7 s`; empty where it has all. What is not known is not there."""
    if must.least_rate is not None and (one.rate is None or one.rate < must.least_rate):
        return "pass rate unknown" if one.rate is None else f"pass rate under {must.least_rate:.0%}"
    if must.most_p95_ms is not None and (one.p95_ms is None or one.p95_ms > must.most_p95_ms):
        return "time unknown" if one.p95_ms is None else f"p95 over {must.most_p95_ms / 1000:g} s"
    if must.least_context is not None and (one.context is None or one.context < must.least_context):
        return "context unknown" if one.context is None else f"context under {must.least_context / 1000:g}k"
    if must.reads_images and "image" not in one.reads:
        return "reads no images"
    if must.in_the_eu and one.region != "EU":
        return f"runs in {one.region}" if one.region else "region unknown"
    if must.stays_here and not one.is_own:
        return "runs in a cloud"
    return ""


def same_verdict(cases: Iterable[Sequence[bool]]) -> float | None:
    """The chance that two repeats of one case have the same verdict, as a mean over the cases; None where no case has repeats.

    Of a case with k repeats of which s passed, (C(s, 2) + C(k - s, 2)) / C(k, 2): the share of its pairs that agree (the observed
    agreement of Fleiss 1971, with repeats in the place of raters).
    """
    shares = [(comb(sum(said), 2) + comb(len(said) - sum(said), 2)) / comb(len(said), 2) for said in cases if len(said) > 1]
    return sum(shares) / len(shares) if shares else None
