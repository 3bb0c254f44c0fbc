"""The differences between two contents as a diff view shows them: sections, and the parts that its navigation lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.gui.library.parameter_fields import TITLES
from workbench.gui.library.roles import ROLES
from workbench.gui.widgets.diff_rows import Field, Section
from workbench.gui.words import counted, percent

if TYPE_CHECKING:
    from workbench.gui.library.diff_side import Side
    from workbench.workspace import ContentDiff, FieldDiff, MessageDiff, TextDiff, VersionRow


_VARIABLE = "variable "


def sections_of(diff: ContentDiff, left: Side, right: Side, no_value: Sequence[str]) -> list[Section]:
    """The differences as a view shows them: changed messages first to last, then parameters, snippets, variables and results."""
    found = []
    for number, message in enumerate(diff.messages):
        if message.edits or len(diff.messages) == 1:
            name, icon = ROLES[message.role]
            found.append(Section(f"message {number}", name, icon, _summary(message), message.text.lines, _fields(message.attached)))
    plain, by_lines, declared = _sorted(diff.parameters)
    if plain:
        found.append(Section("parameters", "Parameters", "sliders-horizontal", counted(len(plain), "change"), fields=_fields(plain)))
    found += [_lined(f"parameter {field.name}", field) for field in by_lines]
    for place, (name, text) in enumerate(diff.snippets):
        key = "snippets" if not place else f"snippet {name}"
        found.append(Section(key, name, "puzzle", f"snippet, {_lines_said(text)}", text.lines))
    names = tuple(_variables(diff, no_value))
    if names:
        found.append(Section("variables", "Variables", "braces", "", fields=names))
    for place, field in enumerate(declared):
        found.append(_lined("variables" if not names and not place else f"parameter {field.name}", field))
    results = _results(left.version, right.version)
    if results:
        found.append(Section("results", "Results so far", "chart-no-axes-column", "from all runs of these versions", fields=results))
    return found


def _sorted(differences: Sequence[FieldDiff]) -> tuple[list[FieldDiff], list[FieldDiff], list[FieldDiff]]:
    """Plain values; schema, tools and other values with parts; and what is declared of variables."""
    declared = [field for field in differences if field.name.startswith(_VARIABLE)]
    others = [field for field in differences if not field.name.startswith(_VARIABLE)]
    return [field for field in others if field.text is None], [field for field in others if field.text is not None], declared


def _lined(key: str, field: FieldDiff) -> Section:
    lines = field.text.lines if field.text is not None else ()
    return Section(key, _title(field.name), "braces", _lines_said(field.text) if field.text else "", lines)


def parts_of(diff: ContentDiff, sections: Sequence[Section]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the navigation: key, title, icon, what was added, what was removed (`same` where nothing changed). Schema, tools and
    results have one where the sections hold them."""
    found = []
    for number, message in enumerate(diff.messages):
        name, icon = ROLES[message.role]
        changed = message.text.count("changed")
        added = message.text.count("added") + changed + sum(change.right is not None for change in message.attached)
        removed = message.text.count("removed") + changed + sum(change.left is not None for change in message.attached)
        found.append(
            (f"message {number}", name, icon, f"+{added}" if added else "" if message.edits else "same", f"-{removed}" if removed else "")
        )
    plain, by_lines, declared = _sorted(diff.parameters)
    found.append(("parameters", "Parameters", "sliders-horizontal", str(len(plain)) if plain else "same", ""))
    found += [(f"parameter {field.name}", _title(field.name), "braces", *_more_less(field.text)) for field in by_lines]
    count = len(diff.snippets)
    found.append(("snippets", "Snippets", "puzzle", str(count) if count else "same", ""))
    more, less = len(diff.variables_added), len(diff.variables_removed)
    said = f"+{more}" if more else str(len(declared)) if declared and not less else "" if less else "same"
    found.append(("variables", "Variables", "braces", said, f"-{less}" if less else ""))
    found += [(section.key, "Results", section.icon, "", "") for section in sections if section.key == "results"]
    return found


def _more_less(text: TextDiff | None) -> tuple[str, str]:
    changed = text.count("changed") if text is not None else 0
    more, less = (text.count("added") + changed, text.count("removed") + changed) if text is not None else (0, 0)
    return f"+{more}" if more else "", f"-{less}" if less else ""


def _fields(differences: Sequence[FieldDiff]) -> tuple[Field, ...]:
    return tuple(Field(_title(f.name), _value(f.left), _value(f.right)) for f in differences)


def _title(name: str) -> str:
    plain, only, model = name.partition(" only for ")
    return TITLES.get(plain, plain[:1].upper() + plain[1:]) + only + model


def _summary(message: MessageDiff) -> str:
    text = message.text
    if message.left is None:
        return "message added"
    if message.right is None:
        return "message removed"
    parts = [_lines_said(text)] if text.edits else []
    parts += [f.name for f in message.attached if f.name not in TITLES]
    return ", ".join(parts) or ("tool calls changed" if message.attached else "same")


def _lines_said(text: TextDiff) -> str:
    """`2 lines changed, 1 added`."""
    changed, added, removed = text.count("changed"), text.count("added"), text.count("removed")
    parts = [counted(changed, "line") + " changed"] if changed else []
    parts += [f"{added} added" if parts else f"{counted(added, 'line')} added"] if added else []
    parts += [f"{removed} removed" if parts else f"{counted(removed, 'line')} removed"] if removed else []
    return ", ".join(parts)


def _variables(diff: ContentDiff, no_value: Sequence[str]) -> list[Field]:
    rows = [Field(name, "read", "not read") for name in diff.variables_removed]
    return rows + [Field(name, "not read", "read", note="no value" if name in no_value else "") for name in diff.variables_added]


def _results(left: VersionRow | None, right: VersionRow | None) -> tuple[Field, ...]:
    if left is None or right is None or not (left.outputs or right.outputs):
        return ()
    rates = [percent(row.pass_rate) or "no checks" for row in (left, right)]
    counts = [f"{row.outputs:,}" if row.outputs else "not run yet" for row in (left, right)]
    return Field("Pass rate", rates[0], rates[1], changed=False), Field("Outputs", counts[0], counts[1], changed=False)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def said(more: str, less: str) -> str:
    """What was added and removed, in words."""
    if more == "same":
        return "same"
    return " and ".join(
        part
        for part in (f"{more} added" if more.startswith("+") else f"{more} changed" if more else "", f"{less} removed" if less else "")
        if part
    )
