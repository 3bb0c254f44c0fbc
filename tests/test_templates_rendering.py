from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.templates import MissingValues, check, names, preview, render, render_text, required, variables
from workbench.templates.compiled import SandboxTemplate
from workbench.templates.plain import NotPlain, plain
from workbench.values import BadInput, Content, Message


def content(*texts: str) -> Content:
    return Content(tuple(Message.of("user", text) for text in texts))


def test_values_are_put_in_place() -> None:
    assert render_text("Hi {{ name }}, {{user.first}}!\n", {"name": "Bo", "user": {"first": 7}}) == "Hi Bo, 7!\n"


def test_conditions_loops_filters_and_macros_work() -> None:
    text = (
        "{% macro item(x) %}- {{ x|upper }}\n{% endmacro %}{% for x in xs if x != 'b' %}{{ item(x) }}{{ loop.index }}/{{ loop.length }} "
        "{% else %}none{% endfor %}{% if n is defined %}{{ n * 2 + 1 }}{% endif %}{{ xs|join(', ') }} {{ xs|map('upper')|list }}"
        "{{ '%s-%03d'|format('a', 7) }}{{ '{:>4}'.format(3) }}{% set ns = namespace(c=0) %}{% for x in xs %}{% set ns.c = ns.c + 1 %}"
        "{% endfor %}{{ ns.c }}{{ {'a': [1, True, none]}|tojson }}{{ 'a,b'.split(',')[1] }}{{ 'abc'[1:] ~ 5 }}"
    )
    assert render_text(text, {"xs": ["a", "b", "c"], "n": 4}) == (
        "- A\n1/2 - C\n2/2 9a, b, c ['A', 'B', 'C']a-007   33" + '{"a": [1, true, null]}' + "bbc5"
    )


def test_a_recursive_loop_works() -> None:
    tree = [{"n": 1, "c": [{"n": 2, "c": []}]}, {"n": 3, "c": []}]
    assert render_text("{% for x in t recursive %}{{ x.n }}({{ loop(x.c) }}){% endfor %}", {"t": tree}) == "1(2())3()"


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(MissingValues) as caught:
        render(content("{{ a }} {{ b }}", "{% if c %}{{ d.e }}{% endif %} {{ user.nick }} {{ z|default('') }}"), {"user": {}})
    assert caught.value.names == ("a", "b", "c", "d", "user.nick")
    assert str(caught.value) == "a, b, c, d and user.nick have no value here."


def test_a_default_and_a_test_make_a_variable_optional() -> None:
    prompt = content("{{ a|default('x') }}{% if b is defined %}yes{% endif %}{{ c }}")
    assert names(prompt) == ("a", "b", "c")
    assert required(prompt) == ("c",)
    assert render(prompt, {"c": 1})[0].text == "x1"


@pytest.mark.parametrize(
    ("text", "needed", "said"),
    [
        ("{% if tone is defined %}Be {{ tone }}.{% endif %}ok", (), "ok"),
        ("{% if tone is defined and tone != '' %}Be {{ tone }}.{% endif %}ok", (), "ok"),
        ("{% if tone is not defined %}plain{% else %}{{ tone }}{% endif %}", (), "plain"),
        ("{% if tone is undefined or tone == '' %}plain{% elif x %}{{ tone }}{% endif %}", ("x",), "plain"),
        ("{{ tone if tone is defined else 'plain' }}", (), "plain"),
        ("{% if tone is defined %}{% for t in tone.words %}{{ t }}{{ tone.mark }}{% endfor %}{% endif %}ok", (), "ok"),
        ("{% if tone is defined or x is defined %}{{ tone }}{% endif %}", ("tone",), ""),
        ("{% if tone is defined %}{{ tone }}{% else %}{{ tone }}{% endif %}", ("tone",), None),
        ("{% if tone is defined %}{{ tone }}{% endif %}{{ tone }}", ("tone",), None),
    ],
)
def test_what_is_read_only_where_it_is_defined_needs_no_value(text: str, needed: tuple[str, ...], said: str | None) -> None:
    prompt = content(text)
    assert required(prompt) == needed
    if said is None:
        with pytest.raises(MissingValues):
            render(prompt, {})
    else:
        assert render(prompt, {})[0].text == said


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("{% for x in y %}\n\nabc", 3, 4, "endfor is missing for the loop that starts on line 1."),
        ("{% if a %}\n{% endfor %}", 2, 4, "endfor stands where endif is expected for the if that starts on line 1."),
        ("a\r\n  {{ x y }}", 2, 8, "Expected }}, got 'y'."),
        ("ab {{ 'x }}", 1, 7, "The character"),
        ("{{ a ? }}", 1, 6, "The character '?' cannot stand here."),
        ("\n{% include 'x' %}", 2, 4, "There is no snippet named x."),
        ("{{ x|nope }}", 1, 6, "There is no filter nope here."),
        ("{{ x is nope }}", 1, 6, "There is no test nope here."),
        ("{% foo %}", 1, 4, "There is no tag foo that could stand here."),
        ("{{ x", 1, 4, "Unexpected end of template"),
    ],
)
def test_a_syntax_error_names_line_and_column(text: str, line: int, column: int, words: str) -> None:
    problem = check(text)
    assert problem is not None
    assert (problem.line, problem.column) == (line, column)
    assert problem.message.startswith(words)
    with pytest.raises(BadInput) as caught:
        render_text(text, {"x": 1, "y": [], "a": 1})
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_fault_while_rendering_names_the_line() -> None:
    with pytest.raises(BadInput) as caught:
        render(content("fine", "a\n\n{{ 1 / n }}{{ n|upper }}"), {"n": 0})
    assert str(caught.value) == "message 2 (user), line 3: The template divides by zero."


def test_variables_have_their_places() -> None:
    text = "tone\n: {{ tone }} {{- user.name.first }} {{ t.upper() }} {{ range(n) }}\n"
    text += "{%- for x in xs %}{{ x }}{{ loop.index }}{% endfor %}{{ d['k'] }}"
    assert [(v.path, v.name, v.line, v.column) for v in variables(text)] == [
        ("tone", "tone", 2, 6),
        ("user.name.first", "user", 2, 18),
        ("t", "t", 2, 40),
        ("n", "n", 2, 62),
        ("xs", "xs", 3, 14),
        ("d.k", "d", 3, 57),
    ]
    assert [(v.path, v.line, v.column) for v in variables("a {{ x }}\n\n{{y.z}}{{ x }}")] == [("x", 1, 6), ("y.z", 3, 3), ("x", 3, 11)]


def test_variables_are_found_while_typing() -> None:
    assert [v.path for v in variables("{{ a.b | upper }} {% for x in %} {{ c.")] == ["a.b", "c"]
    assert [v.path for v in variables("{{ a }} {{ b ?")] == ["a", "b"]


def test_a_preview_says_what_was_filled_in() -> None:
    shown = preview(content("Hi {{ name }} {{ gone }}{% for i in [1, 2] %} {{ i * 2 }}{% endfor %}", "{{ broken"), {"name": "Bo"})
    pieces = [(piece.text, piece.filled, piece.variable) for piece in shown[0].pieces]
    assert pieces[:4] == [("Hi ", False, None), ("Bo", True, "name"), (" ", False, None), ("{{ gone }}", False, "gone")]
    assert pieces[4:] == [(" ", False, None), ("2", True, None), (" ", False, None), ("4", True, None)]
    assert shown[0].missing == ("gone",)
    assert shown[1].problem is not None
    assert shown[1].pieces[0].text == "{{ broken"


NAMES = st.sampled_from(["a", "b", "user", "user.name", "user.items", "range", "none", "a.b.c", "_x", "é"])
SPACES = st.sampled_from(["", " ", "\n ", "-"])
SNIPPETS = st.one_of(
    st.text("ab {}%#-\n\r", max_size=6),
    st.builds(lambda name, left, right: "{{" + left + name + right + "}}", NAMES, SPACES, SPACES),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["name", "items", "b", "c"]), inner, max_size=2)),
    max_leaves=4,
)


@given(st.lists(SNIPPETS, max_size=6).map("".join), st.dictionaries(st.sampled_from(["a", "b", "user", "range", "_x"]), VALUES))
def test_the_everyday_path_and_the_sandbox_agree(text: str, values: dict[str, Any]) -> None:
    template = plain(text)
    if template is None:
        return
    sandboxed = SandboxTemplate(text)
    assert [v.path for v in template.variables()] == [v.path for v in sandboxed.variables()]
    assert template.variables() == sandboxed.variables()
    try:
        expected = sandboxed.render(values)
    except MissingValues as problem:
        with pytest.raises((MissingValues, NotPlain)) as caught:
            template.render(values)
        if isinstance(caught.value, MissingValues):
            assert set(problem.names) == set(caught.value.names)  # noqa: PT017
        return
    except BadInput:
        with pytest.raises((BadInput, NotPlain)):
            template.render(values)
        return
    try:
        assert template.render(values) == expected
    except NotPlain:
        assert render_text(text, values) == expected


@given(st.text("{}%# '\"|.()[]+*~-abif0\n", max_size=30))
def test_any_text_is_rendered_or_refused_with_a_sentence(text: str) -> None:
    variables(text)
    try:
        render_text(text, {"a": "x", "b": [1], "i": 3})
    except BadInput as problem:
        assert str(problem)  # noqa: PT017


def test_six_hundred_renders_cost_little() -> None:
    looped = "{% for x in xs %}{{ x|upper }}{% endfor %}{% if a %}{{ a }}{% endif %}"
    render_text(looped, {"xs": "abc", "a": 1})
    began = time.process_time()
    for index in range(600):
        render_text("Answer the question of {{ q }} in one line.", {"q": index})
        render_text(looped, {"xs": "abc", "a": index})
    assert time.process_time() - began < 0.3  # 0.02 on a quiet machine


def test_everyday_templates_do_without_jinja2() -> None:
    code = "import sys; from workbench import templates; templates.render_text('{{ a }}', {'a': 1}); sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent).returncode == 0


def test_a_key_of_the_data_goes_before_a_method_of_python() -> None:
    text = "{% for item in order.items %}{{ item }},{% endfor %}{{ order.keys }}"
    assert render_text(text, {"order": {"items": ["boots", "socks"], "keys": 3}}) == "boots,socks,3"
    assert render_text("{% for k, v in order.items() %}{{ k }}={{ v }};{% endfor %}", {"order": {"a": 1}}) == "a=1;"


def test_methods_are_called_within_loops() -> None:
    text = "{% for x in rows %}{{ x.name.upper() }}{% for k, v in x.items() %} {{ k }}={{ v.replace('a', 'o') }}{% endfor %};{% endfor %}"
    assert render_text(text, {"rows": [{"name": "ana"}, {"name": "bo"}]}) == "ANA name=ono;BO name=bo;"
    assert render_text("{% for n in [1, 2] %}{{ '{} of {all}'.format(n, all=2) }} {% endfor %}", {}) == "1 of 2 2 of 2 "


def test_a_path_that_breaks_off_early_is_named_whole() -> None:
    with pytest.raises(MissingValues) as caught:
        SandboxTemplate("{{ a.b.c }}").render({"a": {}})
    assert caught.value.names == ("a.b.c",)
