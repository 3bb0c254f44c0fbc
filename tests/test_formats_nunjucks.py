"""Nunjucks templates in Jinja2's words."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.formats.nunjucks import from_nunjucks
from workbench.formats.reports import Notes
from workbench.templates import render_text


@pytest.mark.parametrize(
    ("text", "values", "wanted"),
    [
        ("{{ a | dump }} {{ a | dump(2) }}", {"a": [1]}, "[1] [\n  1\n]"),
        ("{% if a === 1 %}x{% elseif b !== 2 %}y{% endif %}", {"a": 2, "b": 1}, "y"),
        ("{% if !a && (b || a) %}x{% endif %}", {"a": False, "b": True}, "x"),
        ("{{ l.length }} {{ o.l.length }} {{ l.join(', ') }}", {"l": ["a", "b"], "o": {"l": [1]}}, "2 1 a, b"),
        ("{{ a.toUpperCase() }}{{ a.trim() }}", {"a": " x"}, " Xx"),
        ("{{ 'a === b && c' }} && !x", {}, "a === b && c && !x"),
        ("{% verbatim %}{{ x && y }}{% endverbatim %}", {}, "{{ x && y }}"),
        ("{% asyncEach i in l %}{{ i }}{% endeach %}", {"l": [1, 2]}, "12"),
        ("{% if a == null %}none{% endif %}", {"a": None}, "none"),
        ("{{ 'yes' if a else 'no' }}", {"a": 1}, "yes"),
        ("plain && !text", {}, "plain && !text"),
    ],
)
def test_what_differs_is_said_in_jinjas_words(text: str, values: dict[str, Any], wanted: str) -> None:
    notes = Notes("f")
    assert render_text(from_nunjucks(text, notes, "prompt"), values) == wanted
    assert not notes.all()


def test_what_cannot_be_said_is_noted_with_its_line() -> None:
    notes = Notes("f")
    text = "a\n{{ x | load }}"
    assert from_nunjucks(text, notes, "prompt P") == text
    assert [note.what for note in notes.all()] == ["prompt P, line 2 of its text"]
