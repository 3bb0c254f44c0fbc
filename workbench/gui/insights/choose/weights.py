"""What matters and what a model must have, at the left of the page; both are kept in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.insights.choose.presets import Presets
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.column_area import ColumnArea
from workbench.gui.widgets.labels import label, line

if TYPE_CHECKING:
    from workbench.workspace import choice

WEIGHTS, MUST = "choose.weights", "choose.must"
STEP, LEAP = 1, 10
_NAMES = (("quality", "Quality"), ("cost", "Cost"), ("speed", "Speed"), ("consistency", "Consistency"))
_LIMITS = (
    ("least_rate", "Pass rate at least", "%", 85.0, 100.0, 0), ("most_p95", "p95 at most", " s", 7.0, 3600.0, 1),
    ("least_context", "Context at least", "k", 32.0, 10_000.0, 0),
)  # fmt: skip
_FLAGS = (("reads_images", "Reads images"), ("in_the_eu", "Runs in the EU"), ("stays_here", "Data stays on our computers"))


class WeightSlider(QSlider):
    """Arrows move it by 1 point, with Shift by 10."""

    def __init__(self, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, 100)
        self.setSingleStep(STEP)
        self.setPageStep(LEAP)
        self.setAccessibleName(f"Weight of {name.lower()}")
        self.setToolTip("Arrows: 1 point, with Shift: 10")
        theme().follow(self._measure)
        self._measure()

    def _measure(self) -> None:
        self.setMinimumHeight(theme().px(24))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}.get(Qt.Key(event.key()))
        if way and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.setValue(self.value() + way * LEAP)
        else:
            super().keyPressEvent(event)


class Weights(ColumnArea):
    """Four weights that are 100 together, what a model must have, and what the figures come from."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        inside = QWidget()
        super().__init__(inside, 0)
        self.context = context
        self.setAccessibleName("What matters here")
        self.sliders = {key: WeightSlider(name) for key, name in _NAMES}
        self.figures: dict[str, QLabel] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self.limits: dict[str, QDoubleSpinBox] = {}
        self.evidence = label("", "small", "text2", wrap=True)
        self.presets = Presets(self, context.settings, self._now, self._use)
        self._compose(inside)
        self._restore()

    def _compose(self, inside: QWidget) -> None:
        inside.setProperty("kind", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(5)
        column.addWidget(label("What matters here", "section", weight=600))
        column.addWidget(label("Weights always add up to 100.", "small", "text2", wrap=True))
        for key, name in _NAMES:
            row = QHBoxLayout()
            row.addWidget(label(name, "body", weight=500))
            row.addStretch(1)
            self.figures[key] = label("", "body", weight=600)
            row.addWidget(self.figures[key])
            column.addLayout(row)
            column.addWidget(self.sliders[key])
            self.sliders[key].valueChanged.connect(lambda points, key=key: self._moved(key, points))
        row = QHBoxLayout()
        row.addWidget(button("Even out", kind="link", size="small", on=self.even_out, tip="The same weight for each"))
        row.addStretch(1)
        self._presets = button("Presets", kind="link", size="small", on=self.show_presets, tip="Usual weights, and your own", opens=True)
        row.addWidget(self._presets)
        column.addLayout(row)
        column.addWidget(line())
        column.addWidget(label("Must have", "section", weight=600))
        for key, name, suffix, value, most, decimals in _LIMITS:
            box, limit = QCheckBox(name), QDoubleSpinBox()
            limit.setDecimals(decimals)
            limit.setRange(0, most)
            limit.setValue(value)
            limit.setSuffix(suffix)
            limit.setAlignment(Qt.AlignmentFlag.AlignRight)
            limit.setAccessibleName(name)
            limit.setMaximumWidth(theme().px(84))
            limit.valueChanged.connect(lambda _value: self._must_changed())
            row = QHBoxLayout()
            row.addWidget(box, 1)
            row.addWidget(limit)
            column.addLayout(row)
            self.boxes[key], self.limits[key] = box, limit
        for key, name in _FLAGS:
            self.boxes[key] = QCheckBox(name)
            column.addWidget(self.boxes[key])
        self.boxes["in_the_eu"].setToolTip("As far as the address says where a model runs. Where it does not, the model is out as unknown")
        for box in self.boxes.values():
            box.toggled.connect(lambda _on: self._must_changed())
        column.addWidget(line())
        column.addWidget(label("Evidence", "section", weight=600))
        column.addWidget(self.evidence)
        column.addStretch(1)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    # -- what was kept -----------------------------------------------------------------------------------------

    def _restore(self) -> None:
        kept, must = self.context.settings.get(WEIGHTS), self.context.settings.get(MUST)
        self._take(kept, must)

    def _take(self, kept: Any, must: Any) -> None:
        """Show weights and requirements as they were kept, as far as they can be."""
        from workbench.workspace import choice  # only when a model is chosen

        good = isinstance(kept, dict) and kept.keys() == set(choice.CRITERIA) and all(isinstance(one, int) for one in kept.values())
        self._show(kept if good and min(kept.values()) >= 0 and sum(kept.values()) == 100 else choice.USUAL_WEIGHTS)
        for key, value in must.items() if isinstance(must, dict) else ():
            if key in self.boxes:
                with QSignalBlocker(self.boxes[key]):
                    self.boxes[key].setChecked(value.get("on") is True if isinstance(value, dict) else value is True)
            if key in self.limits and isinstance(value, dict) and isinstance(value.get("value"), int | float):
                with QSignalBlocker(self.limits[key]):
                    self.limits[key].setValue(value["value"])
        self._dress()

    @property
    def weights(self) -> dict[str, int]:
        """The points of each criterion."""
        return {key: slider.value() for key, slider in self.sliders.items()}

    @property
    def must(self) -> choice.MustHave:
        """What a model must have."""
        from workbench.workspace import choice  # as above

        def limit(key: str, scale: float) -> Any:
            return self.limits[key].value() * scale if self.boxes[key].isChecked() else None

        context = limit("least_context", 1000)
        return choice.MustHave(
            limit("least_rate", 0.01), limit("most_p95", 1000), None if context is None else round(context),
            self.boxes["reads_images"].isChecked(), self.boxes["stays_here"].isChecked(), self.boxes["in_the_eu"].isChecked(),
        )  # fmt: skip

    # -- changing ----------------------------------------------------------------------------------------------

    def even_out(self) -> None:
        """Give each the same weight."""
        from workbench.workspace import choice  # as above

        self._set(choice.evened())

    def usual(self) -> None:
        """Go back to the weights that were there at first."""
        from workbench.workspace import choice  # as above

        self._set(choice.USUAL_WEIGHTS)

    def show_presets(self) -> None:
        """Offer what was kept under a name."""
        self.presets.menu(self.usual).popup(self._presets.mapToGlobal(self._presets.rect().bottomLeft()))

    def _now(self) -> dict[str, Any]:
        return {"weights": self.weights, "must": self._asked}

    def _use(self, preset: Any) -> None:
        self._take(preset.get("weights"), preset.get("must"))
        self.context.settings.set(WEIGHTS, self.weights)
        self._must_changed()

    def _moved(self, key: str, points: int) -> None:
        from workbench.workspace import choice  # as above

        self._set(choice.reweighted(self._last, key, points))

    def _set(self, weights: Any) -> None:
        self._show(weights)
        self.context.settings.set(WEIGHTS, dict(weights))
        self.changed.emit()

    def _show(self, weights: Any) -> None:
        self._last = dict(weights)
        for key, slider in self.sliders.items():
            with QSignalBlocker(slider):
                slider.setValue(weights[key])
            self.figures[key].setText(str(weights[key]))
            slider.setAccessibleDescription(f"{weights[key]} of 100 points")

    @property
    def _asked(self) -> dict[str, Any]:
        """What a model must have, as it is kept."""
        kept: dict[str, Any] = {key: {"on": self.boxes[key].isChecked(), "value": limit.value()} for key, limit in self.limits.items()}
        return kept | {key: self.boxes[key].isChecked() for key, _ in _FLAGS}

    def _must_changed(self) -> None:
        self.context.settings.set(MUST, self._asked)
        self._dress()
        self.changed.emit()

    def _dress(self) -> None:
        for key, limit in self.limits.items():
            limit.setEnabled(self.boxes[key].isChecked())

    def show_evidence(self, lines: Sequence[str]) -> None:
        """Say what the figures come from."""
        self.evidence.setText("\n".join(lines))
