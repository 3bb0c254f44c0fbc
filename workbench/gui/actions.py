"""Every user action, declared once: the palette, menus, tooltips, shortcuts and the key sheet are drawn from this table."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

from workbench.quick_dataclass import dataclass

PLACES = (
    ("", "Everywhere"), ("library", "Library"), ("compare", "Compare"), ("review", "Review"), ("insights", "Insights"),
    ("choose", "Choose a model"),
    ("raters", "Raters"),
    ("spend", "Spend"),
    ("datasets", "Datasets"),
    ("models", "Models"), ("settings", "Settings"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `where` is the screen on which it acts, empty for everywhere; `keys` are shown and bound in order.

    `shown` False keeps it out of the palette, where choosing it would mean nothing (moving in the grid).
    `by_screen` keys are shown in the key sheet but handled by the screen itself, not bound as a shortcut.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    where: str = ""
    icon: str = ""
    shown: bool = True
    by_screen: bool = False


ACTIONS: tuple[Action, ...] = (
    Action("go.palette", "Search or run a command", ("Ctrl+K",), "", "search", shown=False),
    Action("go.library", "Go to Library", ("Ctrl+1",), "", "library-big"),
    Action("go.compare", "Go to Compare", ("Ctrl+2",), "", "columns-3"),
    Action("go.review", "Go to Review", ("Ctrl+3",), "", "star"),
    Action("go.insights", "Go to Insights", ("Ctrl+4",), "", "chart-scatter"),
    Action("go.choose", "Choose a model: scorecard, win rates, total cost", (), "", "target"),
    Action("go.raters", "Go to Raters: judges beside people", (), "", "gavel"),
    Action("go.spend", "Go to Spend: cost by day, model, prompt and run", (), "", "coins"),
    Action("go.datasets", "Go to Datasets", ("Ctrl+5",), "", "table-2"),
    Action("go.models", "Go to Models", ("Ctrl+6",), "", "cpu"),
    Action("go.settings", "Go to Settings", ("Ctrl+,",), "", "settings"),
    Action("go.welcome", "Show the welcome page", (), "", "layout-grid"),
    Action("go.back", "Back", ("Alt+Left",), "", "chevron-left"),
    Action("go.forward", "Forward", ("Alt+Right",), "", "chevron-right"),
    Action("pane.next", "Next pane", ("F6",), "", ""),
    Action("pane.previous", "Previous pane", ("Shift+F6",), "", ""),
    Action("screen.filter", "Find or filter on this screen", ("Ctrl+F",), "", "list-filter"),
    Action("screen.new", "New on this screen", ("Ctrl+N",), "", "plus"),
    Action("compare.new", "New comparison", ("Ctrl+Shift+N",), "", "columns-3"),
    Action("library.new", "New prompt", (), "", "file-text"),
    Action("dataset.new", "New dataset", (), "", "table-2"),
    Action("connection.new", "Add a connection", (), "", "plug"),
    Action("edit.undo", "Undo", ("Ctrl+Z",), "", "undo-2"),
    Action("edit.redo", "Redo", ("Ctrl+Shift+Z",), "", ""),
    Action("pane.left", "Show or hide the left list", ("Ctrl+B",), "", "", shown=True),
    Action("pane.right", "Show or hide the right panel", ("Ctrl+J",), "", "", shown=True),
    Action("file.import", "Import prompts, datasets, comparisons and ratings of packets", ("Ctrl+I",), "", "folder-input"),
    Action("file.export", "Export the library", ("Ctrl+E",), "", "upload"),
    Action("folder.choose", "Keep the library in step with a folder", (), "", "folder-open"),
    Action("folder.sync", "Bring the library and its folder in step now", ("Ctrl+Shift+Y",), "", "refresh-cw"),
    Action("folder.show", "What waits for a choice in the library folder", (), "", "git-compare"),
    Action("file.open", "Open another workspace", (), "", "folder-open"),
    Action("file.server", "Open a team's workspace on a server", (), "", "users"),
    Action("file.new", "Start a new workspace", (), "", "database"),
    Action("file.copy", "Save a copy of the workspace and open it", (), "", "copy-plus"),
    Action("file.retry", "Try to open the workspace again", (), "", "", shown=False),
    Action("file.backup", "Back up the workspace now", (), "", "database"),
    Action("text.larger", "Larger text", ("Ctrl++", "Ctrl+="), "", "type"),
    Action("text.smaller", "Smaller text", ("Ctrl+-",), "", "type"),
    Action("text.usual", "Usual text size", ("Ctrl+0",), "", "type"),
    Action("theme.light", "Light theme", (), "", "settings-2"),
    Action("theme.dark", "Dark theme", (), "", "settings-2"),
    Action("theme.system", "Theme as the system", (), "", "settings-2"),
    Action("help.keys", "Keys of this screen", ("F1", "?"), "", "keyboard"),
    Action("help.close", "Close a popup, leave a field, clear the selection", ("Esc",), "", "", shown=False, by_screen=True),

    Action("library.save", "Save version", ("Ctrl+S",), "library", "save"),
    Action("library.try", "Try once", ("Ctrl+Return",), "library", "play"),
    Action("library.compare", "Compare this prompt", ("Ctrl+Shift+Return",), "library", "columns-3"),
    Action("library.diff", "Compare versions", ("Ctrl+D",), "library", "git-compare"),
    Action("library.diff_prompts", "Compare two prompts", (), "library", "git-compare"),
    Action("library.label", "Set a label", ("Ctrl+L",), "library", "tag"),
    Action("library.new_branch", "New branch", (), "library", "git-branch"),
    Action("library.branches", "Switch, rename or close a branch", ("Ctrl+Shift+B",), "library", "git-branch"),
    Action("library.view", "Edit, split, preview in turn", ("Ctrl+P",), "library", "columns-2"),
    Action("library.add_message", "Add a message", ("Ctrl+Shift+M",), "library", "plus"),
    Action("library.add_examples", "Add examples (few-shot)", (), "library", "messages-square"),
    Action("library.add_history", "Add the chat history", (), "library", "messages-square"),
    Action("library.message_copy", "Duplicate the message", ("Ctrl+Alt+C",), "library", "copy-plus"),
    Action("library.message_role", "Change the role of the message", ("Ctrl+Alt+R",), "library", "user-round"),
    Action("library.message_remove", "Remove the message", ("Ctrl+Shift+Backspace",), "library", "trash-2"),
    Action("library.new_snippet", "New snippet", (), "library", "puzzle"),
    Action("library.insert_snippet", "Insert a snippet", ("Ctrl+Alt+I",), "library", "puzzle"),
    Action("library.attach", "Attach a picture or PDF", ("Ctrl+Shift+I",), "library", "paperclip"),
    Action("library.message_up", "Move the message up", ("Ctrl+Alt+Up",), "library", "arrow-up"),
    Action("library.message_down", "Move the message down", ("Ctrl+Alt+Down",), "library", ""),
    Action("library.collapse", "Collapse or open the message", ("Ctrl+M",), "library", ""),
    Action("library.add_override", "Add an override for one model", ("Ctrl+Shift+O",), "library", "sliders-horizontal"),
    Action("library.add_check", "Add a check that travels with the prompt", ("Ctrl+Shift+K",), "library", "circle-check"),
    Action("library.find", "Find in the messages", ("Ctrl+F",), "library", "search", by_screen=True),
    Action("library.replace", "Find and replace in the messages", ("Ctrl+H",), "library", "repeat"),
    Action("library.complete", "Complete a variable or a filter", ("Ctrl+Space",), "library", "braces", shown=False),
    Action("library.next_problem", "Next problem", ("F8",), "library", "triangle-alert"),
    Action("library.previous_problem", "Previous problem", ("Shift+F8",), "library", ""),
    Action("library.rename", "Rename the prompt", ("F2",), "library", "pencil"),
    Action("library.duplicate", "Duplicate the prompt", ("Ctrl+Shift+D",), "library", "copy-plus"),
    Action("library.archive", "Move the prompt to the archive", ("Del",), "library", "trash-2"),
    Action("library.move", "Move the prompt to a folder", (), "library", "folder-input"),
    Action("library.tags", "Change the tags", ("Ctrl+Shift+L",), "library", "tag"),
    Action("library.new_folder", "New folder", (), "library", "folder-plus"),
    Action("library.export_for", "Export for another tool", ("Ctrl+Shift+E",), "library", "upload"),
    Action("library.copy_curl", "Copy as curl", (), "library", "clipboard-copy"),
    Action("library.copy_python", "Copy as Python", (), "library", "clipboard-copy"),
    Action("library.discard", "Discard the unsaved edits", (), "library", "undo-2"),

    Action("compare.move", "Move between cells", ("Up", "Down", "Left", "Right", "Home", "End"), "compare", "", False, True),
    Action("compare.detail", "Into the detail panel", ("Return",), "compare", "", shown=False, by_screen=True),
    Action("compare.grid", "Back to the grid", ("Esc",), "compare", "", shown=False, by_screen=True),
    Action("compare.rate", "Rate with stars", ("1", "2", "3", "4", "5"), "compare", "star", shown=False, by_screen=True),
    Action("compare.unrate", "Clear the stars", ("0",), "compare", "", shown=False, by_screen=True),
    Action("compare.pass", "Pass", ("P",), "compare", "check"),
    Action("compare.fail", "Fail", ("F",), "compare", "x"),
    Action("compare.note", "Note on this answer", ("N",), "compare", "pencil"),
    Action("compare.criteria", "Rate by criteria, or give a score", ("C",), "compare", "list-filter"),
    Action("compare.label", "Label this answer", ("L",), "compare", "tag"),
    Action("compare.mark", "Mark the selected words of the answer", ("M",), "compare", "pencil"),
    Action("compare.history", "Who said what of this answer", ("Shift+H",), "compare", "user-round"),
    Action("compare.rater", "Let somebody else rate here", (), "compare", "user-round"),
    Action("compare.edit_criteria", "Criteria of this comparison", (), "compare", "list-filter"),
    Action("compare.edit_answer", "Edit the answer for training data", ("E",), "compare", "pencil-line"),
    Action("compare.training", "Export training data from ratings", (), "compare", "download"),
    Action("compare.definition", "Export the comparison as a promptfoo configuration", (), "compare", "download"),
    Action("compare.again", "Run this cell again", ("R",), "compare", "rotate-ccw"),
    Action("compare.column_again", "Run this column again", ("Alt+R",), "compare", "rotate-ccw"),
    Action("compare.case_again", "Run this case again", (), "compare", "rotate-ccw"),
    Action("compare.case_times", "Run this case several times", ("Shift+T",), "compare", "repeat"),
    Action("compare.failed_again", "Run all failed again", ("Shift+R",), "compare", "refresh-cw"),
    Action("compare.set_up", "Change the set-up of the comparison: prompts, models, cases, checks", (), "compare", "sliders-horizontal"),
    Action("compare.rerun", "Rerun the comparison as it was defined", (), "compare", "repeat"),
    Action("compare.checks", "Checks of this run, score again", ("Ctrl+Shift+K",), "compare", "circle-check"),
    Action("compare.packet", "Make a review packet for a colleague", ("Ctrl+Shift+P",), "compare", "file-text"),
    Action("compare.judge", "Judge this run", ("Ctrl+Shift+J",), "compare", "gavel"),
    Action("compare.judge_again", "Judge this run again", (), "compare", "gavel"),
    Action("compare.forget_code", "Ask again before Python code of checks runs", (), "compare", "rotate-ccw"),
    Action("compare.results", "Results of the run, or its answers", ("Ctrl+Shift+R",), "compare", "chart-column"),
    Action("compare.log", "Log of the run: what happened in order", ("Ctrl+Shift+L",), "compare", "file-text"),
    Action("compare.rename_cause", "Rename the cause of failure", ("F2",), "compare", "pencil", by_screen=True),
    Action("compare.move_cause", "Move a case to another cause of failure", ("M",), "compare", "corner-up-right", by_screen=True),
    Action("compare.chart_table", "Chart or table of a card", ("T",), "compare", "", shown=False, by_screen=True),
    Action("compare.to_baseline", "Compare the run with its baseline", (), "compare", "git-compare"),
    Action("compare.mark_baseline", "Mark the run as baseline", (), "compare", "bookmark-check"),
    Action("compare.pause", "Pause or continue", ("Space",), "compare", "pause", shown=True, by_screen=True),
    Action("compare.next_by_hand", "Next answer to give by hand", ("Ctrl+Shift+V",), "compare", "hand"),
    Action("compare.batch", "Hand the run over as batch", ("Ctrl+Shift+H",), "compare", "package"),
    Action("compare.batch_ask", "Ask now how far the batches are", (), "compare", "package"),
    Action("compare.batch_read", "Read the results of a batch from a file", (), "compare", "package-open"),
    Action("compare.batch_cancel", "Cancel the batches of the run", (), "compare", "package-x"),
    Action("compare.stop", "Stop the run", ("Ctrl+.",), "compare", "square"),
    Action("compare.previous_group", "Previous prompt version", ("[",), "compare", ""),
    Action("compare.next_group", "Next prompt version", ("]",), "compare", ""),
    Action("compare.differences", "Show differences", ("D",), "compare", "git-compare"),
    Action("compare.base", "Tell differences from this column", ("Shift+D",), "compare", "git-compare"),
    Action("compare.previous_repeat", "Previous repeat in this cell", (",",), "compare", "chevron-left"),
    Action("compare.next_repeat", "Next repeat in this cell", (".",), "compare", "chevron-right"),
    Action("compare.side_by_side", "Answers side by side in full", ("S",), "compare", "columns-2"),
    Action("compare.to_dataset", "Add the case to a dataset", (), "compare", "table-2"),
    Action("compare.find", "Find words in the answers", ("Ctrl+F",), "compare", "search", shown=False, by_screen=True),
    Action("compare.rows", "Filter and sort rows", ("Ctrl+Shift+F",), "compare", "list-filter"),
    Action("compare.find_next", "Next answer found", ("F3",), "compare", "search"),
    Action("compare.find_previous", "Previous answer found", ("Shift+F3",), "compare", ""),
    Action("compare.hide", "Hide the column", ("H",), "compare", "eye-off"),
    Action("compare.column_left", "Move the column to the left", ("Alt+Shift+Left",), "compare", ""),
    Action("compare.column_right", "Move the column to the right", ("Alt+Shift+Right",), "compare", ""),
    Action("compare.group_columns", "Group the columns by model or by prompt", ("G",), "compare", "columns-3"),
    Action("compare.height", "Row height", ("V",), "compare", "rows-3"),

    Action("review.start", "Start a review session", (), "review", "plus"),
    Action("review.rate", "Stars, or A better, B better, tie, both bad, or the place", ("1", "2", "3", "4", "5"), "review", "star",
           shown=False, by_screen=True),
    Action("review.criterion", "Rate the marked criterion", ("Shift+1", "Shift+5"), "review", "", shown=False, by_screen=True),
    Action("review.pause", "Pause the session or go on", ("Space",), "review", "pause", shown=True, by_screen=True),
    Action("review.export_votes", "Export votes", (), "review", "download"),
    Action("review.next", "Save and go on", ("Return",), "review", "", shown=False, by_screen=True),
    Action("review.note", "Note", ("N",), "review", "pencil"),
    Action("review.undo", "Undo the last rating", ("Z",), "review", "undo-2"),
    Action("review.skip", "Skip this one", ("S",), "review", "skip-forward"),
    Action("review.packet", "Make a review packet for a colleague", ("Ctrl+Shift+P",), "review", "file-text"),
    Action("review.find_next", "Next place that the search found", ("F3",), "review", "search"),
    Action("review.find_previous", "Previous place that the search found", ("Shift+F3",), "review", ""),
    Action("review.to_dataset", "Add the case to a dataset", (), "review", "table-2"),

    Action("insights.next", "Next case", ("J",), "insights", "chevron-down"),
    Action("insights.previous", "Previous case", ("K",), "insights", "chevron-up"),
    Action("insights.accept", "Accept the change", ("A",), "insights", "check"),
    Action("insights.flag", "Flag for fixing", ("F",), "insights", "flag"),
    Action("insights.case_times", "Run this case 5 times", ("Shift+T",), "insights", "repeat"),
    Action("insights.marks", "Mark words, lines or nothing", ("W",), "insights", "type"),
    Action("insights.all", "Changed cases or all", (), "insights", "list-filter"),
    Action("insights.diff", "All that changed in the prompt", ("Ctrl+D",), "insights", "git-compare"),
    Action("insights.prompt", "Open the prompt", (), "insights", "library-big"),
    Action("insights.answer", "Open the answer in Compare", (), "insights", "columns-3"),
    Action("insights.rerun", "Run again as it was defined", (), "insights", "rotate-ccw"),
    Action("insights.export", "Export what changed", (), "insights", "download"),
    Action("insights.baseline", "Make this the baseline", (), "insights", "bookmark-check"),

    Action("choose.formula", "How the fit is made", ("F",), "choose", "info"),
    Action("choose.even", "Give each weight the same", (), "choose", "equal"),
    Action("choose.presets", "Presets of weights and requirements", (), "choose", "sliders-horizontal"),
    Action("choose.server", "What an own server costs", (), "choose", "server"),
    Action("choose.note", "Copy the decision note as Markdown", (), "choose", "file-text"),
    Action("choose.export", "Export the scorecard as CSV", (), "choose", "download"),
    Action("spend.export", "Export the spending as CSV", (), "spend", "download"),
    Action("raters.next", "Next answer", ("J",), "raters", "chevron-down"),
    Action("raters.previous", "Previous answer", ("K",), "raters", "chevron-up"),
    Action("raters.people", "People are right", ("1",), "raters", "users-round"),
    Action("raters.judge", "The judge is right", ("2",), "raters", "gavel"),
    Action("raters.example", "Add as an example to the judge prompt", ("E",), "raters", "plus"),
    Action("raters.answer", "Open the answer in Compare", ("Ctrl+Return",), "raters", "columns-3"),
    Action("raters.rate", "Rate more answers that it judged", (), "raters", "star"),
    Action("raters.export", "Export judge and people as CSV", (), "raters", "download"),
    Action("raters.prompt", "Edit the judge prompt", (), "raters", "pencil"),

    Action("datasets.import", "Import a file of cases", (), "datasets", "file-spreadsheet"),
    Action("datasets.export", "Export the dataset as a table", (), "datasets", "upload"),
    Action("datasets.split", "Split the dataset or draw a sample", (), "datasets", "split"),
    Action("datasets.check", "Look for empty cells and near copies", (), "datasets", "shield-check"),
    Action("datasets.save", "Save a version of the dataset", ("Ctrl+S",), "datasets", "save"),
    Action("datasets.versions", "Versions of the dataset", ("Ctrl+D",), "datasets", "history"),
    Action("datasets.duplicate", "Duplicate the case", ("Ctrl+Shift+D",), "datasets", "copy-plus"),
    Action("datasets.rename", "Rename the dataset", ("F2",), "datasets", "pencil", by_screen=True),
    Action("datasets.move", "Move the dataset to a folder", (), "datasets", "folder-input"),
    Action("datasets.archive", "Delete the cases", ("Del",), "datasets", "trash-2", by_screen=True),

    Action("models.compare", "Compare the ticked models", (), "models", "columns-3"),
    Action("models.find", "Look for servers on this computer", (), "models", "search"),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


class ActionSet(QObject):
    """The table as QActions of one window: those of a screen act only while it is shown."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._single_keys = True
        self._place = ""
        for row in ACTIONS:
            action = QAction(row.text, self)
            action.setObjectName(row.id)
            self._actions[row.id] = action
        self._bind()

    def action(self, id: str) -> QAction:
        """The QAction of a row. Raises KeyError for an id that is not in the table."""
        return self._actions[id]

    def all(self) -> list[QAction]:
        """Every QAction in the order of the table."""
        return list(self._actions.values())

    def show_place(self, place: str) -> None:
        """Switch on the actions of one screen and off those of all others."""
        if self._place != place:
            self._place = place
            self._bind()

    def allow_single_keys(self, allowed: bool) -> None:
        """Switch keys without Ctrl or Alt on or off."""
        if self._single_keys != allowed:
            self._single_keys = allowed
            self._bind()

    @property
    def single_keys(self) -> bool:
        """True if single letters and digits act."""
        return self._single_keys

    def _bind(self) -> None:
        for row in ACTIONS:
            here = row.where in ("", self._place) and not row.by_screen
            keys = [key for key in row.keys if self._single_keys or not is_single(key)] if here else []
            self._actions[row.id].setShortcuts([QKeySequence(key) for key in keys])


def is_single(keys: str) -> bool:
    """True for a key that is a letter, digit or sign without Ctrl or Alt."""
    return len(keys.removeprefix("Shift+")) == 1


def shown_keys(keys: str) -> str:
    """Keys as people read them: `Ctrl S`, on macOS with its own signs."""
    if sys.platform == "darwin":
        return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
    if keys.endswith("++"):
        keys = keys[:-1] + "plus"
    names = {"Return": "Enter", "Del": "Delete", "Up": "↑", "Down": "↓", "Left": "←", "Right": "→"}
    return " ".join(names.get(part, part) for part in keys.split("+"))


def tooltip(id: str) -> str:
    """Text of an action with its first key, for a tooltip."""
    row = BY_ID[id]
    return f"{row.text} ({shown_keys(row.keys[0])})" if row.keys else row.text


_SCAN_BASE = {"linux": 9, "win32": 1}


def digit(event: QKeyEvent) -> int | None:
    """The digit 0 to 9 of a key press without Ctrl or Alt, also on layouts where the digit row needs Shift; else None."""
    from PySide6.QtCore import Qt  # kept with its only use

    if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
        return None
    if Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9:
        return int(event.key()) - int(Qt.Key.Key_0)
    base = _SCAN_BASE.get(sys.platform)
    if base is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
        return None
    place = event.nativeScanCode() - base
    return place % 10 if 1 <= place <= 10 else None
