"""Nunjucks templates in Jinja2's words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from workbench.formats.nunjucks import Untranslatable, from_nunjucks
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
        ("{{ n | round }} {{ n | round(1) }}", {"n": 3.26}, "3 3.3"),
        ("<{{ l | first }}{{ l | last }}>", {"l": []}, "<>"),
        ("{{ t | nl2br }}", {"t": "a\r\nb\nc"}, "a<br />\nb<br />\nc"),
        ("{% if a is undefined %}u{% endif %}{% if b is not undefined %}d{% endif %}", {"b": None}, "ud"),
        ("{% if a is null %}n{% endif %}", {"a": None}, "n"),
        ("{{ u.null }}", {"u": {"null": 1}}, "1"),
        ("{% for k, v in o %}{{ k }}={{ v }};{% endfor %}", {"o": {"items": 1, "b": 2}}, "items=1;b=2;"),
        ("{% for k, v in o %}{{ k }}={{ v }};{% endfor %}", {"o": [[1, 2], [3, 4]]}, "1=2;3=4;"),
        ("{% if t.startsWith('a') and t.endsWith('c') %}{{ t.split('b') | join('-') }}{% endif %}", {"t": "abc"}, "a-c"),
    ],
)
def test_what_differs_is_said_in_jinjas_words(text: str, values: dict[str, Any], wanted: str) -> None:
    notes = Notes("f")
    assert render_text(from_nunjucks(text, notes, "prompt"), values) == wanted
    assert not notes.all()


@pytest.mark.parametrize(
    ("text", "line", "said", "why"),
    [
        ("a\n{{ x | load }}", 2, "{{ x | load }}", "no filter load"),
        ("{{ x }}\n\n{{ x.slice(0, 3) }}", 3, "{{ x.slice(0, 3) }}", "method slice()"),
        ("{{ x.replace('a', 'b') }}", 1, "{{ x.replace('a', 'b') }}", "method replace()"),  # one of them there, all of them here
        ('{% include "head.txt" %}', 1, '{% include "head.txt" %}', "another file"),
        ("{% if a %}\n{% if a is truthy %}x{% endif %}{% endif %}", 2, "{% if a is truthy %}", "no test truthy"),
        ("{% switch a %}\n{% case 1 %}x{% endswitch %}", 1, "{% switch a %}", "switch"),
        ("{{ x | shout }}", 1, "{{ x | shout }}", "filter shout is a program"),
        ("{{ x | urlize }}", 1, "{{ x | urlize }}", "no filter urlize"),
        ("{{ x | replace(r/a/g, 'b') }}", 1, "{{ x | replace(r/a/g, 'b') }}", ""),
        ("{% if a %}never closed", 1, "{% if a %}", ""),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_line(text: str, line: int, said: str, why: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        from_nunjucks(text, Notes("f"), "prompt P", ["shout"])
    assert (refused.value.line, refused.value.said) == (line, said)
    assert why in refused.value.message


def test_what_means_nearly_the_same_is_told() -> None:
    notes = Notes("f")
    text = from_nunjucks("{{ x | truncate(9) }}", notes, "prompt P")
    assert render_text(text, {"x": "the quick brown fox"}) == "the quick..."
    assert [note.what for note in notes.all()] == ["prompt P: truncate"]


@pytest.mark.parametrize("piece", ["{{", "{%", "{#", "{% raw %}", "{{ a", "{% for a,b in "])
def test_tags_that_are_never_closed_take_no_time(piece: str) -> None:
    began = time.process_time()
    with pytest.raises(Untranslatable, match="never closed"):
        from_nunjucks("{{ x }}\n" + piece * 50_000, Notes("f"), "prompt P")
    assert time.process_time() - began < 2
