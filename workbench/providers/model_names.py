"""The many names of one model: dated snapshots, `-latest`, prefixes of vendors and regions, versions of Bedrock. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_PATH = re.compile(r"^(arn:aws[\w-]*:bedrock:.*/|models/|(projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/)", re.I)
_REGION = re.compile(r"^(us|us-gov|eu|apac|ap|au|jp|ca|sa|uk|global)\.(?=[a-z0-9-]+\.)", re.I)
_ENDS = (
    re.compile(r"@[\w.-]+$"),  # Vertex: claude-sonnet-4-5@20250929, @default
    re.compile(r"-v\d+:\d+(:\w+)?$|:0$", re.I),  # Bedrock: -v1:0
    re.compile(r"-latest$", re.I),
    re.compile(r"-(20\d{6}|20\d\d-\d\d-\d\d|0\d\d)$"),  # a day, or Gemini's -001; four digits are versions with prices of their own
)


def candidates(name: str) -> Iterator[str]:
    """The names under which a catalogue may know a model, the most exact first."""
    seen: set[str] = set()
    for path in _paths(name.strip()):
        for form in (path, *_without_region(path)):
            for shorter in _shortened(form):
                if shorter and shorter not in seen:
                    seen.add(shorter)
                    yield shorter


def bare(name: str) -> str:
    """A name without day, version and `-latest`; the same for all snapshots of one model."""
    return list(_shortened(name.lower()))[-1]


def resolve(name: str, known: Mapping[str, str]) -> str | None:
    """The key of a catalogue for a name, or None. `known` is what `index` made of the keys."""
    return next((known[form.lower()] for form in candidates(name) if form.lower() in known), None)


def is_snapshot(name: str, key: str) -> bool:
    """True where a name means one day's state of a model and the key of the catalogue that was found for it does not."""
    day = _ENDS[3]
    return bool(day.search(_ENDS[1].sub("", name))) and not day.search(_ENDS[1].sub("", key)) and "@" not in key


def index(keys: Iterable[str]) -> dict[str, str]:
    """What `resolve` searches: every key in small letters, and the bare name of a key that no other key has; the newest snapshot wins."""
    found: dict[str, str] = {}
    ordered = sorted(keys, reverse=True)
    for key in ordered:
        found.setdefault(bare(key), key)
    return found | {key.lower(): key for key in ordered}


def weights(name: str) -> str:
    """What names of the same weights at different hosts have in common: `meta-llama/Llama-3.3-70B-Instruct` and
    `llama-3.3-70b-versatile` are `llama-3-3-70b`."""
    name = _REGION.sub("", _PATH.sub("", name.lower())).split("/")[-1]
    name = re.sub(r"^[a-z0-9]+\.(?=[a-z])", "", bare(name))  # Bedrock: anthropic.claude-...
    name = re.sub(r"(?<=\d)p(?=\d)", "-", re.sub(r":[\w-]+$", "", name))  # Fireworks: v3p2; OpenRouter: :free
    name = re.sub(r"-(instruct|it|chat|versatile|instant|fp8|v\d)$", "", re.sub(r"[._ ]", "-", name))
    return re.sub(r"^(meta-)?llama-?(?=\d)", "llama-", name)


def _paths(name: str) -> Iterator[str]:
    yield name
    short = _PATH.sub("", name)
    yield short
    if "/" in short:
        yield short.rsplit("/", 1)[1]


def _without_region(name: str) -> Iterator[str]:
    """A model in a region that no row names costs what it costs in the regions that rows name; else what it costs anywhere."""
    short = _REGION.sub("", name)
    if short != name:
        if not name.lower().startswith("global."):
            yield f"us.{short}"
        yield short


def _shortened(name: str) -> Iterator[str]:
    yield name
    for end in _ENDS:
        shorter = end.sub("", name)
        if shorter != name:
            name = shorter
            yield name
