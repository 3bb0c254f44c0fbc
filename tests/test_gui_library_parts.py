"""The parts of the library screen that need no window: colours of templates, the tree, values, parameters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis import differences
from workbench.gui.library.parameter_fields import read_stops, write_stops
from workbench.gui.library.study import brief, changed_words, likely_meant, paths
from workbench.gui.library.tree import Filter, Node, PromptTree, build
from workbench.gui.widgets.jinja_tokens import RAW, TEXT, VARIABLE, scan
from workbench.library.records import PromptRow
from workbench.values import Content, Message, VariableSpec


def found(line: str, state: int = TEXT) -> list[tuple[str, str]]:
    return [(line[token.start : token.end], token.kind) for token in scan(line, state)[0]]


def test_expressions_filters_strings_and_names_are_told_apart() -> None:
    assert found('- {{ item.price | money("GBP") }} days') == [
        ('{{ item.price | money("GBP") }}', "var"), ("item.price", "name"), ("money", "fil"), ('"GBP"', "str"),
    ]  # fmt: skip
    assert found("{% for item in order.items %}") == [
        ("{% for item in order.items %}", "tag"), ("item", "name"), ("order.items", "name"),
    ]  # fmt: skip


def test_braces_inside_an_expression_do_not_end_it() -> None:
    assert found('{{ {"a": {"b": 1}}.a }} x')[0] == ('{{ {"a": {"b": 1}}.a }}', "var")


def test_what_is_open_at_the_end_of_a_line_goes_on_in_the_next() -> None:
    _, state = scan("text {{ 'half", TEXT)
    assert state & 7 == VARIABLE
    assert found("a word' | upper }} after", state) == [("a word' | upper }}", "var"), ("a word'", "str"), ("upper", "fil")]
    _, state = scan("{% raw %} {{ as it is }}", TEXT)
    assert state == RAW
    assert found("{{ still }} {% endraw %}{{ name }}", state)[0] == ("{% endraw %}", "tag")
    assert scan("{# a note", TEXT)[1] != TEXT


@given(st.text("{}%#'\"|.ab \\", max_size=30), st.integers(0, 4))
def test_any_text_can_be_scanned_and_tokens_lie_within_it(line: str, state: int) -> None:
    tokens, after = scan(line, state)
    assert all(0 <= token.start <= token.end <= len(line) for token in tokens)
    assert after >= 0


def row(id: int, name: str, folder: str = "", **more: object) -> PromptRow:
    plain = PromptRow(id, f"uid{id}", name, folder, "", "prompt", (), 1, {}, 1, False, datetime.now(UTC).isoformat(), False)
    return plain._replace(**more)  # type: ignore[arg-type]


def lines(node: Node, depth: int = 0) -> list[str]:
    return [line for child in node.children for line in ("  " * depth + child.name, *lines(child, depth + 1))]


def test_prompts_stand_in_their_folders_by_name() -> None:
    rows = [row(1, "Zebra"), row(2, "beta", "Support"), row(3, "Alpha", "Support/Refunds"), row(4, "alpha", "Support")]
    root = build(rows, ["Empty", "Support"], lambda _row: True, empty_folders=True)
    assert lines(root) == ["Empty", "Support", "  Refunds", "    Alpha", "  alpha", "  beta", "Zebra"]
    assert (root.total, root.children[1].total) == (4, 3)


def test_a_filter_leaves_out_what_does_not_fit_and_says_how_many() -> None:
    rows = [
        row(1, "Refund reply", "Support", tags=("support",)),
        row(2, "Triage", "Support"),
        row(3, "Mail", "Sales", labels={"production": 1}),
    ]
    wanted = Filter(tags=frozenset({"support"}))
    tree = PromptTree()
    tree.show(build(rows, [], wanted.accepts, empty_folders=False), filtered=True)
    assert lines(tree.root) == ["Support", "  Refund reply"]
    assert tree.count(tree.root.children[0]) == "1 of 2"
    assert [r.id for r in rows if Filter(labels=frozenset({"production"})).accepts(r)] == [3]
    assert [r.id for r in rows if Filter(text="REPLY support").accepts(r)] == [1]
    old = row(9, "Old", changed_at=(datetime.now(UTC) - timedelta(days=8)).isoformat())
    assert not Filter(days=7).accepts(old)
    assert Filter(text="nothing of it").accepts(old, {old.id})
    assert not Filter(folder="elsewhere").accepts(old)
    assert not Filter(models=frozenset({"gpt"})).accepts(old)
    assert Filter(models=frozenset({"gpt"})).accepts(old._replace(models=("gpt", "other")))
    assert Filter(folder="a/b").accepts(old._replace(folder="a/b/c"))
    assert not Filter(folder="a/b").accepts(old._replace(folder="a/bc"))


def test_a_prompt_says_what_is_unsaved_and_where_its_labels_are() -> None:
    tree = PromptTree()
    prompt = row(1, "Refund", latest=7, versions=7, has_draft=True, labels={"production": 6, "staging": 7})
    tree.set_edits({1: 3})
    assert tree.facts(prompt) == ["3 unsaved edits", "v6 in production"]
    assert tree.unsaved(row(2, "New", latest=None, has_draft=True)) == "not saved yet"
    assert tree.spoken(Node(None, row=prompt)).startswith("Refund, version 7, labels production on version 6 and staging on version 7")


def test_values_are_shown_in_a_few_characters() -> None:
    assert brief([1, 2]) == "2 items"
    assert brief({"name": "Priya", "tier": "gold"}) == "{ Priya, gold }"
    assert brief("a\n  b") == "a b"
    assert len(brief("x" * 100, 24)) == 24
    assert paths({"customer": {"name": "Priya", "address": {"city": "York"}}, "tone": "warm"}) == [
        "customer", "customer.name", "customer.address", "customer.address.city", "tone",
    ]  # fmt: skip


def test_a_likely_name_is_offered_for_an_unknown_one_and_no_unlikely_one() -> None:
    assert likely_meant("ticket_lang", ["language", "tone"]) == "language"
    assert likely_meant("compny", ["company", "customer"]) == "company"
    assert likely_meant("xyz", ["company", "tone"]) == ""
    assert likely_meant("anything", []) == ""


@given(st.lists(st.text(max_size=8).filter(lambda text: bool(text.strip())), max_size=4))
def test_stop_texts_are_read_as_they_are_written(stops: list[str]) -> None:
    wanted = [stop if not stop.startswith('"') else f"x{stop}" for stop in stops]
    assert read_stops(write_stops(wanted)) == wanted


def test_stop_texts_may_be_typed_plainly() -> None:
    assert read_stops('END, "a, b", "\\n\\n"') == ["END", "a, b", "\n\n"]
    assert read_stops(' "open ') == ["open"]
    assert read_stops(", ,") == []


def test_declared_variables_are_no_parameters_in_the_words_of_a_change() -> None:
    before = Content((Message.of("user", "{{ tone }} {{ days }}"),))
    after = Content(before.messages, variables={"tone": VariableSpec("choice", options=("warm",)), "days": VariableSpec("number")})
    assert changed_words(differences.contents(before, after)) == "2 variables"
    hot = Content(before.messages, parameters={"temperature": 0.2}, variables={"days": VariableSpec("number")})
    assert changed_words(differences.contents(before, hot)) == "1 parameter, 1 variable"
