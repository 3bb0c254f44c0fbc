"""What is rated, in the New comparison dialog: a line with the names, and the editor behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.gui.compare.criteria_dialog import CriteriaDialog, Draft
from workbench.gui.context import Context
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.framed_rows import Part
from workbench.gui.widgets.labels import label

if TYPE_CHECKING:
    from workbench.workspace import CriterionRow


class CriteriaPart(Part):
    """Holds the criteria as they shall be until the comparison is saved."""

    def __init__(self, context: Context) -> None:
        super().__init__("Rated by people")
        self._context = context
        self._rows: Sequence[CriterionRow] = ()
        self.drafts: list[Draft] | None = None
        """What shall be kept; None where nothing was changed."""
        self.edit = button("Criteria…", kind="link", on=self._edit, tip="Choose what people rate in each answer")
        self.head.addWidget(self.edit)
        self._names = label("", "small", "text3", wrap=True)
        self.column.addWidget(self._names)
        self._show()

    def read(self, comparison_id: int | None) -> None:
        """Show the criteria of a saved comparison."""
        if comparison_id is not None:
            self._context.bridge.read(self._context.ws.criteria.list, comparison_id, then=self._read, owner=self)

    def _read(self, rows: list[CriterionRow]) -> None:
        self._rows = rows
        self._show()

    def _current(self) -> list[Draft]:
        return self.drafts if self.drafts is not None else [(row.id, row.criterion) for row in self._rows]

    def _show(self) -> None:
        names = [criterion.name for _id, criterion in self._current()]
        self.count.setText(str(len(names)) if names else "")
        self._names.setText(", ".join(names) if names else "Stars, pass or fail, and notes. Add criteria such as accuracy or tone.")

    def _edit(self) -> None:
        def keep(drafts: list[Draft]) -> None:
            self.drafts = drafts
            self._show()
            dialog.accept()

        dialog = CriteriaDialog(self, "", self._rows, self._current(), keep)
        dialog.open()
