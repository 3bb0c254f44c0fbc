"""Putting a label on a version, or moving it there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label

if TYPE_CHECKING:
    from workbench.workspace import VersionRow

USUAL = ("production", "staging", "experiment", "baseline")


def ask_label(
    parent: QWidget, version: VersionRow, labels: Mapping[str, int], put: Callable[[str], object], remove: Callable[[str], object]
) -> Dialog:
    """Open the dialog. `labels` are those of the prompt: name to version number."""
    made = Dialog(parent, f"Label v{version.number}", width=440)
    made.body.addWidget(
        label("A label stands on one version of the prompt. Comparisons can follow it when it moves.", "body", "text2", wrap=True)
    )
    field = QLineEdit()
    field.setAccessibleName("Label")
    field.setPlaceholderText("production")
    made.body.addWidget(field)
    offers = QWidget()
    flow = FlowLayout(offers, gap=6)
    for name in dict.fromkeys([*labels, *USUAL]):
        if name in version.labels:
            continue
        chip = Chip(name, "label", clickable=True, tip=f"Now on v{labels[name]}" if name in labels else "A usual name")
        chip.clicked.connect(lambda name=name: field.setText(name))
        flow.addWidget(chip)
    made.body.addWidget(offers)
    say = label("", "small", "text3", wrap=True)
    made.body.addWidget(say)

    def remove_it(name: str) -> None:
        made.accept()
        remove(name)

    for name in version.labels:
        made.body.addWidget(button(f"Remove {name}", kind="link-danger", on=partial(remove_it, name)))

    def go() -> None:
        made.accept()
        put(" ".join(field.text().split()))

    made.add_cancel()
    main = made.add_button("Label it", go, kind="primary")

    def changed(text: str) -> None:
        name = " ".join(text.split())
        here = labels.get(name)
        main.setEnabled(bool(name) and here != version.number)
        main.setText(f"Move {name} to v{version.number}" if here not in (None, version.number) else "Label it")
        say.setText(f"{name} is on v{here} now." if here is not None else "")

    field.textChanged.connect(changed)
    changed("")
    made.first = field
    made.open()
    return made
