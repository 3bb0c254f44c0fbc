"""Every setting, declared once: the settings page and the command line draw themselves from this table."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Literal

import platformdirs

from workbench.quick_dataclass import dataclass
from workbench.whole_file import PRIVATE, beside


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `kind` decides the control; `choices` are (value, text) pairs for kind `choice`, and the first ones for kind `model`,
    which goes on with titles of embedding models."""

    key: str
    section: str
    title: str
    short: str
    long: str
    kind: Literal["choice", "flag", "number", "money", "model", "text", "folder"]
    default: Any
    choices: tuple[tuple[Any, str], ...] = ()
    low: float | None = None
    high: float | None = None


SECTIONS = (
    ("appearance", "Appearance and text size"),
    ("keyboard", "Keyboard"),
    ("runs", "Runs"),
    ("spending", "Spending caps"),
    ("storage", "Storage and backups"),
    ("network", "Network"),
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "theme",
        "appearance",
        "Theme",
        "Colours of the whole window.",
        "Changes with the system without a restart. Exported charts and printed reports always use light.",
        "choice",
        "system",
        (("light", "Light"), ("dark", "Dark"), ("system", "As the system")),
    ),
    Setting(
        "text_size",
        "appearance",
        "Text size",
        "Everything grows, not only answers.",
        "Rows and buttons grow with the text, so fewer cases fit. Ctrl + and Ctrl - do the same anywhere.",
        "choice",
        100,
        ((90, "90%"), (100, "100%"), (115, "115%"), (130, "130%"), (150, "150%")),
    ),
    Setting(
        "less_motion",
        "appearance",
        "Less motion",
        "Bars and notices change at once.",
        "Also follows the system setting. Text still appears as a model writes it.",
        "flag",
        False,
    ),
    Setting(
        "contrast",
        "appearance",
        "High contrast lines",
        "Stronger edges, no soft fills.",
        "For glare, projectors and low vision. State chips keep their words and marks.",
        "choice",
        "system",
        (("on", "On"), ("off", "Off"), ("system", "As the system")),
    ),
    Setting(
        "single_keys",
        "keyboard",
        "Single-letter keys",
        "P, F, N, 1 to 5 and the like.",
        "Off suits speech input and shaky hands: a stray letter cannot rate or skip. Arrows, Enter and all Ctrl keys still work.",
        "flag",
        True,
    ),
    Setting(
        "concurrency",
        "runs",
        "At once",
        "Calls in flight for one model connection.",
        "More is faster until the provider slows you down. The built-in model takes one at a time.",
        "number",
        4,
        (),
        1,
        64,
    ),
    Setting(
        "timeout_s",
        "runs",
        "Longest silence",
        "Seconds without a word before a call is ended.",
        "A call that was ended may still be charged by the provider.",
        "number",
        60,
        (),
        5,
        3600,
    ),
    Setting(
        "left_out",
        "runs",
        "What a model does not take",
        "A seed, a picture, and the like.",
        "Left out, the answer says so, and so does the set-up. Refused, a comparison does not start until all its models take the same.",
        "choice",
        "note",
        (("note", "Left out, with a note"), ("refuse", "Not sent")),
    ),
    Setting(
        "max_retries",
        "runs",
        "Tries again",
        "After a slow-down or a server fault.",
        "A wrong key or a used-up quota is never tried again.",
        "number",
        4,
        (),
        0,
        10,
    ),
    Setting(
        "allowed_worse",
        "runs",
        "Worse cases allowed",
        "A rerun beside its baseline.",
        "More worse cases than this, and Insights says so. On the command line: workbench diff --allow-worse.",
        "number",
        0,
        (),
        0,
        10_000,
    ),
    Setting(
        "told_difference",
        "runs",
        "Difference to tell",
        "Points of pass rate between two columns.",
        "The set-up warns where the cases are too few to tell one this small from chance, four times out of five. 0: no warning.",
        "number",
        10,
        (),
        0,
        100,
    ),
    Setting(
        "embedding_model",
        "runs",
        "Embedding model",
        "Compares meanings for the check “means”.",
        "MiniLM reads English best and sends nothing away. Any embedding model in Models can take its place; the texts then go there.",
        "model",
        "",
        (("", "MiniLM on this computer"),),
    ),
    Setting(
        "judge_model",
        "runs",
        "Judge",
        "Asked by checks that a model judges.",
        "A check may name another. What it judges goes to this model's provider, and costs what its calls cost.",
        "model",
        "",
        (("", "None chosen"),),
    ),
    Setting(
        "cap_run_usd",
        "spending",
        "A comparison",
        "Stops, nothing is lost.",
        "Finished answers stay. You can raise the cap and continue from the same cell. A model without a known price does not count.",
        "money",
        "5.00",
    ),
    Setting(
        "cap_day_usd",
        "spending",
        "A day",
        "All comparisons of a day together.",
        "No call is sent that might pass it; the rest waits and can be gone on with tomorrow, or with a higher cap. 0 sets none.",
        "money",
        "0.00",
    ),
    Setting(
        "ask_above_usd",
        "spending",
        "Ask before starting above",
        "Shows the estimate first.",
        "Estimates count your own past answers where there are any.",
        "money",
        "1.00",
    ),
    Setting(
        "author",
        "storage",
        "Your name",
        "Stands beside what you rate, the versions that you save and the labels that you move.",
        "It goes along when the library or ratings are exported. Empty: nobody is named, and ratings are by me. On a server your account's "
        "name stands beside ratings.",
        "text",
        "",
    ),
    Setting(
        "folder_sync",
        "storage",
        "Keep in step",
        "The library and its folder of files.",
        "When something changes on one side, the other follows within seconds. On demand: only when you say so.",
        "choice",
        "auto",
        (("auto", "When files change"), ("demand", "On demand")),
    ),
    Setting(
        "backups_kept",
        "storage",
        "Backups",
        "Copies of the workspace file kept.",
        "One is made each day the app runs, one before each change of the file's format. They lie in the folder backups beside it.",
        "number",
        7,
        (),
        1,
        60,
    ),
    Setting(
        "exchange_days",
        "storage",
        "Raw requests and replies",
        "Days to keep them.",
        "Only the raw traffic is removed, with keys already taken out. Answers, ratings and figures stay for ever. 0 keeps it all.",
        "number",
        90,
        (),
        0,
        3650,
    ),
    Setting(
        "local_only",
        "network",
        "This computer only",
        "Refuses every address beyond it.",
        "The built-in model, Ollama, LM Studio and servers on this computer still work.",
        "flag",
        False,
    ),
)

BY_KEY = {setting.key: setting for setting in SETTINGS}


def data_folder() -> Path:
    """The user's data folder of this app; not created here."""
    return Path(platformdirs.user_data_path("prompt-workbench", appauthor=False))


def default_workspace() -> Path:
    """The workspace file that opens when none is named."""
    return data_folder() / "workbench.db"


class Settings:
    """The user's settings: one small JSON file that holds only what differs from the default.

    A value that is not of the declared form counts as absent, so that a hand-edited file never stops the app. May be used by any thread.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(platformdirs.user_config_path("prompt-workbench", appauthor=False)) / "settings.json"
        self.problem = ""
        """One sentence where the last change could not be kept in the file; it counts until the app is closed."""
        self._listeners: list[Callable[[str], None]] = []
        self._unwritten: set[str] = set()
        self._writing = threading.Lock()
        self._let_write: Callable[[], object] = self.flush
        self._values = self._read()

    def get(self, key: str) -> Any:
        """The value of a declared setting, or of a free key (window layout, last screen); None if a free key is absent."""
        return self._values.get(key, BY_KEY[key].default if key in BY_KEY else None)

    def set(self, key: str, value: Any) -> None:
        """Keep a value; the file is written at once, or by whoever `write_behind` names. Raises ValueError for a declared setting whose
        form it does not have."""
        if key in BY_KEY and not is_valid(BY_KEY[key], value):
            raise ValueError(f"{BY_KEY[key].title}: {value!r} is not possible here")
        if self.get(key) == value:
            return
        self._values[key] = value
        self._unwritten.add(key)
        self._let_write()
        for listener in self._listeners:
            listener(key)

    def write_behind(self, let_write: Callable[[], object] | None) -> None:
        """From now on call this after each change, instead of writing: it lets another thread call `flush`. None: write at once again."""
        self._let_write = let_write or self.flush

    def flush(self) -> str:
        """`problem`, once all that was set is in the file, or cannot be written there."""
        with self._writing:
            keys = tuple(self._unwritten)
            if keys:
                try:
                    self._unwritten.difference_update(keys)  # before the values are read: what is set meanwhile is written again
                    self._write(keys)
                    self.problem = ""
                except OSError as error:  # a window must not fail to close because its size cannot be kept
                    self._unwritten.update(keys)
                    self.problem = f"{self.path} cannot be written ({error.strerror}). The change lasts until you close the app."
            return self.problem

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener(key)` after each change."""
        self._listeners.append(listener)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        known = found.items() if isinstance(found, dict) else ()
        return {key: value for key, value in known if key not in BY_KEY or is_valid(BY_KEY[key], value)}

    def _write(self, keys: Collection[str]) -> None:
        """Change keys in the file. The others are as they lie there: a second window may have changed them since."""
        kept = self._read() | {key: self._values[key] for key in keys}
        for key in keys:
            if key in BY_KEY and kept[key] == BY_KEY[key].default:
                del kept[key]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with beside(self.path, mode=PRIVATE) as new:
            new.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
            new.replace(self.path)


def is_valid(setting: Setting, value: Any) -> bool:
    """True if the value has the declared form and lies within the declared bounds."""
    if setting.kind == "flag":
        return isinstance(value, bool)
    if setting.kind == "choice":
        return any(value == choice and type(value) is type(choice) for choice, _ in setting.choices)
    if setting.kind == "number":
        return (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and (setting.low is None or value >= setting.low)
            and (setting.high is None or value <= setting.high)
        )
    if setting.kind == "money":
        return isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit()
    return isinstance(value, str)
