"""The New comparison dialog and what stands before a run: keys, checks, datasets, drafts, many calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import OpenCompare, dialogs, opening
from tests.run_workspace import Filled, content, executed, fill
from tests.test_gui_compare_run import key, over, setup, shown_run
from workbench.evaluators import TYPES
from workbench.gui.cells import State, held_words
from workbench.gui.checks.kinds import ALIASES, CHECK_TYPES
from workbench.gui.checks.row import NOTHING, REFERENCE, CheckRowWidget
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.sum_line import SumLine
from workbench.gui.key_dialog import KeyDialog
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.dialog import Dialog
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Message, Price, PromptRef
from workbench.workspace import EmbeddingStatus, Workspace

__all__ = ["opening"]

Start = Callable[..., FakeProvider]
KEY = "the-right-one-of-this-test"


def press(dialog: QWidget, text: str) -> None:
    next(made for made in dialog.findChildren(Button) if made.text() == text).click()


def asked(qtbot: QtBot) -> KeyDialog:
    """The key dialog, once it is open."""
    qtbot.waitUntil(lambda: any(isinstance(made, KeyDialog) for made in dialogs()), timeout=10_000)
    return next(made for made in dialogs() if isinstance(made, KeyDialog))


def enter(dialog: KeyDialog, text: str, button: str) -> None:
    dialog.findChildren(QLineEdit)[0].setText(text)
    press(dialog, button)


# Keys


def forgotten(tmp_path: Path, settings: Settings, provider: FakeProvider) -> tuple[Filled, int]:
    """A workspace whose connection had a key for an earlier session, and a run that was made with it."""
    filled = fill(tmp_path / "desk.db", settings, provider.base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        run = ws.runs.start_comparison(filled.comparison)

        async def go() -> None:
            async for _event in ws.runs.execute(run):
                pass

        ws.connections.set_key(ws.connections.find("Stand-in").id, KEY)  # no key store here: it ends with this workspace
        asyncio.run(go())
    provider.configure(require_key=KEY)
    provider.reset()
    return filled, run


def test_a_rerun_without_its_key_asks_for_it_and_sends_nothing_before(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider()
    filled, run = forgotten(tmp_path, settings, provider)
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    screen.rerun()
    dialog = asked(qtbot)
    assert dialog.heading.text() == "Key of Stand-in"
    dialog.reject()
    assert len(screen.context.ws.runs.list()) == 1, "Cancel starts nothing"
    screen.rerun()
    enter(asked(qtbot), KEY, "Save and start")
    qtbot.waitUntil(lambda: screen.model.run_id not in (None, run), timeout=10_000)
    over(qtbot, screen)
    assert screen.model.run is not None
    assert (screen.model.run.done, screen.model.run.failed) == (16, 0)
    assert provider.stats()["requests"] >= 16


def test_a_new_comparison_asks_for_a_missing_key_instead_of_starting(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider()
    filled, _run = forgotten(tmp_path, settings, provider)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    qtbot.waitUntil(lambda: dialog.start_button.isEnabled(), timeout=10_000)
    dialog.start_button.click()
    made = asked(qtbot)
    qtbot.waitUntil(lambda: "keys last for this session" in made.place.text(), timeout=10_000)
    enter(made, KEY, "Save and start")
    qtbot.waitUntil(lambda: len(screen.context.ws.runs.list()) == 2, timeout=10_000)
    qtbot.waitUntil(lambda: screen.model.run_id is not None, timeout=10_000)
    over(qtbot, screen)
    assert screen.model.run is not None
    assert screen.model.run.failed == 0


def test_a_call_that_was_refused_without_a_key_says_so_and_leads_to_the_key(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider(require_key=KEY)
    filled = fill(tmp_path / "desk.db", settings, provider.base_url)
    run = executed(filled, settings)  # nobody knew that this server wants a key
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    shown = screen.page.current()
    assert shown is not None
    assert shown.state is State.HELD
    title, sentence, fixes = held_words(shown.cell.error, screen.model.grid.columns[0])
    assert (title, sentence) == ("No key (401)", "No key for Stand-in in this session, so none was sent. This call waits for one.")
    assert fixes[0] == ("key", "Add key")
    assert screen.page.run_bar.done.bar is not None
    assert screen.page.run_bar.done.bar.segments(100) == [], "nothing is lost, and nothing has failed"
    assert screen.page.run_bar.done.right[1].text() == "16 on hold"
    screen.page.cell_menu.fix(shown, "key")
    dialog = asked(qtbot)
    assert dialog.heading.text() == "Key of Stand-in"
    enter(dialog, KEY, "Save the key")
    offers: list[str] = []
    screen.context.noticed.connect(lambda _text, action, _verb: offers.append(action))
    qtbot.waitUntil(lambda: "Continue" in offers, timeout=10_000)
    screen.page.model.go_on()
    qtbot.waitUntil(lambda: screen.model.running, timeout=10_000)
    over(qtbot, screen)
    assert screen.model.run is not None
    assert (screen.model.run.done, screen.model.run.failed) == (16, 0)
    qtbot.waitUntil(lambda: screen.context.ws.connections.find("Stand-in").state.get("test", {}).get("ok") is True)


def test_only_what_is_not_reused_is_counted_on_the_button_that_starts(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    server = fakeprovider()
    filled = fill(tmp_path / "desk.db", settings, server.base_url, cases=4, models=1)
    run = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    screen.context.action("compare.set_up").trigger()
    qtbot.waitUntil(lambda: any(isinstance(made, SetupDialog) for made in dialogs()), timeout=10_000)
    dialog = next(made for made in dialogs() if isinstance(made, SetupDialog))
    qtbot.waitUntil(lambda: dialog.start_button.text() == "Start 8 calls", timeout=10_000)
    dialog.reuse.setChecked(True)
    qtbot.waitUntil(lambda: dialog.start_button.text() == "Start 8 reused", timeout=10_000)
    dialog.numbers.repeats.setValue(2)
    qtbot.waitUntil(lambda: dialog.start_button.text() == "Start 8 calls", timeout=10_000)
    assert dialog.found is not None
    assert all(tokens > 5 for tokens in dialog.found.tokens.values()), "what one call sends is the same, however many are reused"
    dialog.reject()


# Checks


def test_a_new_check_compares_with_the_reference_and_is_kept(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    screen = opening(filled)
    dialog = setup(qtbot, screen)
    press(dialog.checks, "Add check")
    assert dialog.checks.checks == (Check("contains", REFERENCE),)
    dialog.save_button.click()
    qtbot.waitUntil(lambda: len(screen.overview.families) == 2, timeout=10_000)
    name = next(family.name for family in screen.overview.families if family.name != "Refunds")
    assert screen.context.ws.comparisons.find(name).definition.checks == (Check("contains", REFERENCE),)


def test_a_check_without_a_value_is_marked_and_nothing_starts(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled))
    dialog.checks.has_reference = False
    press(dialog.checks, "Add check")
    row = dialog.checks.rows[0]
    assert row.problem.isHidden(), "nobody is told off before having typed"
    dialog.start_button.click()
    assert (row.value.property("state"), row.problem.isHidden(), row.problem.text()) == ("error", False, NOTHING)
    assert not dialog.context.ws.runs.list()
    dialog.save_button.click()
    assert dialog.isVisible()
    row.value.setText("order")
    assert row.problem.isHidden()
    row.value.setText("")
    assert not row.problem.isHidden()
    row.on.setChecked(False)
    assert row.problem.isHidden()
    assert not dialog.checks.refuse()


# Datasets, drafts, many calls, old figures


def test_the_dataset_that_has_what_the_prompt_needs_is_chosen(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        other = ws.datasets.create("Almost")
        ws.datasets.add_cases(other, [Case({"text": "nothing that fits"})])
        fits = ws.datasets.create("Zoo")
        ws.datasets.add_cases(fits, [Case({"animal": "owl"})])
        animals = ws.prompts.create("Animals", "", Content((Message.of("user", "Tell of the {{ animal }}"),)))
        ws.versions.save(animals, Content((Message.of("user", "Tell of the {{ animal }}."),)))
        golden, zoo = ws.datasets.get(filled.dataset).uid, ws.datasets.get(fits).uid
    screen = opening(filled)
    for prompt, wanted in ((animals, zoo), (filled.prompt, golden)):
        dialog = setup(qtbot, screen, prompt_id=prompt)
        assert dialog.cases.uid == wanted
        dialog.reject()
    dialog = setup(qtbot, screen)
    assert dialog.cases.uid == zoo, "the prompt that was changed last is offered"


def test_unsaved_edits_of_a_prompt_can_be_saved_and_run(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        ws.versions.save_draft(filled.prompt, content("Say it in one word."))
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt)
    first, second = dialog.prompts.rows
    assert (first.unsaved.isHidden(), second.unsaved.isHidden()) == (False, True)
    press(first.unsaved, "Save as v3 and use it")
    uid = screen.context.ws.prompts.get(filled.prompt).uid
    qtbot.waitUntil(lambda: dialog.prompts.refs == (PromptRef(uid, 3), PromptRef(uid, 1)), timeout=10_000)
    assert all(row.unsaved.isHidden() for row in dialog.prompts.rows)
    newest = screen.context.ws.versions.latest(filled.prompt)
    assert newest is not None
    assert screen.context.ws.versions.content(newest.id) == content("Say it in one word.")


def test_more_than_a_thousand_calls_are_started_only_after_a_question(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=260)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    qtbot.waitUntil(lambda: dialog.start_button.text() == "Start 1,040 calls" and dialog.start_button.isEnabled(), timeout=10_000)
    dialog.start_button.click()
    question = next(made for made in dialogs() if isinstance(made, Dialog) and made.heading.text() == "Start 1,040 calls?")
    question.reject()
    QApplication.processEvents()
    assert dialog.isVisible()
    assert not screen.context.ws.runs.list()


def test_how_long_a_prompt_is_takes_no_room_from_its_name(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt)
    row = dialog.prompts.rows[0]
    row.show_tokens(None)
    without = row.minimumSizeHint().width()
    row.show_tokens(123_456)
    assert row.tokens.text() == "about 123,456 tokens in"
    assert row.minimumSizeHint().width() == without, "with large text the column would be wider than its room, and cut"
    advance = row.tokens.fontMetrics().horizontalAdvance
    for words, room in (("about 123,456 tokens in", 1), ("123,456 in", 1), ("", -1)):
        row.tokens.resize(advance(words or "123,456 in") + room, 20)
        assert row.tokens.shown() == words


def test_figures_of_earlier_choices_are_not_said_of_new_ones(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    with closing(Workspace.open(filled.path, settings)) as ws:
        ws.versions.save(filled.prompt, Content((Message.of("user", "{{ input }} in {{ ticket_lang }}"),)))
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt, versions=[3])
    qtbot.waitUntil(lambda: not dialog.cases.warning.isHidden() and "about <$" in dialog.sum.text, timeout=10_000)
    dialog.prompts.rows[0].version.setCurrentIndex(dialog.prompts.rows[0].version.findText("v1"))
    assert dialog.cases.warning.isHidden()
    assert dialog.sum.text == "1 prompt × 1 model × 4 cases × 1 = 4 calls"
    assert dialog.models.list.stale
    qtbot.waitUntil(lambda: "about <$" in dialog.sum.text and not dialog.models.list.stale, timeout=10_000)
    assert dialog.cases.warning.isHidden()


def test_verdicts_stand_beside_the_checks_and_count_in_nothing_else(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    from workbench.gui.compare.header import progress_words

    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    before = screen.model.grid.columns[0]
    assert progress_words(before) == f"{before.passed} of {before.checked}"
    key(screen, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: screen.model.grid.columns[0].judged == 1, timeout=10_000)
    column = screen.model.grid.columns[0]
    assert (column.passed, column.pass_rate, column.said_pass) == (before.passed, before.pass_rate, 0)
    assert progress_words(column) == f"{before.passed} of {before.checked}, you 0 of 1"
    QTest.keyClick(screen.page.table.main, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: screen.model.grid.columns[0].said_pass == 1, timeout=10_000)


def test_a_check_of_meaning_has_a_threshold_and_says_what_it_lacks(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt, model_ids=list(filled.models))
    dialog.checks.add_new()
    row = dialog.checks.rows[-1]
    row.value.setText("{{ reference }}")
    assert (row.likeness.isHidden(), dialog.checks._lacking.isHidden()) == (True, True)
    row.type.setCurrentIndex(row.type.findData("similar"))
    assert row.type.currentText() == "means"
    assert not row.likeness.isHidden()
    assert row.check == Check("similar", "{{ reference }}")
    row.threshold.setValue(0.6)
    assert row.check == Check("similar", "{{ reference }}", threshold=0.6)
    assert "Without it this check has no verdict." in dialog.checks._lacking.text()
    row.on.setChecked(False)
    assert dialog.checks._lacking.isHidden()
    row.on.setChecked(True)

    ended = EmbeddingStatus(False, "The embedding model has not been fetched yet (21 MB, once).", "", can_fetch=True)
    dialog.checks.show_embedding(ended)
    assert not dialog.checks.fetch.isHidden()

    async def fetch(_ws: Workspace) -> None:
        monkeypatch.setattr(Workspace, "embedding_status", lambda _ws: EmbeddingStatus(True, "MiniLM compares meanings."))

    monkeypatch.setattr(Workspace, "fetch_embedding_model", fetch)
    dialog.checks.fetch.click()
    qtbot.waitUntil(lambda: dialog.checks._lacking.isHidden() and dialog.checks.fetch.isHidden())
    row.type.setCurrentIndex(row.type.findData("contains"))
    assert row.check == Check("contains", "{{ reference }}")
    row.type.setCurrentIndex(row.type.findData("bleu"))
    assert (row.likeness.isHidden(), row.threshold.value(), row.check) == (False, 0.5, Check("bleu", "{{ reference }}"))
    row.type.setCurrentIndex(row.type.findData("no-secrets"))
    assert (row.likeness.isHidden(), row.value.isEnabled(), row.check) == (True, False, Check("no-secrets"))
    row.type.setCurrentIndex(row.type.findData("latency"))
    assert not dialog.checks.rows[-1].complete
    row.value.setText("1500")
    assert row.check == Check("latency", "1500")
    dialog.reject()


def test_every_kind_of_check_that_is_offered_can_run_and_is_explained() -> None:
    for kind, said, explained in CHECK_TYPES:
        assert kind in TYPES
        assert said
        assert explained
    assert len({said for _, said, _ in CHECK_TYPES}) == len(CHECK_TYPES)
    plain = {kind for kind in TYPES if not kind.startswith("not-")}
    assert plain - ALIASES <= {kind for kind, _, _ in CHECK_TYPES}, "a kind is not offered"


def test_a_limit_from_a_file_stays_as_it_was(qtbot: QtBot) -> None:
    for check in (Check("latency", threshold=1500.0), Check("bleu", "a", threshold=0.3), Check("not-is-sql", {"allowedTables": ["a"]})):
        row = CheckRowWidget(check)
        qtbot.addWidget(row)
        assert row.check == check


def test_cases_that_are_too_few_to_tell_the_difference_wanted_are_said_to_be(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=60)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models), dataset_id=filled.dataset)
    few = dialog.cases.few
    qtbot.waitUntil(lambda: few.isVisible())
    assert few.text() == "60 cases can tell two columns apart from about 18 points of pass rate on. 10 points take about 207 cases."
    settings.set("told_difference", 20)
    dialog.numbers.repeats.setValue(2)
    qtbot.waitUntil(lambda: not few.isVisible())
    settings.set("told_difference", 0)
    dialog.numbers.repeats.setValue(1)
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.few == "" and dialog.found.estimate is not None)
    assert not few.isVisible()


def test_a_figure_of_the_sum_stays_beside_its_unit(qtbot: QtBot) -> None:
    line = SumLine()
    qtbot.addWidget(line)
    figure = theme().width("3", "section", 600)
    line.say([("3 seconds", True)])
    assert line.heightForWidth(figure + 1) == line.heightForWidth(1000)
    line.say([("3 seconds", False)])
    assert line.heightForWidth(figure + 1) > line.heightForWidth(1000)


def test_a_model_of_which_no_call_fits_under_the_cap_is_told_before_a_run(
    qtbot: QtBot, tmp_path: Path, settings: Settings, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, "http://127.0.0.1:9/v1", cases=2, models=1)
    with closing(Workspace.open(filled.path, settings)) as ws:
        connection = ws.connections.list()[0].id
        dear = ws.connections.add_model(connection, "dear", "Dear", price=Price(Decimal(0), Decimal(2000)))
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt, model_ids=[filled.models[0], dear])
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.estimate is not None)
    assert dialog.models._doubts.text() == (
        "One call of Dear may cost up to $8.19, and the cap of the run is $5.00: none is sent. "
        "Set its longest answer (max_tokens), or a higher cap."
    )
    dialog.numbers.stop_at.setText("9")
    qtbot.waitUntil(lambda: not dialog.models.warning.isVisible())
    dialog.numbers.repeats.setValue(20)
    qtbot.waitUntil(lambda: "the run stops before" in dialog.models._doubts.text())
    assert dialog.found is not None
    assert dialog.found.estimate is not None
    cost = dialog.found.estimate.cost_usd
    assert dialog.models._doubts.text() == f"About ${cost:.2f} is more than the cap of $9.00: the run stops before all calls are made."
    dialog.reject()


def test_models_whose_context_is_too_small_or_that_stop_soon_are_told_before_a_run(
    qtbot: QtBot, tmp_path: Path, settings: Settings, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, "http://127.0.0.1:9/v1", cases=2, models=1)
    ends = date.today() + timedelta(days=20)
    with closing(Workspace.open(filled.path, settings)) as ws:
        ws.datasets.add_cases(filled.dataset, [Case({"input": "a long story " * 400})])
        connection = ws.connections.list()[0].id
        small = ws.connections.add_model(connection, "small", "Small", facts={"context_tokens": 1000})
        old = ws.connections.add_model(connection, "old", "Old", facts={"retires": ends.isoformat(), "successor": "newer"})
        uids = [ws.connections.model(id_).uid for id_ in (small, old)]
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt, model_ids=[filled.models[0], small, old])
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.estimate is not None)
    words = dialog.models._doubts.text().splitlines()
    assert words[0].startswith("Small reads up to 1,000 tokens. The longest call has about 1,"), words
    assert words[1] == f"Old stops working on {ends.day} {ends:%b %Y}. The vendor names newer in its place."
    assert len(words) == 2
    assert dialog.start_button.isEnabled(), "a forecast keeps nobody from trying"
    assert set(uids) < set(dialog.models.uids)
    dialog.models.list.show_models(dialog.choices.models, dialog.models.uids[:1])  # type: ignore[union-attr]
    dialog.models._say()
    qtbot.waitUntil(lambda: not dialog.models.warning.isVisible())
    dialog.reject()
