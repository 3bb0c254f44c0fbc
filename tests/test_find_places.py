"""Where words and regular expressions are found in a text, and what comes into their place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.gui.library.find_places import NoPattern, places
from workbench.gui.widgets.units import in_units


def found(text: str, wanted: str, *, exact: bool = False, is_regex: bool = False) -> list[str]:
    units = text.encode("utf-16-le", "surrogatepass")
    cut = (units[2 * place.start : 2 * place.end] for place in places(text, wanted, exact=exact, is_regex=is_regex))
    return [piece.decode("utf-16-le", "surrogatepass") for piece in cut]


def replaced(text: str, wanted: str, new: str) -> str:
    made, last = "", 0
    for place in places(text, wanted, exact=True, is_regex=True):
        made += text[last : place.start] + place.filled(new)
        last = place.end
    return made + text[last:]


def test_an_accent_is_found_in_one_sign_and_in_two() -> None:
    one, two = "caf\u00e9", "cafe\u0301"
    text = f"{one} {two} CAF\u00c9 cafe"
    assert found(text, one) == found(text, two) == [one, two, "CAF\u00c9"]
    assert found(text, one, exact=True) == [one, two]
    assert found(text, "cafe") == ["cafe"], "an e is not the first half of an e with an accent"


def test_letters_that_are_two_in_other_writings_are_found_in_both() -> None:
    assert found("Straße STRASSE straẞe", "strasse") == found("Straße STRASSE straẞe", "STRAẞE") == ["Straße", "STRASSE", "straẞe"]
    assert found("Straße STRASSE", "Straße", exact=True) == ["Straße"]
    assert found("İstanbul ISTANBUL istanbul", "istanbul") == ["İstanbul", "ISTANBUL", "istanbul"]
    assert found("ﬁne fine FINE", "fine") == ["ﬁne", "fine", "FINE"]


def test_places_are_counted_as_the_editor_counts() -> None:
    assert found("😀 tone 😀😀 Tone", "tone") == found("😀 tone 😀😀 Tone", "t.ne", is_regex=True) == ["tone", "Tone"]
    assert found("👩‍👩‍👧 and 👩", "👩‍👩‍👧") == ["👩‍👩‍👧"]


@given(st.text(max_size=40), st.text(min_size=1, max_size=3))
def test_what_is_in_a_text_is_found_as_it_is_written(around: str, wanted: str) -> None:
    text = f"{around}\n{wanted}\n{around}"
    hits = [(place.start, place.end) for place in places(text, wanted, exact=True, is_regex=False)]
    start = in_units(around) + 1
    assert any(first <= start < last for first, last in hits)


def test_groups_come_into_the_replacement() -> None:
    assert replaced("Doe, Jane\nRoe, Max", r"^(\w+), (?<first>\w+)$", "${first} $1") == "Jane Doe\nMax Roe"
    assert replaced("a-b", "(a)-(b)", r"\2+\1 $0 $$1 $9 ${none}\n") == "b+a a-b $1 $9 ${none}\n"
    assert replaced("one\ntwo", "^", "- ") == "- one\n- two"
    (place,) = places("price", "price", exact=True, is_regex=False)
    assert place.filled("$1") == "$1", "words are replaced by what is typed"


@pytest.mark.parametrize("wanted", ["(", "[a", "(?<n", "*"])
def test_what_is_no_expression_says_where(wanted: str) -> None:
    with pytest.raises(NoPattern, match=r"Not a regular expression: .+, at character \d"):
        found("text", wanted, is_regex=True)


def test_an_expression_that_would_search_forever_gives_up() -> None:
    began = time.monotonic()
    with pytest.raises(NoPattern, match="too long"):
        found("a" * 100_000 + "!", "(a|aa)+$", is_regex=True)
    assert time.monotonic() - began < 5
