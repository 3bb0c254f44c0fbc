"""Putting a label on a version, or moving it there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QWidget

from workbench.gui.library.tree import when
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import LabelMove, VersionRow

USUAL = ("production", "staging", "experiment", "baseline")

_SHOWN_MOVES = 5
"""So many moves are seen at once; the others are scrolled to."""


@dataclass(frozen=True, slots=True)
class LabelWishes:
    """What the dialog can ask its owner to do."""

    put: Callable[[str], object]
    remove: Callable[[str], object]
    protect: Callable[[str, bool], object]


def ask_label(
    parent: QWidget,
    version: VersionRow,
    labels: Mapping[str, int],
    protected: Collection[str],
    moves: Sequence[LabelMove],
    wishes: LabelWishes,
) -> Dialog:
    """Open the dialog. `labels` are those of the prompt: name to version number; `moves` where they were, the latest first."""
    made = Dialog(parent, f"Label v{version.number}", width=440)
    made.body.addWidget(
        label("A label stands on one version of the prompt. Comparisons can follow it when it moves.", "body", "text2", wrap=True)
    )
    field = QLineEdit()
    field.setAccessibleName("Label")
    field.setPlaceholderText("production")
    made.body.addWidget(field)
    made.body.addWidget(_offers(version, labels, field.setText))
    say = label("", "small", "text3", wrap=True)
    made.body.addWidget(say)

    def remove_it(name: str) -> None:
        made.accept()
        wishes.remove(name)

    for name in version.labels:
        made.body.addWidget(button(f"Remove {name}", kind="link-danger", on=partial(remove_it, name)), 0, Qt.AlignmentFlag.AlignLeft)
    for name in labels:
        box = QCheckBox(f"Ask before moving {name}")
        box.setChecked(name in protected)
        box.toggled.connect(partial(wishes.protect, name))
        made.body.addWidget(box)
    if moves:
        made.body.addWidget(label("Moved so far", "small", "text2", 600))
        made.body.addWidget(_history(moves))

    by_name = {name.casefold(): name for name in labels}

    def named() -> str:
        """What is typed; of a label that differs by the case of letters alone, its own name."""
        name = " ".join(field.text().split())
        return name if name in labels else by_name.get(name.casefold(), name)

    def go() -> None:
        made.accept()
        wishes.put(named())

    made.add_cancel()
    main = made.add_button("Label it", go, kind="primary")

    def changed(_text: str) -> None:
        name = named()
        here = labels.get(name)
        main.setEnabled(bool(name) and here != version.number)
        main.setText(f"Move {name} to v{version.number}" if here not in (None, version.number) else "Label it")
        say.setText(f"{name} is on v{here} now." if here is not None else "")
        say.setVisible(here is not None)

    field.textChanged.connect(changed)
    changed("")
    made.first = field
    made.open()
    return made


def _offers(version: VersionRow, labels: Mapping[str, int], choose: Callable[[str], object]) -> QWidget:
    """The prompt's labels and the usual ones that the version does not have, each to be taken by a click."""
    offers = QWidget()
    flow = FlowLayout(offers, gap=6)
    for name in dict.fromkeys([*labels, *USUAL]):
        if name in version.labels:
            continue
        chip = Chip(name, "label", clickable=True, tip=f"Now on v{labels[name]}" if name in labels else "A usual name")
        chip.clicked.connect(partial(choose, name))
        flow.addWidget(chip)
    return offers


def _history(moves: Sequence[LabelMove]) -> QWidget:
    if len(moves) <= _SHOWN_MOVES:
        return label("\n".join(map(_said, moves)), "small", "text3", wrap=True)
    found = QListWidget()
    found.setAccessibleName("Moved so far")
    found.addItems(list(map(_said, moves)))
    found.setFixedHeight(found.sizeHintForRow(0) * _SHOWN_MOVES + 2 * found.frameWidth())
    return found


def _said(move: LabelMove) -> str:
    """`production: v3 to v6, Mara Lind, 18 Nov`."""
    if move.after is None:
        way = f"taken off v{move.before}"
    else:
        way = f"v{move.before} to v{move.after}" if move.before else f"put on v{move.after}"
    return ", ".join(part for part in (f"{move.name}: {way}", move.author, when(move.at)) if part)
