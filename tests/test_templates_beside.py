"""Long templates are read in a child process: they say the same there, and nothing is lost where the child ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench.templates import Variable, beside, check, compiled, included, preview, render_text, variables
from workbench.templates.beside import _reader
from workbench.templates.includes import included_here
from workbench.values import Content, Message

LINE = "Answer {{ customer.name }} in {{ tone | default('plain') }} words. {% for item in goods %}{{ item }}, {% endfor %}\n"
LONG = LINE * 100
VALUES = {"customer": {"name": "Priya"}, "goods": ["tea", "salt"]}


@pytest.fixture(autouse=True)
def child() -> Iterator[None]:
    """Long templates are read in a child while a test runs, and no child stays."""
    beside.start()
    yield
    beside.end()
    assert _reader._child is None


def test_a_long_template_has_the_variables_and_the_text_that_it_has_here() -> None:
    text = LONG + "one"
    assert len(text) > beside.LONG
    found = variables(text)
    assert _reader._child is not None, "it was read in the child"
    assert found == compiled.SandboxTemplate(text).variables()
    assert found[1] == Variable("tone", "tone", 1, 34, optional=True)
    assert check(text) is None
    assert render_text(text, VALUES) == compiled.SandboxTemplate(text).render(VALUES)
    (shown,) = preview(Content((Message.of("user", text),)), VALUES)
    assert (shown.pieces, shown.missing) == compiled.SandboxTemplate(text).preview(VALUES)


def test_a_long_template_that_cannot_be_read_names_the_place_and_what_stands_before_it() -> None:
    text = LONG + "{% if customer %}\n{{ later "
    problem = check(text)
    with pytest.raises(compiled.SyntaxTrouble) as trouble:
        compiled.make(text, {}, False)
    assert problem == trouble.value.problem
    assert problem is not None
    assert problem.line == 102
    assert variables(text) == compiled.partial_variables(text)


def test_a_long_template_that_fails_names_its_line() -> None:
    with pytest.raises(Exception, match="divides by zero") as failed:
        render_text(LONG + "{{ 1 / nothing }}", {**VALUES, "nothing": 0})
    assert getattr(failed.value, "line", None) == 101


def test_snippets_of_a_long_template_are_found_and_put_in() -> None:
    text = LONG + '{% include "ending" %}{# {% include "not this" %} #}'
    content = Content((Message.of("user", text),), snippets={"ending": "Yours, {{ author }}"})
    assert included(content) == included_here(text) == ("ending",)
    assert variables(text, content.snippets)[-1].name == "author"


def test_where_the_child_ends_the_template_is_read_here_and_the_next_one_beside_again() -> None:
    variables(LONG + "first")
    before = _reader._child
    assert before is not None
    before.kill()
    before.wait()
    assert variables(LONG + "{{ second }}")[-1].name == "second"
    assert variables(LONG + "{{ third }}")[-1].name == "third"
    assert _reader._child is not None
    assert _reader._child is not before


def test_a_short_template_needs_no_child() -> None:
    assert [variable.path for variable in variables(LINE + "{{ short }}")] == ["customer.name", "tone", "goods", "short"]
    assert _reader._child is None
