"""Differences between texts and between versions of a prompt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis import differences
from workbench.values import Content, Message

WORDS = st.lists(st.sampled_from(["the", "refund", "{{ name }}", "now.", "\n", "  ", "{% if x %}", "ä"]), max_size=12).map(" ".join)


def changed(text: str, marks: differences.Marks) -> list[str]:
    return [text[start:end] for start, end in marks]


def test_a_changed_line_names_the_words_that_changed() -> None:
    old = "You help {{ company }}. Reply in {{ language }}.\nFollow the policy.\nOffer store credit for gifts, even without a receipt."
    new = "You help {{ company }}. Reply in {{ ticket_lang }}.\nFollow the policy.\nOffer store credit for gifts.\nAsk for the number."
    diff = differences.texts(old, new)
    assert [line.kind for line in diff.lines] == ["changed", "same", "changed", "added"]
    first, third = diff.lines[0], diff.lines[2]
    assert changed(first.left or "", first.left_marks) == ["{{ language }}"]
    assert changed(first.right or "", first.right_marks) == ["{{ ticket_lang }}"]
    assert changed(third.left or "", third.left_marks) == ["gifts, even without a receipt."]
    assert (diff.edits, diff.count("added"), diff.lines[3].right_number) == (3, 1, 4)


def test_changes_with_two_equal_words_between_them_are_one_change() -> None:
    left, right = differences.words("alpha stays here beta and much more of it", "gamma stays here delta and much more of it")
    assert left == ((0, 21),)
    assert right == ((0, 22),)


def test_a_line_that_moved_far_from_its_words_is_removed_and_added() -> None:
    diff = differences.texts("one two three", "completely different words")
    assert [line.kind for line in diff.lines] == ["removed", "added"]


def test_contents_tell_messages_parameters_and_variables_apart() -> None:
    old = Content((Message.of("system", "Be brief."), Message.of("user", "{{ a }}")), {"temperature": 0.2, "max_tokens": 100})
    new = Content(
        (Message.of("system", "Be brief."), Message.of("user", "{{ b }}"), Message.of("assistant", "")), {"temperature": 0.2, "seed": 1}
    )
    diff = differences.contents(old, new, (("a",), ("b",)))
    assert [(message.role, message.left, message.right) for message in diff.messages] == [
        ("system", 0, 0), ("user", 1, 1), ("assistant", None, 2),
    ]  # fmt: skip
    assert [(field.name, field.left, field.right) for field in diff.parameters] == [("max_tokens", 100, None), ("seed", None, 1)]
    assert (diff.variables_removed, diff.variables_added) == (("a",), ("b",))
    assert diff.edits == 4  # a line, an empty message, two parameters


@given(WORDS, WORDS)
def test_both_sides_of_a_diff_are_the_texts_themselves(left: str, right: str) -> None:
    diff = differences.texts(left, right)
    assert "\n".join(line.left for line in diff.lines if line.left is not None) == left
    assert "\n".join(line.right for line in diff.lines if line.right is not None) == right
    assert (diff.edits == 0) == (left == right)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_lines_that_repeat_are_counted_as_they_came_or_went(kept: int, went: int, came: int) -> None:
    rule = "The same rule again."
    diff = differences.texts("\n".join([rule] * (kept + went) or [""]), "\n".join([rule] * (kept + came) or [""]))
    assert diff.count("same") == (kept + min(went, came) if (kept + went) and (kept + came) else 0)
    assert [line.left_number for line in diff.lines if line.left is not None] == list(range(1, kept + went + 1))
    assert [line.right_number for line in diff.lines if line.right is not None] == list(range(1, kept + came + 1))


@given(WORDS, WORDS)
def test_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    def unmarked(text: str, marks: differences.Marks) -> str:
        kept, at = [], 0
        for start, end in marks:
            kept.append(text[at:start])
            at = end
        return "".join("".join([*kept, text[at:]]).split())

    a, b = differences.words(left, right)
    assert unmarked(left, a) == unmarked(right, b)


def test_thousands_of_lines_are_compared_in_good_time() -> None:
    import time

    old = "\n".join(f"line {n} with some words in it" for n in range(4000))
    new = "\n".join(f"line {n} with {'other' if n % 40 == 0 else 'some'} words in it" for n in range(4000))
    began = time.perf_counter()
    assert differences.texts(old, new).count("changed") == 100
    assert time.perf_counter() - began < 30


def test_a_snippet_that_is_included_under_another_name_is_one_edit_and_a_changed_one_is_one_too() -> None:
    def said(text: str, **snippets: str) -> Content:
        return Content((Message.of("user", text),), snippets=snippets)

    renamed = differences.contents(said('{% include "a" %}', a="Thirty days."), said('{% include "b" %}', b="Thirty days."))
    assert (renamed.edits, renamed.changed_snippets) == (1, ())
    other = differences.contents(
        said('{% include "a" %}', a="Thirty days.\nNo more."), said('{% include "a" %}', a="Sixty days.\nNo more.")
    )
    assert (other.edits, other.changed_snippets) == (1, ("a",))
    filled = differences.contents(said('{% include "a" %}', a=""), said('{% include "a" %}', a="Sixty days."))
    assert filled.edits == 1
