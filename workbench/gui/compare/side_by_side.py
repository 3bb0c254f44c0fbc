"""Two or three answers to one case beside each other in full size; the arrow keys go on to other cases and columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.case_words import case_words
from workbench.gui.cells import Shown, metrics
from workbench.gui.columns import version_names
from workbench.gui.compare.detail_parts import Marker
from workbench.gui.link_dialog import ask_link
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.json_tree import parsed
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.pictures import PictureStrip
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import call_money, counted, duration

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage
    from workbench.workspace import Marks, OutputRow

MOST = 3
Place = tuple[int, int]
"""Column, repeat."""
KEYS = "Up and down: other cases. Left and right: other columns. 2 and 3: how many. D: what differs from the first."


class Side(QWidget):
    """One answer with its head."""

    def __init__(self, page: RunPage) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 6, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(6)
        self._marker, self._model, self._version = Marker(), ElidedLabel("", "section"), Chip("v1")
        head.addWidget(self._marker)
        head.addWidget(self._model, 1)
        head.addWidget(self._version)
        column.addLayout(head)
        self.figures = ElidedLabel("", "small", "text2")
        column.addWidget(self.figures)
        self.answer = AnswerView("answer", spacing=122)
        self.answer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.answer.link_clicked.connect(lambda url: ask_link(self, page.context, url))
        self.pictures = PictureStrip(page.context)
        inside = QWidget()
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 6, 10, 6)
        body.addWidget(self.answer)
        body.addWidget(self.pictures)
        body.addStretch(1)
        self.area = scroll_area(inside)
        column.addWidget(self.area, 1)
        self._page = page

    def show_head(self, place: Place, repeats: int) -> None:
        """Name the column and the repeat."""
        columns = self._page.model.grid.columns
        info = columns[place[0]]
        self._marker.say(info.place, info.colour)
        self._model.setText(info.model)
        prompt, version = version_names(columns)[place[0]]
        self._version.set_text(f"{prompt} {version}".strip())
        self._repeat = f"repeat {place[1]} of {repeats}" if repeats > 1 else ""
        self.setAccessibleName(f"{info.model}, {version} {self._repeat}".strip())

    def show_answer(self, shown: Shown | None, row: OutputRow | None, *, as_text: bool) -> None:
        """Show an answer in full, or why there is none."""
        self.answer.as_text = as_text
        text = row.text if row is not None else shown.text if shown is not None else ""
        value = parsed(text) if not as_text and row is not None else None
        laid_out = text if value is None else f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```"
        self.answer.show_text(laid_out, finished=row is not None)
        self.answer.setVisible(bool(text))
        self.pictures.show_pictures(row.pictures if row is not None else ())
        scores = row.scores if row is not None else ()
        failed = [score.check.title for score in scores if score.failed]
        parts = [shown.state.value if shown is not None and row is None else "", self._repeat]
        parts += metrics(shown.cell) if shown is not None and row is not None and shown.cell.output_id == row.id else []
        parts += (
            [f"failed: {', '.join(failed)}"]
            if failed
            else [f"{counted(sum(score.passed is True for score in scores), 'check')} passed"] * bool(scores)
        )
        if row is not None and (shown is None or shown.cell.output_id != row.id):
            parts += [part for part in (duration(row.latency_ms), call_money(row.cost_usd)) if part]
        self.figures.setText(", ".join(part for part in parts if part) or "no answer yet")

    def scroll_by(self, by: int) -> None:
        """Scroll by so many pixels."""
        bar = self.area.verticalScrollBar()
        bar.setValue(bar.value() + by)


class SideBySide(Dialog):
    """Opens over the grid at the selected answers; closing it leaves the grid at the case that was looked at last."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page, "Answers side by side", padded=False)
        self._page = page
        place = page.table.current()
        assert place is not None
        self.case = place[0]
        self.places = self._first_places(place)
        self.case_name = ElidedLabel("", "body", "text2")
        self.head.insertWidget(1, self.case_name, 1)
        self.head.setSpacing(8)
        self.differ = button("Show differences", "git-compare", size="small", tip="Mark what differs from the first (D)")
        self.differ.setCheckable(True)
        self.differ.setChecked(page.differences.on)
        self.differ.toggled.connect(lambda _on: self._read())
        self.head.addWidget(self.differ)
        self.head.addWidget(icon_button("chevron-up", "Previous case (Up)", on=lambda: self.step_case(-1)))
        self.head.addWidget(icon_button("chevron-down", "Next case (Down)", on=lambda: self.step_case(1)))
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        across = QHBoxLayout()
        across.setSpacing(0)
        self.sides = [Side(page) for _ in range(MOST)]
        self._lines = [line(vertical=True) for _ in range(MOST - 1)]
        for number, side in enumerate(self.sides):
            if number:
                across.addWidget(self._lines[number - 1])
            across.addWidget(side, 1)
            side.answer.installEventFilter(self)
        self.body.addLayout(across, 1)
        self.foot.insertWidget(0, label(KEYS, "small", "text3"))
        self.add_button("Close", self.accept, kind="primary")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.first = self
        window = page.window()
        self.resize(window.width() - 80, window.height() - 80)
        self._read()

    # -- which answers -----------------------------------------------------------------------------------------

    def _first_places(self, place: tuple[int, int]) -> list[Place]:
        """The selected columns, where they are two or three; else the current one and the next; with one column alone its repeats."""
        grid, visible = self._page.model.grid, self._page.table.visible()
        chosen = self._page.table.chosen()[1]
        if not 2 <= len(chosen) <= MOST:
            at = visible.index(place[1]) if place[1] in visible else 0
            start = max(0, min(at, len(visible) - 2))
            chosen = visible[start : start + 2]
        if len(visible) > 1:
            return [(column, grid.repeat_at(place[0], column)) for column in chosen]
        first = grid.repeat_at(*place)
        return [(place[1], (first - 1 + step) % grid.repeats + 1) for step in range(min(MOST, grid.repeats))]

    def step_case(self, by: int) -> None:
        """The previous or next case, as the rows stand on screen."""
        grid = self._page.model.grid
        row = grid.row_of(self.case)
        case = grid.case_index((row if row is not None else 0) + by)
        if case is not None and (row or 0) + by >= 0:
            self.case = case
            self._read()

    def step_column(self, by: int) -> None:
        """Move on by one column; where there is only one, by one repeat."""
        grid, visible = self._page.model.grid, self._page.table.visible()
        if len(visible) > 1:
            order = [visible.index(column) for column, _ in self.places if column in visible]
            moved = [at + by for at in order]
            if moved and min(moved) >= 0 and max(moved) < len(visible):
                self.places = [(visible[at], grid.repeat_at(self.case, visible[at])) for at in moved]
        else:
            self.places = [(column, (repeat - 1 + by) % grid.repeats + 1) for column, repeat in self.places]
        self._read()

    def show_count(self, count: int) -> None:
        """Two or three beside each other, as far as there are so many."""
        grid, visible = self._page.model.grid, self._page.table.visible()
        if len(visible) > 1:
            free = [column for column in visible if column not in {column for column, _ in self.places}]
            last = visible.index(self.places[-1][0])
            after = [column for column in free if visible.index(column) > last] or free[::-1]  # else the nearest before
            more = [(column, grid.repeat_at(self.case, column)) for column in after]
        else:
            taken = {repeat for _, repeat in self.places}
            more = [(self.places[0][0], repeat) for repeat in range(1, grid.repeats + 1) if repeat not in taken]
        places = self.places + more[: max(0, count - len(self.places))]
        if len(visible) > 1:
            places.sort(key=lambda place: visible.index(place[0]) if place[0] in visible else len(visible))  # as they stand in the grid
        current = self._page.table.current()
        while len(places) > count:  # the one that was chosen in the grid stays
            places.pop(0 if current is not None and places[-1][0] == current[1] else -1)
        self.places = places
        self._read()

    # -- what is shown -----------------------------------------------------------------------------------------

    def _read(self) -> None:
        page, grid, ws = self._page, self._page.model.grid, self._page.context.ws
        data = page.model.data
        if data is None:
            return
        case = data.cases[self.case]
        self.case_name.setText(f"{case_words(case, data.reads)[0]}, {self.case + 1:,} of {len(data.cases):,}")
        set_kind(self.differ, state="on" if self.differ.isChecked() else "")
        for number, side in enumerate(self.sides):
            side.setVisible(number < len(self.places))
            if number:
                self._lines[number - 1].setVisible(number < len(self.places))
            if number < len(self.places):
                side.show_head(self.places[number], grid.repeats)
        shown = [grid.shown_at(self.case, column, repeat) for column, repeat in self.places]
        ids = [each.cell.output_id if each is not None else None for each in shown]
        run_id, at, differ, places = page.model.run_id, self.case, self.differ.isChecked(), list(self.places)

        def read() -> tuple[list[OutputRow | None], list[Marks]]:
            found = list(ids)
            if run_id is not None and any(each is None for each in shown):  # its page is on the way to the grid
                cells = {(cell.column, cell.repeat): cell.output_id for cell in ws.runs.cells(run_id, at, at)}
                found = [cells.get(place) for place in places]
            rows = [ws.runs.output(output) if output is not None else None for output in found]
            first = rows[0].text if rows and rows[0] is not None else None
            compared = [differ and first is not None and row is not None for row in rows]
            texts = [row.text if row is not None else "" for row in rows]
            return rows, [ws.changed_words(first or "", text)[1] if on else () for on, text in zip(compared, texts, strict=True)]

        page.context.bridge.read(
            read, then=lambda found: self._fill(shown, *found), owner=self, key=("compare.side_by_side", id(self))
        )  # fmt: skip

    def _fill(self, shown: list[Shown | None], rows: list[OutputRow | None], marks: list[Marks]) -> None:
        differ = self.differ.isChecked()
        for number, (row, places) in enumerate(zip(rows, marks, strict=True)):
            side = self.sides[number]
            side.show_answer(shown[number], row, as_text=differ)
            side.answer.mark(places if differ and number else [], "add-bg")
            side.area.verticalScrollBar().setValue(0)

    # -- keys --------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """An answer that was clicked, to copy from it, leaves the keys to the dialog."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._key(event):
            super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        page = max(40, self.sides[0].area.viewport().height() - theme().line("answer") * 2)
        far = 1 << 24
        verbs: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Up: lambda: self.step_case(-1),
            Qt.Key.Key_Down: lambda: self.step_case(1),
            Qt.Key.Key_Left: lambda: self.step_column(-1),
            Qt.Key.Key_Right: lambda: self.step_column(1),
            Qt.Key.Key_2: lambda: self.show_count(2),
            Qt.Key.Key_3: lambda: self.show_count(3),
            Qt.Key.Key_D: self.differ.toggle,
            Qt.Key.Key_PageUp: lambda: self._scroll(-page),
            Qt.Key.Key_PageDown: lambda: self._scroll(page),
            Qt.Key.Key_Home: lambda: self._scroll(-far),
            Qt.Key.Key_End: lambda: self._scroll(far),
        }
        verb = verbs.get(Qt.Key(event.key())) if not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier else None
        if verb is not None:
            verb()
        return verb is not None

    def _scroll(self, by: int) -> None:
        for side in self.sides:
            side.scroll_by(by)

    def done(self, result: int) -> None:
        column = self.places[0][0]
        super().done(result)
        self._page.table.choose(self.case, column)
