"""A review packet: one HTML file in which a colleague rates blind answers in any browser, without a network and without this app.

Its form lies in `resources/packet`. Texts of models lie in it as JSON data and are only ever shown as text. A policy lets nothing run but
the page's own scripts, named by their hashes, and nothing load at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any, Literal

from workbench.assets import asset
from workbench.quick_dataclass import dataclass
from workbench.values.criteria import Criterion
from workbench.values.messages import Part

PacketKind = Literal["pair", "single"]
SHOWN_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_SCRIPTS = ("text", "said", "page", "keys")
_READING = 400
"""Words a minute: who compares two answers skims what they have in common."""
_DECIDING = 5
"""Seconds for an item, and for each criterion of each of its answers a fourth of that."""
_IN_DATA = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class PacketAnswer:
    """One answer as it is shown: nothing in it tells where it comes from."""

    text: str
    pictures: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePart:
    """A piece of a case, such as what the customer wrote."""

    title: str
    text: str
    pictures: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class PacketItem:
    """What is judged at once: an answer, or two of them in the order in which they are shown."""

    answers: tuple[PacketAnswer, ...]
    case: tuple[CasePart, ...] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PacketPage:
    """Everything that the file tells. Items are known by their number, from 1."""

    uid: str
    title: str
    kind: PacketKind
    items: tuple[PacketItem, ...]
    criteria: tuple[Criterion, ...] = ()
    made_for: str = ""
    made_by: str = ""
    due: str = ""
    """Until when, in words."""


def packet_html(page: PacketPage) -> str:
    """The file."""
    parts = _form()
    values = {
        **parts,
        "title": escape(f"{page.title}, {len(page.items)} blind {'pairs' if page.kind == 'pair' else 'answers'}"),
        "data": _in_data(_document(page)),
    }
    return _filled(asset("packet/page.html").read_text("utf-8"), values)


def item_digest(answers: Sequence[PacketAnswer]) -> str:
    """CRC-32 of what an item shows, in eight hex digits. The page counts it over what it holds; who edits an answer there changes it."""
    pieces = [piece for answer in answers for piece in (answer.text, *map(_address, answer.pictures))]
    return f"{zlib.crc32(chr(31).join(pieces).encode()):08x}"


def minutes(page: PacketPage) -> float:
    """About how long it takes to read and judge it all."""
    words = sum(len(answer.text.split()) for item in page.items for answer in item.answers)
    words += sum(len(part.text.split()) for item in page.items for part in item.case)
    rows = sum(len(item.answers) for item in page.items) * len(page.criteria)
    return words / _READING + (len(page.items) + rows / 4) * _DECIDING / 60


@cache
def _form() -> Mapping[str, str]:
    """The style, the scripts and the policy that lets them, and nothing else, run."""
    tokens = json.loads(asset("tokens.json").read_text("utf-8"))
    colours = {
        mode: " ".join(f"--{name}: {value};" for name, value in tokens[mode].items() if isinstance(value, str))
        for mode in ("light", "dark")
    }
    style = _filled(asset("packet/page.css").read_text("utf-8"), colours)
    scripts = [asset(f"packet/{name}.js").read_text("utf-8") for name in _SCRIPTS]
    allowed = " ".join(map(_hash, scripts))
    rules = (
        "default-src 'none'",
        f"script-src {allowed}",
        f"style-src {_hash(style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    blocks = "\n".join(f"<script>{script}</script>" for script in scripts)
    return {"style": style, "scripts": blocks, "policy": "; ".join(rules)}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _filled(form: str, values: Mapping[str, str]) -> str:
    """The form with its places filled, in one pass: what is put in is not looked through."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], form)


def _in_data(document: Any) -> str:
    """JSON that cannot end the block it stands in, whatever texts it holds."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: _IN_DATA[found[0]], text)


def _document(page: PacketPage) -> dict[str, Any]:
    return {
        "schema": 1,
        "packet": page.uid,
        "title": page.title,
        "kind": page.kind,
        "for": page.made_for,
        "from": page.made_by,
        "by": page.due,
        "minutes": round(minutes(page), 1),
        "criteria": [_criterion(criterion) for criterion in page.criteria],
        "items": [
            {
                "item": number,
                "case": {"parts": [_part(part) for part in item.case], "reference": item.reference},
                "answers": [{"text": one.text, "pictures": [*map(_address, one.pictures)]} for one in item.answers],
            }
            for number, item in enumerate(page.items, 1)
        ],
    }


def _criterion(criterion: Criterion) -> dict[str, Any]:
    scale = criterion.scale
    points = [
        {
            "value": int(word) if scale.kind == "stars" else word,
            "label": word.capitalize() if scale.kind == "verdict" else word,
            "meaning": scale.points.get(word, ""),
        }
        for word in scale.words
    ]
    return {"name": criterion.name, "help": criterion.help, "points": points or None}


def _part(part: CasePart) -> dict[str, Any]:
    return {"title": part.title, "text": part.text, "pictures": [*map(_address, part.pictures)]}


def _address(picture: Part) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
