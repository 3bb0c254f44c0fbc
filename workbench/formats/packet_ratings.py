"""The file in which ratings come back from a review packet. Its form: `resources/schemas/packet-ratings.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from workbench.assets import asset
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

KIND = "packet-ratings"
SCHEMA = 1
_LARGEST = 30_000_000
_END = 600
_SAVE_AGAIN = "Ask for the file as the packet saved it."


@dataclass(frozen=True, slots=True)
class ItemRatings:
    """What was said of one item. `answers`: (stars, said by the place of its criterion) of each answer; empty where nothing was."""

    number: int
    digest: str
    winner: str | None
    note: str
    seconds: float | None
    answers: tuple[tuple[int | None, Mapping[int, float | str]], ...]

    @property
    def is_rated(self) -> bool:
        """False for one that was only skipped or looked at."""
        return bool(self.winner or self.note or any(stars is not None or said for stars, said in self.answers))


@dataclass(frozen=True, slots=True)
class PacketRatings:
    """A file of ratings, in its form; whether it fits a packet is not known yet."""

    packet: str
    rater: str
    saved: str
    items: tuple[ItemRatings, ...]


def looks_like_packet_ratings(path: Path) -> bool:
    """True for a file of text whose beginning or end says that it is one; other programs sort the names in JSON, or add `.txt`."""
    if path.suffix.lower() not in (".json", ".txt") or not path.is_file():  # a named pipe would be waited for without an end
        return False
    try:
        with path.open("rb") as file:
            ends = file.read(_END)
            file.seek(max(0, path.stat().st_size - _END))
            return f'"{KIND}"'.encode() in ends + file.read(_END)
    except OSError:
        return False


def read_packet_ratings(path: Path) -> PacketRatings:
    """The ratings in a file. Raises BadInput where it is not in the form, with the first place that is not."""
    try:
        if path.stat().st_size > _LARGEST:
            _refuse(path, "This is larger than any file of ratings.")
        document = json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_no_number)
    except OSError as error:
        raise BadInput(f"It cannot be read ({error.strerror}).", path=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This is no whole file of ratings: {_short(error)}.", path=str(path), remedy=_SAVE_AGAIN) from error
    if isinstance(document, dict) and isinstance(document.get("schema"), int) and document["schema"] > SCHEMA:
        _refuse(path, "A newer version of the app made the packet of these ratings.", "Update the app.")
    fault = best_match(_form().iter_errors(document))
    if fault is not None:
        place = ".".join(map(str, fault.absolute_path)) or "the file"
        _refuse(path, f"{place} is not as a packet saves it: {_short(fault.message)}.", _SAVE_AGAIN)
    items = tuple(_item(item) for item in document["items"])
    numbers = [item.number for item in items]
    if len(set(numbers)) < len(numbers):
        _refuse(path, "An item stands in it twice.", _SAVE_AGAIN)
    rater = " ".join(_plain(document["rater"]).split())[:80]
    if not rater:
        _refuse(path, "The name of the rater is empty.", _SAVE_AGAIN)
    return PacketRatings(document["packet"], rater, document["saved"], items)


def _item(item: Mapping[str, Any]) -> ItemRatings:
    answers = tuple(
        (answer.get("stars"), {int(place): _said(said) for place, said in (answer.get("criteria") or {}).items()})
        for answer in item.get("answers") or ()
    )
    return ItemRatings(
        int(item["item"]), item["digest"], item.get("winner"), _plain(item.get("note", "")).strip(), item.get("seconds"), answers
    )


def _said(said: float | str) -> float | str:
    return _plain(said) if isinstance(said, str) else float(said)


def _plain(text: str) -> str:
    """The text without what no store can hold: zero characters, and halves of characters."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@cache
def _form() -> Draft7Validator:
    return Draft7Validator(json.loads(asset("schemas/packet-ratings.json").read_text("utf-8")))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _short(what: object) -> str:
    text = " ".join(str(what).split())
    return text if len(text) <= 160 else f"{text[:100]} … {text[-40:]}"


def _refuse(path: Path, message: str, remedy: str = "") -> NoReturn:
    raise BadInput(message, path=str(path), remedy=remedy)
