"""What the wheel turns: not a box of choices or a number that the page carried under the mouse while it was scrolled."""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QApplication, QComboBox, QSlider, QWidget

_BOXES = (QComboBox, QAbstractSpinBox, QSlider)


def scrolls_on(event: QWheelEvent) -> bool:
    """True where the wheel was over a box without the keys, and was given to what scrolls around it: by itself Qt gives such a box the
    keys and changes it, unseen and unwanted."""
    place = event.globalPosition()
    under = QApplication.widgetAt(place.toPoint())
    box = next((widget for widget in (under, under.parentWidget() if under is not None else None) if isinstance(widget, _BOXES)), None)
    focused = QApplication.focusWidget()
    if box is None or focused is box or (focused is not None and box.isAncestorOf(focused)):
        return False
    around: QWidget | None = box.parentWidget()
    while around is not None and not isinstance(around, QAbstractScrollArea):
        around = None if around.isWindow() else around.parentWidget()
    if isinstance(around, QAbstractScrollArea):
        inside = around.viewport()
        turned = QWheelEvent(
            inside.mapFromGlobal(place), place, event.pixelDelta(), event.angleDelta(), event.buttons(), event.modifiers(), event.phase(),
            event.inverted(),
        )  # fmt: skip
        QApplication.sendEvent(inside, turned)
    return True
