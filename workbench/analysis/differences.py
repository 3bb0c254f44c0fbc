"""What differs between two texts, line by line and word by word, and between two versions of a prompt."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from workbench.quick_dataclass import dataclass, replace
from workbench.values import Check, Content, Message, Part
from workbench.values.check_lines import to_lines

LineKind = Literal["same", "changed", "removed", "added"]
Marks = tuple[tuple[int, int], ...]

# A whole {{ expression }} is one word: half of one is no change that a person made.
_WORDS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\s+|[^\s{]+|\{")
_JOINED_WORDS = 2
"""Changes with this many equal words between them, or fewer, are one change."""
_ALIKE = 0.3
"""Share of common words from which two lines are one changed line, not one removed and one added."""
_MOST_PAIRS = 40_000
_SLOWEST_S = 0.5
_CHECK = "check "
_ORDER = "order of checks"
MODEL_DEFAULT = "model default"
"""What is said of a parameter that one model alone is not sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a diff. The side that is not there is None; marks are (start, end) of what changed within the line."""

    kind: LineKind
    left: str | None
    right: str | None
    left_number: int | None
    right_number: int | None
    left_marks: Marks = ()
    right_marks: Marks = ()


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts side by side."""

    lines: tuple[Line, ...]

    def count(self, kind: LineKind) -> int:
        """How many rows are of this kind."""
        return sum(line.kind == kind for line in self.lines)

    @property
    def edits(self) -> int:
        """Rows that are not the same."""
        return len(self.lines) - self.count("same")


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A parameter, picture or file that differs. None stands for one that is not there."""

    name: str
    left: Any
    right: Any
    text: TextDiff | None = None
    """Line by line, of a schema, tools, or another value that has parts."""


@dataclass(frozen=True, slots=True)
class MessageDiff:
    """One message of both versions, or of one of them; `text` then has only added or only removed lines."""

    role: str
    left: int | None
    """Its place among the messages, from 0; None where it is not there."""
    right: int | None
    text: TextDiff
    attached: tuple[FieldDiff, ...] = ()
    """Pictures and files that were added or removed, and tool calls that changed."""

    @property
    def edits(self) -> int:
        """Changed lines, pictures and files; a message that came or went counts at least once."""
        return max(self.text.edits + len(self.attached), int(self.left is None or self.right is None))


@dataclass(frozen=True, slots=True)
class ContentDiff:
    """Two contents of prompt versions beside each other."""

    messages: tuple[MessageDiff, ...]
    parameters: tuple[FieldDiff, ...]
    variables_removed: tuple[str, ...] = ()
    variables_added: tuple[str, ...] = ()
    snippets: tuple[tuple[str, TextDiff], ...] = ()
    """Snippets whose frozen text differs, by name; one that only one side includes has only added or only removed lines."""

    @property
    def edits(self) -> int:
        """How many lines, parameters and snippets differ: what the window calls edits. A snippet that only one side includes is no edit
        beside the line that includes it."""
        own = sum(message.edits for message in self.messages) + len(self.parameters) + len(self.changed_snippets)
        return own or len(self.snippets)

    @property
    def changed_snippets(self) -> tuple[str, ...]:
        """Names of those that both sides include, with another text."""
        return tuple(name for name, text in self.snippets if text.count("added") < len(text.lines) > text.count("removed"))

    def count(self, kind: LineKind) -> int:
        """How many lines of this kind all messages have."""
        return sum(message.text.count(kind) for message in self.messages)


def texts(left: str, right: str) -> TextDiff:
    """The two texts line by line, changed lines with the words that changed."""
    a, b = _lines(left), _lines(right)
    rows: list[Line] = []
    for tag, a0, a1, b0, b1 in _opcodes(a, b):
        if tag == "equal":
            rows.extend(Line("same", a[i], b[j], i + 1, j + 1) for i, j in zip(range(a0, a1), range(b0, b1), strict=True))
        else:
            rows.extend(_replaced(a, b, range(a0, a1), range(b0, b1)))
    return TextDiff(tuple(rows))


def _opcodes(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """As difflib's, but only what lies between the lines that are the same at the start and at the end is compared: an edit in a long text
    is told a hundred times sooner."""
    most = min(len(a), len(b))
    first = next((n for n in range(most) if a[n] != b[n]), most)
    last = next((n for n in range(most - first) if a[-1 - n] != b[-1 - n]), most - first)
    end, other_end = len(a) - last, len(b) - last
    if first:
        yield "equal", 0, first, 0, first
    matcher = difflib.SequenceMatcher(None, a[first:end], b[first:other_end], autojunk=end + other_end - 2 * first > 4000)
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        yield tag, a0 + first, a1 + first, b0 + first, b1 + first
    if last:
        yield "equal", end, len(a), other_end, len(b)


def words(left: str, right: str) -> tuple[Marks, Marks]:
    """What changed within two texts, as (start, end) in the left and in the right one."""
    if left == right:
        return (), ()
    pieces = [(op, _WORDS.findall(text)) for op, text in _word_diff(left, right)]
    joined: list[list[Any]] = []
    for index, (op, found) in enumerate(pieces):
        between = op == 0 and 0 < index < len(pieces) - 1 and sum(not word.isspace() for word in found) <= _JOINED_WORDS
        if op != 0 or between:
            if not joined or joined[-1][0] == 0:
                joined.append([1, "", ""])
            joined[-1][1] += "".join(found) if op <= 0 else ""
            joined[-1][2] += "".join(found) if op >= 0 else ""
        else:
            joined.append([0, "".join(found), "".join(found)])
    marks: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    places = [0, 0]
    for changed, *sides in joined:
        for side, text in enumerate(sides):
            bare = text.strip()
            start = places[side] + (len(text) - len(text.lstrip()) if bare else 0)
            if changed and text:
                marks[side].append((start, start + len(bare)) if bare else (places[side], places[side] + len(text)))
            places[side] += len(text)
    return tuple(marks[0]), tuple(marks[1])


def changed_lines(left: str, right: str) -> tuple[Marks, Marks]:
    """The lines of two texts that are not the same, whole, as (start, end) in the left and in the right one."""
    marks: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    places = [0, 0]
    for row in texts(left, right).lines:
        for side, text in enumerate((row.left, row.right)):
            if text is None:
                continue
            if row.kind != "same" and text:
                marks[side].append((places[side], places[side] + len(text)))
            places[side] += len(text) + 1
    return tuple(marks[0]), tuple(marks[1])


def contents(left: Content, right: Content, names: tuple[Sequence[str], Sequence[str]] = ((), ())) -> ContentDiff:
    """What differs between two contents; `names` are the variables of each, where they are known."""
    messages = [
        MessageDiff(
            (left.messages[i] if i is not None else right.messages[j or 0]).role,
            i,
            j,
            texts(_text(left.messages, i), _text(right.messages, j)) if i is not None and j is not None else _one_sided(left, right, i, j),
            _attached(left.messages, i, right.messages, j),
        )
        for i, j in _paired(left.messages, right.messages)
    ]
    return ContentDiff(
        tuple(messages),
        tuple(map(_by_lines, _settings_differ(left, right))),
        tuple(name for name in names[0] if name not in names[1]),
        tuple(name for name in names[1] if name not in names[0]),
        tuple(_snippets(left.snippets, right.snippets)),
    )


def _snippets(left: Mapping[str, str], right: Mapping[str, str]) -> list[tuple[str, TextDiff]]:
    names = sorted({*left, *right})
    return [(name, texts(left.get(name, ""), right.get(name, ""))) for name in names if left.get(name) != right.get(name)]


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _text(messages: Sequence[Message], index: int | None) -> str:
    return "" if index is None else messages[index].text


def _attached(left: Sequence[Message], i: int | None, right: Sequence[Message], j: int | None) -> tuple[FieldDiff, ...]:
    before, after = left[i] if i is not None else None, right[j] if j is not None else None
    was, now = [Counter(message.attachments if message is not None else ()) for message in (before, after)]
    found = [FieldDiff(f"{_kind(part)} removed", part.name or part.media_type, None) for part in (was - now).elements()]
    found += [FieldDiff(f"{_kind(part)} added", None, part.name or part.media_type) for part in (now - was).elements()]
    if before is not None and after is not None:
        for name in ("tool_calls", "tool_call_id"):
            pair = before.to_json().get(name), after.to_json().get(name)
            found += [FieldDiff(name, *pair)] if pair[0] != pair[1] else []
    return tuple(found)


def _kind(part: Part) -> str:
    return "Picture" if part.kind == "image" else "PDF" if part.media_type == "application/pdf" else "File"


def _one_sided(left: Content, right: Content, i: int | None, j: int | None) -> TextDiff:
    if i is not None:
        return TextDiff(tuple(Line("removed", text, None, n, None) for n, text in enumerate(_lines(_text(left.messages, i)), 1)))
    return TextDiff(tuple(Line("added", None, text, None, n) for n, text in enumerate(_lines(_text(right.messages, j)), 1)))


def _replaced(a: Sequence[str], b: Sequence[str], left: range, right: range) -> list[Line]:
    rows: list[Line] = []
    i, j = left.start, right.start

    def flush(until_i: int, until_j: int) -> None:
        rows.extend(Line("removed", a[n], None, n + 1, None) for n in range(i, until_i))
        rows.extend(Line("added", None, b[n], None, n + 1) for n in range(j, until_j))

    for pair_i, pair_j in _alike(a, b, left, right):
        flush(pair_i, pair_j)
        left_marks, right_marks = words(a[pair_i], b[pair_j])
        rows.append(Line("changed", a[pair_i], b[pair_j], pair_i + 1, pair_j + 1, left_marks, right_marks))
        i, j = pair_i + 1, pair_j + 1
    flush(left.stop, right.stop)
    return rows


def _alike(a: Sequence[str], b: Sequence[str], left: range, right: range) -> list[tuple[int, int]]:
    """Pairs of lines that are versions of each other, in order, such that their likeness adds up to the most."""
    if not left or not right:
        return []
    if len(left) * len(right) > _MOST_PAIRS:
        return list(zip(left, right, strict=False))
    bags_a = [Counter(a[i].split()) for i in left]
    bags_b = [Counter(b[j].split()) for j in right]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for x in range(len(left) - 1, -1, -1):
        for y in range(len(right) - 1, -1, -1):
            best[x][y] = max(best[x + 1][y], best[x][y + 1], best[x + 1][y + 1] + _likeness(bags_a[x], bags_b[y]))
    pairs, x, y = [], 0, 0
    while x < len(left) and y < len(right):
        likeness = _likeness(bags_a[x], bags_b[y])
        if likeness and best[x][y] == best[x + 1][y + 1] + likeness:
            pairs.append((left[x], right[y]))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return pairs


def _likeness(a: Counter[str], b: Counter[str]) -> float:
    total = a.total() + b.total()
    share = 2 * (a & b).total() / total if total else 0.0
    return share if share >= _ALIKE else 0.0


def _word_diff(left: str, right: str) -> list[tuple[int, str]]:
    """(-1, 0 or 1, text) pieces: words are replaced by one character each, so that no word is cut."""
    from diff_match_patch import diff_match_patch  # 15 ms that only a diff needs

    numbers: dict[str, int] = {}
    tokens: list[str] = [""]

    def coded(text: str) -> str:
        out = []
        for word in _WORDS.findall(text):
            number = numbers.get(word)
            if number is None:
                number = numbers[word] = len(tokens)
                tokens.append(word)
            out.append(chr(number if number < 0xD800 else number + 0x800))
        return "".join(out)

    engine = diff_match_patch()
    engine.Diff_Timeout = _SLOWEST_S
    diffs = engine.diff_main(coded(left), coded(right), False)
    return [(op, "".join(tokens[ord(c) if ord(c) < 0xD800 else ord(c) - 0x800] for c in text)) for op, text in diffs]


def _paired(left: Sequence[Message], right: Sequence[Message]) -> list[tuple[int | None, int | None]]:
    """Messages that belong together: the same role in the same order; others stand alone."""
    matcher = difflib.SequenceMatcher(None, [m.role for m in left], [m.role for m in right], autojunk=False)
    pairs: list[tuple[int | None, int | None]] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            pairs.extend(zip(range(a0, a1), range(b0, b1), strict=True))
        else:
            pairs.extend((i, None) for i in range(a0, a1))
            pairs.extend((None, j) for j in range(b0, b1))
    return pairs


def _settings(content: Content) -> dict[str, Any]:
    found = dict(content.parameters)
    for model, values in content.parameters_for.items():
        found |= {f"{name} only for {model}": MODEL_DEFAULT if value is None else value for name, value in values.items()}
    if content.output_schema is not None:
        found["output_schema"] = content.output_schema
    if content.tools:
        found["tools"] = [dict(tool) for tool in content.tools]
    return found | {f"variable {name}": spec.to_json() for name, spec in content.variables.items()}


def _fields(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[FieldDiff]:
    return [FieldDiff(name, left.get(name), right.get(name)) for name in sorted({*left, *right}) if left.get(name) != right.get(name)]


def _settings_differ(left: Content, right: Content) -> list[FieldDiff]:
    """Parameters, schema, tools and declared variables that differ, then checks."""
    return [*_fields(_settings(left), _settings(right)), *_checks_differ(left.checks, right.checks)]


def _checks_differ(left: Sequence[Check], right: Sequence[Check]) -> list[FieldDiff]:
    """Checks that only one side has, each as a line: two of one name, or of one type without one, are one that changed."""
    only = [_without(left, right), _without(right, left)]
    if left != right and not any(only):
        before, after = (", ".join(check.title for check in side) for side in (left, right))
        return [FieldDiff(_ORDER, before, after)]
    sides: list[dict[str, str]] = [{}, {}]
    for lines, checks in zip(sides, only, strict=True):
        for check in checks:
            name = f"{_CHECK}{check.name or check.type}"
            number = sum(known == name or known.startswith(f"{name} #") for known in lines) + 1
            lines[name if number == 1 else f"{name} #{number}"] = to_lines([replace(check, name="").to_json()])
    return _fields(*sides)


def _without(checks: Sequence[Check], others: Sequence[Check]) -> list[Check]:
    """These checks without those of the others, each taken away once."""
    left = [*checks]
    for other in others:
        if other in left:
            left.remove(other)
    return left


def _by_lines(field: FieldDiff) -> FieldDiff:
    if not any(isinstance(part, dict) for side in (field.left, field.right) for part in (side if isinstance(side, list) else [side])):
        return field
    before, after = ("" if side is None else json.dumps(side, ensure_ascii=False, indent=2) for side in (field.left, field.right))
    return replace(field, text=texts(before, after))


def attribution(left: Content, right: Content) -> str:
    """What changed, in one line: `prompt changed, temperature 0.2 to 0.7`; empty where nothing did. Looks at no lines: it is cheap."""
    found = []
    if [message.to_json() for message in left.messages] != [message.to_json() for message in right.messages]:
        found.append("prompt changed")
    found += map(_field_said, _settings_differ(left, right))
    changed = sorted(name for name in {*left.snippets, *right.snippets} if left.snippets.get(name) != right.snippets.get(name))
    both = [name for name in changed if name in left.snippets and name in right.snippets]
    return ", ".join([*found, *(f"{name} changed" for name in both)])


def _field_said(field: FieldDiff) -> str:
    if field.name == _ORDER:
        return "checks in another order"
    if field.name.startswith(_CHECK):
        said = "added" if field.left is None else "removed" if field.right is None else "changed"
        return f"check {said}: {field.name.removeprefix(_CHECK)}"
    plain, only, model = field.name.partition(" only for ")
    name = {"output_schema": "schema", "tools": "tools"}.get(field.name, plain.replace("_", " ") + only + model)
    left, right = field.left, field.right
    if isinstance(left if left is not None else right, (dict, list)):
        return f"{name} {'added' if left is None else 'removed' if right is None else 'changed'}"
    if left is None:
        return f"{name} set to {right}"
    return f"{name} no longer set" if right is None else f"{name} {left} to {right}"
