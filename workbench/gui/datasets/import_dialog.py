"""What the columns of a file become: guessed, shown with the first row, and changed by the user before anything is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.cell_values import TYPES, shown
from workbench.gui.datasets.mappings import recalled, remember
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.buttons import Button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Stopped
from workbench.values.datasets import ColumnRole, ColumnSpec

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, ImportReport, Table

ROLES: tuple[tuple[ColumnRole, str], ...] = (
    ("name", "case name"),
    ("reference", "reference"),
    ("tags", "tags"),
    ("weight", "weight"),
    ("note", "note"),
    ("checks", "checks"),
    ("skip", "leave out"),
)
_SHOWN_BAD = 200


@dataclass(slots=True)
class MappingRow:
    """The widgets of one column of the file."""

    column: str
    becomes: QComboBox
    type: QComboBox
    metadata: bool

    def spec(self) -> ColumnSpec:
        """What the user chose."""
        text = self.becomes.currentText().strip()
        index = self.becomes.currentIndex()
        if index >= 0 and self.becomes.itemText(index) == text:
            role = self.becomes.itemData(index)
        else:  # typed by hand: the words of the list mean what they mean there
            role = next((known for known, words in ROLES if words == text), None)
        if role is None:
            return ColumnSpec(text, str(self.type.currentData()), "metadata" if self.metadata else "variable")
        if role == "reference":
            return ColumnSpec("reference", str(self.type.currentData()), "reference")
        return ColumnSpec(self.column if role == "skip" else role, "number" if role == "weight" else "text", role)


class ImportTableDialog(Dialog):
    """Shows the table that was read. `done` gets the report of the import; `read_again` the file and another sheet of it."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        table: Table,
        datasets: Sequence[DatasetRow],
        into: int | None,
        done: Callable[[ImportReport], object],
        read_again: Callable[[str, str], object],
    ) -> None:
        super().__init__(parent, "Import cases", padded=False)
        self._context, self._table, self._datasets, self._done = context, table, list(datasets), done
        self._read_again = read_again
        self._rows: list[MappingRow] = []
        known = recalled(context.settings, table.columns)
        self._start = known or table.mapping
        self._busy = False
        self.head.setSpacing(10)
        self.head.insertWidget(1, ElidedLabel(table.name, "code", "text2"))
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(20, 14, 20, 16)
        self._column.setSpacing(10)
        self._column.addWidget(
            label(
                f"{table.summary} {'Mapped as the last time.' if known else 'Guessed from names and contents.'}",
                "small",
                "text2",
                wrap=True,
            )
        )
        if table.repeated:
            self._column.addWidget(label(f"{table.repeated[:1].upper()}{table.repeated[1:]}.", "small", wrap=True))
        self._column.addLayout(self._target(into))
        self._column.addWidget(self._mapping())
        self._trouble = label("", "small", "fail", wrap=True)
        self._trouble.hide()
        self._column.addWidget(self._trouble)
        self._bad_rows()
        self._column.addWidget(label("Row 1 as a case", "small", "text2", 600))
        self._case = QFrame()
        self._case.setProperty("kind", "card")
        self._case_column = QVBoxLayout(self._case)
        self._case_column.setContentsMargins(12, 9, 12, 9)
        self._case_column.setSpacing(3)
        self._column.addWidget(self._case)
        self._column.addStretch(1)
        area = scroll_area(page)
        self.body.addWidget(area)
        self._cancel = self.add_cancel()
        self._import: Button = self.add_button(self._main_text(), lambda: self._go(), kind="primary")
        self.first = self._rows[0].becomes if self._rows else self._import
        look, window = theme(), parent.window()
        self.resize(min(look.px(720), window.width() - 60), min(look.px(720), window.height() - 60))
        context.work.changed.connect(self._tick)
        self._changed()

    # -- layout ------------------------------------------------------------------------------------------------

    def _target(self, into: int | None) -> QHBoxLayout:
        self._into = QComboBox()
        self._into.setAccessibleName("Goes into")
        self._into.setMaxVisibleItems(8)
        self._into.addItem("A new dataset", None)
        for dataset in self._datasets:
            self._into.addItem(dataset.name, dataset.id)
        self._into.setCurrentIndex(max(0, self._into.findData(into)))
        self._name = QLineEdit(self._table.name.rsplit(".", 1)[0])
        self._name.setAccessibleName("Name of the new dataset")
        row = QHBoxLayout()
        row.setSpacing(8)
        if len(self._table.form.sheets) > 1:
            row.addWidget(label("Sheet", "body", "text2"))
            row.addWidget(self._sheets())
        row.addWidget(label("Goes into", "body", "text2"))
        row.addWidget(self._into)
        row.addWidget(self._name, 1)
        self._into.currentIndexChanged.connect(lambda _index: self._changed())
        self._name.textChanged.connect(lambda _text: self._changed())
        return row

    def _sheets(self) -> QComboBox:
        self.sheet = QComboBox()
        self.sheet.setAccessibleName("Sheet of the workbook")
        self.sheet.setMaxVisibleItems(12)
        self.sheet.addItems(list(self._table.form.sheets))
        self.sheet.setCurrentText(self._table.form.sheet)
        self.sheet.activated.connect(lambda _index: self._other_sheet())
        return self.sheet

    def _other_sheet(self) -> None:
        """Read another sheet: it has other columns, so that a new dialog shows it."""
        chosen = self.sheet.currentText()
        if chosen != self._table.form.sheet and not self._busy:
            self.accept()
            self._read_again(self._table.path, chosen)

    def _mapping(self) -> QFrame:
        card = QFrame()
        card.setProperty("kind", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for at, text in enumerate(("In the file", "First row", "", "Becomes", "Type")):
            grid.addWidget(label(text, "small", "text2", 600), 0, at)
        first = self._table.first[0] if self._table.first else {}
        names = list(dict.fromkeys(column.name for row in self._datasets for column in row.columns))
        for at, (column, spec) in enumerate(zip(self._table.columns, self._start, strict=True), 1):
            made = self._row(column, spec, names)
            self._rows.append(made)
            grid.addWidget(ElidedLabel(column, "code"), at, 0)
            grid.addWidget(ElidedLabel(shown(first.get(column), 80), "body", "text2"), at, 1)
            grid.addWidget(icon_label("arrow-right", "text3", 14), at, 2)
            grid.addWidget(made.becomes, at, 3)
            grid.addWidget(made.type, at, 4)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 4)
        grid.setColumnStretch(3, 4)
        grid.setColumnStretch(4, 3)
        return card

    def _row(self, column: str, spec: ColumnSpec, names: Sequence[str]) -> MappingRow:
        becomes = QComboBox()
        becomes.setEditable(True)
        becomes.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        becomes.setAccessibleName(f"{column} becomes")
        set_role(becomes, "code")
        variable = spec.role in ("variable", "metadata")
        for name in dict.fromkeys([*([spec.name] if variable else [column]), *names]):
            becomes.addItem(name, None)
        becomes.insertSeparator(becomes.count())
        for role, text in ROLES:
            becomes.addItem(text, role)
        becomes.setCurrentIndex(0 if variable else becomes.findData(spec.role))
        kind = QComboBox()
        kind.setAccessibleName(f"Type of {column}")
        for value, (text, _icon) in TYPES.items():
            kind.addItem(text, value)
        kind.setCurrentIndex(max(0, kind.findData(spec.type)))
        made = MappingRow(column, becomes, kind, spec.role == "metadata")
        becomes.editTextChanged.connect(lambda _text: self._changed())
        becomes.currentIndexChanged.connect(lambda _index: self._changed())
        kind.currentIndexChanged.connect(lambda _index: self._changed())
        return made

    def _bad_rows(self) -> None:
        bad = self._table.bad
        if not bad:
            return
        row = QHBoxLayout()
        row.addWidget(label(f"{counted(self._table.bad_count, 'row')} cannot be used", "section"))
        row.addWidget(label("Nothing comes in before you say so.", "small", "text2"))
        row.addStretch(1)
        self._column.addLayout(row)
        card = QFrame()
        card.setProperty("kind", "card")
        card.setProperty("state", "fail")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 6, 12, 6)
        inside.setSpacing(4)
        for found in bad[:_SHOWN_BAD]:
            one = QHBoxLayout()
            one.setSpacing(8)
            one.addWidget(Chip(f"line {found.line}", "fail"))
            one.addWidget(ElidedLabel(found.reason, "small", "text"), 3)
            one.addWidget(ElidedLabel(found.text, "code", "text3"), 2)
            inside.addLayout(one)
        more = self._table.bad_count - len(bad[:_SHOWN_BAD])
        if more > 0:
            inside.addWidget(label(f"{more:,} more", "small", "text3"))
        area = scroll_area(card, by_key=True, name="Rows that cannot be used")
        area.setFixedHeight(min(card.sizeHint().height() + 4, theme().px(150)))
        self._column.addWidget(area)

    # -- choices -----------------------------------------------------------------------------------------------

    def mapping(self) -> tuple[ColumnSpec, ...]:
        """The mapping as the user left it."""
        return tuple(row.spec() for row in self._rows)

    def _main_text(self) -> str:
        if self._table.bad_count:
            return f"Keep the {counted(self._table.rows, 'good row')}"
        return f"Import {counted(self._table.rows, 'case')}"

    def _changed(self) -> None:
        self._name.setVisible(self._into.currentData() is None)
        for row in self._rows:
            row.type.setEnabled(row.spec().role in ("variable", "metadata", "reference"))
        trouble = self._what_is_wrong()
        self._say(trouble)
        self._show_case()

    def _what_is_wrong(self) -> str:
        seen: dict[str, str] = {}
        for row in self._rows:
            spec = row.spec()
            if spec.role not in ("variable", "metadata"):
                continue
            if not spec.name:
                return f"{row.column} needs a name, or leave it out."
            if spec.name in seen:
                return f"{seen[spec.name]} and {row.column} both become {spec.name}. Rename one of them or leave it out."
            seen[spec.name] = row.column
        if self._into.currentData() is None and not self._name.text().strip():
            return "The new dataset needs a name."
        return "" if self._table.rows else "The file has no rows that can be used."

    def _say(self, text: str) -> None:
        self._trouble.setText(text)
        self._trouble.setVisible(bool(text))
        if hasattr(self, "_import"):
            self._import.setEnabled(not text and not self._busy)

    def _show_case(self) -> None:
        while self._case_column.count():
            item = self._case_column.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        first = self._table.first[0] if self._table.first else {}
        by_role: dict[str, list[str]] = {}
        values: list[tuple[str, str]] = []
        for row in self._rows:
            spec = row.spec()
            text = shown(first.get(row.column), 160)
            if spec.role in ("variable", "metadata"):
                values.append((spec.name, text))
            elif text:
                by_role.setdefault(spec.role, []).append(text)
        self._case_column.addWidget(ElidedLabel(" ".join(by_role.get("name", [])) or "No name", "body", "text", 500))
        for name, text in values[:6]:
            self._case_column.addWidget(_pair(name, text or "empty"))
        for role, text in (("reference", "reference"), ("tags", "tags")):
            if by_role.get(role):
                self._case_column.addWidget(_pair(text, ", ".join(by_role[role])))

    # -- importing ---------------------------------------------------------------------------------------------

    def _go(self, *, keep_good: bool | None = None) -> None:
        into = self._into.currentData()
        name = self._name.text().strip() if into is None else None
        keep = bool(self._table.bad_count) if keep_good is None else keep_good
        self._busy = True
        self._import.setEnabled(False)
        self._usual = self._import.text()
        self._cancel.setText("Stop")
        arguments = (self._context.ws.datasets.import_table, self._table, self.mapping(), name, into, keep)
        work = self._context.work
        work.begin(f"Importing {self._table.name}", *arguments, then=self._finished, failed=self._failed, owner=self)

    def _tick(self) -> None:
        share = self._context.work.share
        if self._busy:
            self._import.setText(f"Importing {share}%" if share is not None else "Importing")

    def reject(self) -> None:
        """Close without importing; while it is importing, stop that."""
        if self._busy:
            self._context.work.stop()
        else:
            super().reject()

    def _finished(self, report: ImportReport) -> None:
        self._busy = False
        remember(self._context.settings, self._table.columns, self.mapping())
        self.accept()
        self._done(report)

    def _failed(self, problem: BaseException) -> None:
        self._busy = False
        self._cancel.setText("Cancel")
        self._import.setText(self._usual)
        self._say("Stopped. Nothing was imported." if isinstance(problem, Stopped) else str(problem))
        self._import.setEnabled(True)
        if isinstance(problem, BadInput) and "cannot be used" in str(problem):
            # A weight that is no number shows only in the import: now the user can say that the others will do.
            self._import.setText("Keep the good rows")
            self._import.clicked.disconnect()
            self._import.clicked.connect(lambda _checked=False: self._go(keep_good=True))


def _pair(name: str, text: str) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(label(name, "code", "text3"))
    row.addWidget(ElidedLabel(text, "small", "text2"), 1)
    return made
