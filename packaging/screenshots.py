"""Pictures of every screen, light and dark, from a filled workspace, without a display.

    python packaging/screenshots.py FOLDER [--size 1440x900] [--text 100] [--only library,compare]

Files are named as `01-library-light.png`. Smaller sizes and larger text get a mark in the name.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from choice_sample import choice_run
from filled_workspace import SLOW, fill, server
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QTabBar

from workbench.gui.app import Session, application
from workbench.gui.compare.checks_dialog import ChecksDialog
from workbench.gui.library.view import LibraryScreen
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.settings import Settings
from workbench.values import Check, Part

Shot = Callable[[Session, dict[str, int]], Any]


def settle(seconds: float = 0.4) -> None:
    """Let the window do what it has to for a while, and then until nothing is asked for any more."""
    quiet, end, latest = 0, time.monotonic() + seconds, time.monotonic() + seconds + 3
    while time.monotonic() < end or (quiet < 5 and time.monotonic() < latest):
        before = time.monotonic()
        QApplication.processEvents()
        # Rounds in which nothing took time follow each other when all answers have come and are laid out.
        quiet = quiet + 1 if time.monotonic() - before < 0.002 else 0
        time.sleep(0.01)


def open_dialogs() -> list[QDialog]:
    """Dialogs that are shown now, the lowest first."""
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible()]
    return sorted(found, key=lambda dialog: isinstance(dialog.parentWidget(), QDialog))


def picture(session: Session) -> QPixmap:
    """The window with its dialogs laid where a window manager would put them."""
    window = session.window
    image = window.grab()
    for dialog in open_dialogs():
        drawn = dialog.grab()
        frameless = bool(dialog.windowFlags() & Qt.WindowType.FramelessWindowHint)
        at = window.mapFromGlobal(dialog.pos()) if frameless else (window.rect().center() - dialog.rect().center())
        painter = QPainter(image)
        painter.drawPixmap(at if isinstance(at, QPoint) else QPoint(*at), drawn)
        painter.end()
    return image


def close_dialogs() -> None:
    """Leave every dialog without doing anything."""
    for dialog in reversed(open_dialogs()):
        dialog.reject()
    settle(0.1)


def choose_a_model(session: Session, ids: dict[str, int]) -> None:
    """Six models beside each other; the first picture brings them along."""
    if "choice" not in ids:
        ids["choice"] = choice_run(session.context.ws)
    session.context.go("choose", run_id=ids["choice"])
    settle(1.5)


def palette(session: Session, ids: dict[str, int]) -> None:
    """The palette with a word typed in."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle()
    session.context.action("go.palette").trigger()
    settle(0.2)
    open_dialogs()[0].findChildren(QLineEdit)[0].setText("ref")


def going(session: Session, ids: dict[str, int]) -> None:
    """A comparison while it streams."""
    run_id = session.context.ws.runs.start_comparison(ids["going"])
    session.context.start_run(run_id)
    session.context.go("compare", run_id=run_id)
    settle(2.5)


def handed_over(session: Session, ids: dict[str, int]) -> None:
    """A comparison whose calls lie with two batch services, one of them answering already."""
    ws = session.context.ws
    run_id = ws.runs.start_comparison(ids["going"])
    columns = sorted({batch.column for batch in ws.batches.write(run_id, Path(tempfile.mkdtemp(prefix="batches-"))).batches})
    for number, row in enumerate(ws.batches.of_run(run_id)):
        if number < len(columns) - 1 or number == 0:
            ws.batches.update(row, state="submitted", remote_id=f"batch-{number}", done=row.requests * 2 // 3, submitted_at=row.created_at)
    session.context.go("compare", run_id=run_id)
    settle(1.0)


def hand_over(session: Session, ids: dict[str, int]) -> None:
    """How a comparison is handed over, and what it costs."""
    session.context.go("compare", run_id=session.context.ws.runs.start_comparison(ids["going"]))
    settle()
    session.context.action("compare.batch").trigger()
    settle(1.0)


def by_hand(session: Session, ids: dict[str, int]) -> None:
    """A comparison in which some answers wait for a person, at the next of them."""
    session.context.go("compare", run_id=ids["by_hand"])
    settle()
    session.context.action("compare.next_by_hand").trigger()


def tab(number: int) -> Shot:
    """The library with another tab of its right panel."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        session.context.go("library", prompt_id=ids["prompt"])
        settle()
        session.window.findChildren(QTabBar)[0].setCurrentIndex(number)

    return shot


def two_prompts(session: Session, ids: dict[str, int]) -> None:
    """Two different prompts side by side."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle()
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    screen.version_verbs.diff_prompts([row for row in screen.chosen.all if row.id in (ids["prompt"], ids["triage"])])
    settle(1.0)


def found_words(place: str) -> Shot:
    """An answer that a search found, with its words marked."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        hits = session.context.ws.search.find("ref", only="output")
        output_id = next(hit.id for hit in hits if hit.run_id == ids["done"])
        session.context.go(place, run_id=ids["done"], output_id=output_id, words="ref")
        settle(1.0)

    return shot


def export_for(session: Session, ids: dict[str, int]) -> None:
    """What a prompt loses on its way to another tool."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle()
    session.context.action("library.export_for").trigger()
    settle(2.0)


def import_report(session: Session, ids: dict[str, int]) -> None:
    """What came of a folder in which one file is good, one brings more than can be carried over, and one is broken."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle()
    with tempfile.TemporaryDirectory(prefix="prompts-") as folder:
        for name, text in IMPORTED.items():
            Path(folder, name).write_text(text, "utf-8")
        report = session.context.ws.files.import_paths([folder])
        window, bridge = session.window, session.bridge
        ImportReportDialog(window, bridge, report, "Desktop/prompts-2026", open_thing=lambda *_: None, again=lambda _: None).open()
        settle(0.2)


def trigger(place: str, action: str, **at: Any) -> Shot:
    """Go to a place and trigger an action there."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        session.context.go(place, **{key: ids.get(value, value) for key, value in at.items()})
        settle()
        session.context.action(action).trigger()

    return shot


def review(kind: str, then: str = "") -> Shot:
    """A session of this kind over a run that went on for a while; `then`: "pause", "dialog", or "reveal" once all is judged."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        from workbench.values import Criterion, Scale
        from workbench.workspace import Choices

        ws = session.context.ws
        comparison = ws.runs.get(ids["done"]).comparison_id
        meant = {
            "Accuracy": "Policy applied correctly",
            "Tone": "Warm, not gushing",
            "Safety": "No private data, no false promise",
        }
        if comparison is not None and not ws.criteria.of_run(ids["done"]):
            for name, meaning in meant.items():
                ws.criteria.add(comparison, Criterion(name, Scale("stars", {"5": meaning, "4": meaning, "3": meaning})))
        rows = ws.criteria.of_run(ids["done"]) if kind == "pair" else ()
        criteria = tuple(row.id for row in rows)
        starred = [row.id for row in rows if row.criterion.scale.kind == "stars"]
        made = ws.reviews.start([ids["done"]], Choices(kind, "shuffled", criteria), seed=7)  # type: ignore[arg-type]
        seen = made.total if then == "reveal" else min(9, made.total - 1)
        for number in range(seen):
            if kind == "pair":
                columns = [ws.runs.output(output).column for output in made.items[number]]
                word = "tie" if number % 5 == 0 else "left" if (columns[0] < columns[1]) == bool(number % 3) else "right"
                ws.reviews.votes.vote(made.id, number, word, seconds=24)  # type: ignore[arg-type]
            ws.reviews.advance(made.id, number + 1, 24)
        session.context.go("review", session_id=made.id)
        settle(1.0)
        screen: Any = session.window.screen_at("review")
        if criteria and not then:
            for card, stars in zip(screen.cards, (5.0, 3.0), strict=True):
                for criterion in starred:
                    screen.model.criterion(card.answer.output_id, criterion, stars)
            screen.model.vote("left")
            screen.body.verdicts.show_winner("left")
        elif then == "pause":
            screen.pause()
        elif then == "dialog":
            screen.start()
        elif then == "reveal":
            screen.model.reveal()
        settle(1.0)

    return shot


def at(place: str, **where: Any) -> Shot:
    """Go to a place; values that name an id of the filled workspace are replaced by it."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        session.context.go(place, **{key: ids[value] if isinstance(value, str) and value in ids else value for key, value in where.items()})

    return shot


def results(run: str = "results_run") -> Shot:
    """What a run shows, once it is counted."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        session.context.go("compare", run_id=ids[run], tab="results")
        screen: Any = session.window.screen_at("compare")
        latest = time.monotonic() + 30
        while (screen.tabs.results.found is None or screen.tabs.results.answers.run_id != ids[run]) and time.monotonic() < latest:
            settle(0.1)

    return shot


def measured(tab: str) -> Shot:
    """A run whose judge is measured against people: its answers, or its results."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        run = next(run for run in session.context.ws.runs.list() if run.comparison == "Policy reply")
        results()(session, ids | {"results_run": run.id})
        screen: Any = session.window.screen_at("compare")
        if tab == "answers":
            screen.tabs.show_results(False)
            settle(2.0)
            checks = screen.page.detail.checks
            screen.page.detail.area.ensureWidgetVisible(checks, 0, checks.height() // 2)

    return shot


def checks(ask: bool) -> Shot:
    """The checks of a finished run with a group, a value that is wrong and Python code; with `ask`, what is asked before the code runs."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        session.context.go("compare", run_id=ids["done"])
        settle(1.0)
        session.context.action("compare.checks").trigger()
        settle(1.0)
        dialog = next(made for made in open_dialogs() if isinstance(made, ChecksDialog))
        group = [Check("contains", "refund").to_json(), Check("word-count", "20-400").to_json()]
        dialog.checks.add(Check("assert-set", group, "Shape", threshold=0.5))
        dialog.checks.add(Check("regex", "(order", "Order no.", weight=2))
        dialog.checks.add(Check("python", "len(output.split()) < 120 and context['vars']['ticket'] != output", "Short"))
        settle(2.0)
        if ask:
            dialog.trying.allow.click()
            settle(0.5)

    return shot


IMPORTED = {
    "refunds.yaml": "prompts:\n  - 'Answer {{ ticket }} within policy.'\nproviders: [echo]\ntests:\n"
    "  - vars: {ticket: The zip broke.}\n    assert:\n      - {type: contains, value: zip}\n"
    "      - {type: javascript, value: output.length < 900}\n",
    "handover.yaml": "prompts:\n\t- role: user\n",
    "tickets.csv": "ticket,reference\nThe tent pole snapped,exchange\nWhere is my parcel?,delivery\n",
}
"""Files of a made-up folder."""


def folder(show: bool) -> Shot:
    """The library kept in step with a folder in which a prompt was changed on both sides and a file cannot be read."""

    def shot(session: Session, ids: dict[str, int]) -> None:
        ws, place = session.context.ws, Path(session.context.ws.path).with_name("prompt-library")
        session.context.settings.set("folder_sync", "demand")
        if not place.exists():
            ws.folder.choose(place)
            ws.folder.sync()
            path = next(path for path in sorted(place.rglob("prompts/**/*.yaml")) if path.name == "refund-reply.yaml")
            row = ws.prompts.get(ids["prompt"])
            latest = ws.versions.latest(row.id)
            assert latest is not None
            content = ws.versions.content(latest.id)
            said = replace(content.messages[0], parts=(Part(text=content.messages[0].text + "\nSign with your first name."),))
            ws.versions.save(row.id, replace(content, messages=(said, *content.messages[1:])), "Signed")
            text = path.read_text("utf-8")
            path.write_text(
                text.replace("messages:", "# Agreed with the support team\nmessages:", 1).replace("You are", "You are always", 1), "utf-8"
            )
            (place / "prompts" / "handover.yaml").write_text("prompt: Handover\nmessages:\n\t- user: Write a note.\n", "utf-8")
        session.context.go("library", prompt_id=ids["prompt"])
        session.context.in_step.start()
        settle()
        session.context.in_step.sync(quiet=True)
        settle(1.0)
        if show:
            session.context.action("folder.show").trigger()
            settle(0.5)

    return shot


def judge_check(session: Session, ids: dict[str, int]) -> None:
    """The checks of a judged run, with the one that a model judges."""
    session.context.go("compare", run_id=ids["judged"])
    settle(0.8)
    session.context.action("compare.checks").trigger()
    settle(0.8)


def override(session: Session, ids: dict[str, int]) -> None:
    """The dialog of a parameter for one model alone."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle(0.8)
    session.context.action("library.add_override").trigger()
    settle(0.4)


def checks_of_prompt(session: Session, ids: dict[str, int]) -> None:
    """The end of the Parameters tab, with the checks that travel with a prompt."""
    tab(1)(session, ids)
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    screen._frame.show_right(True)
    settle(0.4)
    panel = screen.inspector.parameters
    panel.ensureWidgetVisible(panel.checks)


def travelling_checks(session: Session, ids: dict[str, int]) -> None:
    """The dialog of the checks that travel with a prompt."""
    session.context.go("library", prompt_id=ids["prompt"])
    settle(0.8)
    session.context.action("library.add_check").trigger()
    settle(0.6)


def with_travelling(session: Session, ids: dict[str, int]) -> None:
    """A comparison being set up whose prompt brings checks along."""
    session.context.go("compare", new=True, prompt_id=ids["summary"])
    settle(1.5)


SHOTS: tuple[tuple[str, Shot], ...] = (
    ("01-library", at("library", prompt_id="prompt")),
    ("01c-library-parameters", tab(1)),
    ("01i-library-override", override),
    ("01j-library-checks", travelling_checks),
    ("01k-library-checks-panel", checks_of_prompt),
    ("01d-library-estimate", tab(2)),
    ("01b-library-diff", trigger("library", "library.diff", prompt_id="triage")),
    ("01h-library-two-prompts", two_prompts),
    ("01e-library-folder", folder(False)),
    ("01f-library-conflict", folder(True)),
    ("01g-library-export-for", export_for),
    ("02-compare", at("compare", run_id="done")),
    ("02b-comparisons", at("compare", overview=True)),
    ("02c-setup", at("compare", new=True, prompt_id="triage")),
    ("02d-by-hand", by_hand),
    ("02e-checks", checks(False)),
    ("02f-checks-code", checks(True)),
    ("02y-set-up-travelling", with_travelling),
    ("02g-side-by-side", trigger("compare", "compare.side_by_side", run_id="done")),
    ("02t-rows", trigger("compare", "compare.rows", run_id="done")),
    ("02h-batch", handed_over),
    ("02i-hand-over", hand_over),
    ("02l-judged", at("compare", run_id="judged")),
    ("02m-unjudged", at("compare", run_id="unjudged")),
    ("02n-judge-check", judge_check),
    ("02k-results", results()),
    ("02x-results-judged", measured("results")),
    ("02u-measured-judge", measured("answers")),
    ("02v-results-two-prompts", results("two_by_two_run")),
    ("02w-log", at("compare", run_id="results_run", tab="log")),
    ("02o-training", trigger("compare", "compare.training", run_id="done")),
    ("02p-edit-answer", trigger("compare", "compare.edit_answer", run_id="done")),
    ("02q-judgement", trigger("compare", "compare.criteria", run_id="done")),
    ("02r-criteria", trigger("compare", "compare.edit_criteria", run_id="done")),
    ("02s-who-said-what", trigger("compare", "compare.history", run_id="done")),
    ("03-review", at("review", run_id="done")),
    ("02j-found-words", found_words("compare")),
    ("19b-make-packet", trigger("compare", "compare.packet", run_id="done")),
    ("03c-review-found-words", found_words("review")),
    ("03d-review-pairs", review("pair")),
    ("03e-review-ranking", review("rank")),
    ("03f-review-start", review("pair", "dialog")),
    ("03g-review-paused", review("pair", "pause")),
    ("03h-review-reveal", review("pair", "reveal")),
    ("03b-regression", at("insights", run_id="rerun", baseline_id="first_run")),
    ("03t-regression-times", trigger("insights", "insights.case_times", run_id="rerun", baseline_id="first_run")),
    ("03d-raters", at("raters")),
    ("03s-spend", at("spend", by="model")),
    ("04-datasets", at("datasets", dataset_id="dataset")),
    ("04b-dataset-versions", trigger("datasets", "datasets.versions", dataset_id="dataset")),
    ("04c-dataset-old", at("datasets", version_id="old_version")),
    ("05-models", at("models")),
    ("05b-connect", at("models", connect="openai")),
    ("05c-connect-by-hand", at("models", connect="by-hand")),
    ("06-settings", at("settings", section="appearance")),
    ("06b-settings-storage", at("settings", section="storage")),
    ("07-welcome", at("welcome")),
    ("08-palette", palette),
    ("09-keys", trigger("compare", "help.keys", run_id="done")),
    ("10-running", going),
    ("04d-choose-a-model", choose_a_model),
    ("11-differences", trigger("compare", "compare.differences", run_id="done")),  # they stay on
    ("12-import-report", import_report),  # the last one: what it brings would be on the others
)


def main() -> None:
    """Make the pictures and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--text", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--themes", default="light,dark")
    options = parser.parse_args()
    wide, high = (int(part) for part in options.size.split("x"))
    mark = ("" if options.size == "1440x900" else f"-{options.size}") + ("" if options.text == 100 else f"-{options.text}")
    options.folder.mkdir(parents=True, exist_ok=True)
    home = tempfile.TemporaryDirectory(prefix="screenshots-home-")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):  # nothing of the user's is shown or touched
        os.environ[name] = str(Path(home.name) / name.lower())
    application()
    failed: list[str] = []
    sys.excepthook = lambda kind, error, trace: failed.append(f"{kind.__name__}: {error}") or sys.__excepthook__(kind, error, trace)  # type: ignore[func-returns-value]
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, server() as answers:
        settings = Settings(Path(folder) / "settings.json")
        base_url = f"http://127.0.0.1:{answers.server_address[1]}/v1"
        path = Path(folder) / "support-desk.db"
        ids = fill(path, settings, base_url)
        setattr(answers, SLOW, 0.12)
        for theme in options.themes.split(","):
            settings.set("theme", theme)
            settings.set("text_size", options.text)
            settings.set("last.place", "settings")
            settings.set("last.stopped", None)
            session = Session(path, settings)
            session.window.resize(wide, high)
            session.window.show()
            while session.context.workspace is None:
                settle(0.05)
            for name, shot in SHOTS:
                if options.only and not any(word in name for word in options.only.split(",")):
                    continue
                before = len(failed)
                try:
                    shot(session, ids)
                except Exception as error:
                    failed.append(f"{name}: {error!r}")
                settle(0.2 if name == "10-running" else 0.8)
                file = options.folder / f"{name}-{theme}{mark}.png"
                picture(session).save(str(file))
                print(file if len(failed) == before else f"{file}  FAILED: {failed[-1]}")
                close_dialogs()
            session.window.hide()
            session.end()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # no event loop runs here that would
    home.cleanup()
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
