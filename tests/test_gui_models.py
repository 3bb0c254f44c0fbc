"""The models screen over a real server on loopback: connect, tick, price, rename, remove."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, session
from workbench.gui.app import Session
from workbench.gui.key_dialog import KeyDialog
from workbench.gui.key_file_dialog import PassphraseDialog
from workbench.gui.models.cards import key_words
from workbench.gui.models.connect import ConnectDialog
from workbench.gui.models.edits import ModelDialog
from workbench.gui.models.filters import QUESTIONS
from workbench.gui.models.retiring import day_words, left_words
from workbench.gui.models.table import HEADS, IN, OUT, READS, TICK, ModelTable, context_words, price_tip, price_words, retires_words, today
from workbench.gui.models.view import ModelsScreen
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.library.records import ModelRow
from workbench.values import Content, Definition, Message, Price, PromptRef

__all__ = ["session"]

Start = Callable[..., FakeProvider]


@pytest.fixture
def screen(session: Session, qtbot: QtBot) -> ModelsScreen:
    """The models screen, read."""
    session.context.go("models")
    return cast("ModelsScreen", session.window.screen_at("models"))


def connect_dialog(screen: ModelsScreen, qtbot: QtBot, vendor: str) -> ConnectDialog:
    screen.show_at(connect=vendor)
    dialog = dialogs()[0]
    assert isinstance(dialog, ConnectDialog)
    qtbot.waitUntil(lambda: dialog._vendor is not None and dialog._vendor.id == vendor)
    return dialog


def report_of(dialog: ConnectDialog, qtbot: QtBot) -> str:
    """Test the connection and wait for the report."""
    dialog._test_button.click()
    qtbot.waitUntil(lambda: dialog._test is None and not dialog._report.isHidden(), timeout=15_000)
    return dialog._report.accessibleName()


def press(dialog: Dialog, text: str) -> None:
    next(button for button in dialog.findChildren(Button) if button.text() == text).click()


def test_a_server_is_tested_ticked_and_connected(screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start) -> None:
    server = fakeprovider()
    dialog = connect_dialog(screen, qtbot, "other")
    assert not dialog._connect.isEnabled()
    dialog._url.setText(server.base_url)
    assert report_of(dialog, qtbot).startswith("Connected in")
    assert session.context.ws.connections.list() == [row for row in session.context.ws.connections.list() if row.place == "builtin"]
    names = [dialog._models._list.item(row).text() for row in range(dialog._models._list.count())]
    assert len(names) >= 2
    for row in (0, 1):
        dialog._models._list.item(row).setCheckState(Qt.CheckState.Checked)
    assert dialog._connect.text() == "Connect 2 models"
    dialog._connect.click()
    qtbot.waitUntil(lambda: [row.name for row in screen._table.rows if row.place != "builtin"] == names[:2])
    assert [card.name.text() for card in screen._cards.values()] == [server.base_url.split("/")[2]]
    qtbot.waitUntil(lambda: not dialogs())


def test_the_foot_says_what_is_left_to_do(screen: ModelsScreen, qtbot: QtBot, fakeprovider: Start) -> None:
    dialog = connect_dialog(screen, qtbot, "other")
    assert dialog._note.text() == "Enter the base URL."
    dialog._url.setText("http://127.0.0.1:9/v1")
    assert dialog._note.text().startswith("Test the connection and tick the models")
    report_of(dialog, qtbot)
    assert dialog._note.text() == "Mend what the test found and test again, or type a model's name."
    dialog._url.setText(fakeprovider().base_url)
    assert dialog._note.text().startswith("Test the connection and tick the models")
    report_of(dialog, qtbot)
    assert dialog._note.text() == "Tick the models you want, or type a model's name."
    dialog._models._list.item(0).setCheckState(Qt.CheckState.Checked)
    assert dialog._note.text() == ""


def test_an_address_where_nobody_answers_is_said_and_nothing_is_saved(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    dialog = connect_dialog(screen, qtbot, "other")
    dialog._url.setText("http://127.0.0.1:9/v1")
    said = report_of(dialog, qtbot)
    assert "127.0.0.1:9" in said
    assert dialog._url.property("state") == "error"
    assert not dialog._connect.isEnabled()
    dialog.reject()
    assert not [row for row in session.context.ws.connections.list() if row.place != "builtin"]


def test_a_refused_key_is_marked_and_the_words_of_the_server_are_shown(screen: ModelsScreen, qtbot: QtBot, fakeprovider: Start) -> None:
    server = fakeprovider(require_key="the-right-one")
    dialog = connect_dialog(screen, qtbot, "openai")
    dialog._url.setText(server.base_url)
    dialog._key.setText("the-wrong-one")
    said = report_of(dialog, qtbot)
    assert "401" in said
    assert dialog._key.property("state") == "error"
    words = dialog._report.findChildren(QPlainTextEdit)[0]
    assert words.toPlainText()
    assert "the-wrong-one" not in words.toPlainText()
    dialog._key.setText("the-right-one")
    assert dialog._key.property("state") == ""
    assert report_of(dialog, qtbot).startswith("Connected in")


def test_a_model_that_is_not_listed_can_be_typed(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    dialog = connect_dialog(screen, qtbot, "ollama")
    QTest.keyClicks(dialog._models._typed, "llama3.2:3b")
    QTest.keyClick(dialog._models._typed, Qt.Key.Key_Return)
    assert dialog._models.ticked() == ["llama3.2:3b"]
    dialog._connect.click()
    qtbot.waitUntil(lambda: any(row.name == "llama3.2:3b" for row in screen._table.rows))
    row = next(row for row in screen._table.rows if row.name == "llama3.2:3b")
    assert (row.connection, row.price.input_usd) == ("Ollama", Decimal(0))


def test_a_key_is_asked_for_kept_and_only_its_end_is_shown(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    session.settings.set("local_only", True)  # the test of the connection goes nowhere
    id = session.context.ws.connections.add("OpenAI", "openai")
    qtbot.waitUntil(lambda: id in screen._cards)
    assert screen._cards[id].status.text() == "No key in this session"
    press_card(screen, id, "Add key")
    dialog = dialogs()[0]
    assert isinstance(dialog, KeyDialog)
    field = dialog.findChildren(QLineEdit)[0]
    assert field.echoMode() == QLineEdit.EchoMode.Password
    qtbot.waitUntil(lambda: dialog.place.text().startswith("No key store here: keys last for this session."))
    field.setText("two words")
    press(dialog, "Save the key")
    qtbot.waitUntil(lambda: field.property("state") == "error")
    field.setText("sk-0123456789abcd9f2c")
    heard: list[str] = []
    session.context.noticed.connect(lambda text, *_rest: heard.append(text))
    press(dialog, "Save the key")
    qtbot.waitUntil(lambda: screen._cards[id].status.text() == "Not connected")
    assert heard[0] == "The key is kept for this session only."
    assert key_words(screen._cards[id].row) == "Key ...9f2c, this session only."
    assert not any("sk-0123" in label.text() for label in screen._cards[id].findChildren(QLabel))


def test_a_refused_call_without_a_key_is_no_server_that_is_not_running(
    screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start
) -> None:
    server = fakeprovider(require_key="the-right-one")
    id = session.context.ws.connections.add("Mine", "other", server.base_url)
    qtbot.waitUntil(lambda: id in screen._cards)
    press_card(screen, id, "Test connection")
    qtbot.waitUntil(lambda: screen._cards[id].status.text() == "No key in this session")
    for key, said in (("the-wrong-one", "Key rejected"), ("the-right-one", "Connected")):
        press_card(screen, id, "Change key" if key == "the-right-one" else "Add key")
        dialog = dialogs()[0]
        dialog.findChildren(QLineEdit)[0].setText(key)
        assert isinstance(dialog, KeyDialog)
        press(dialog, "Save the key")
        qtbot.waitUntil(lambda said=said: screen._cards[id].status.text() == said, timeout=10_000)  # type: ignore[misc]
    assert key_words(screen._cards[id].row) == "Key: this session only."
    screen._do("forget", screen._cards[id].row)
    qtbot.waitUntil(lambda: screen._cards[id].status.text() == "Not tested yet")


def test_what_a_test_found_is_gone_with_any_edit(screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start) -> None:
    server = fakeprovider()
    dialog = connect_dialog(screen, qtbot, "other")
    dialog._url.setText(server.base_url)
    edits: list[Callable[[], None]] = [
        lambda: dialog._url.setText(server.base_url + "/"),
        lambda: dialog._key.setText("x"),
        lambda: dialog._list.setCurrentRow(0),
    ]
    for edit in edits:
        assert report_of(dialog, qtbot).startswith("Connected in")
        assert dialog._test_button.text() == "Test again"
        dialog._models._list.item(0).setCheckState(Qt.CheckState.Checked)
        edit()
        assert dialog._report.isHidden()
        assert not dialog._models.listed()
        assert not dialog._connect.isEnabled()
        assert dialog._test_button.text() == "Test connection"


def test_enter_in_a_field_tests_and_the_card_knows_the_test(
    screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start
) -> None:
    server = fakeprovider(require_key="the-right-one")
    dialog = connect_dialog(screen, qtbot, "other")
    dialog._url.setText(server.base_url)
    dialog._key.setText("the-right-one")
    dialog._key.setFocus()
    QTest.keyClick(dialog._key, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog._test is None and not dialog._report.isHidden(), timeout=15_000)
    dialog._models._list.item(0).setCheckState(Qt.CheckState.Checked)
    QTest.keyClick(dialog._key, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Enter in a field never connects"
    qtbot.waitUntil(lambda: dialog._test is None, timeout=15_000)
    dialog._models._list.item(0).setCheckState(Qt.CheckState.Checked)
    dialog._connect.click()
    qtbot.waitUntil(lambda: [card.status.text() for card in screen._cards.values()] == ["Connected"], timeout=10_000)


def test_going_through_the_providers_stays_in_their_list(screen: ModelsScreen, qtbot: QtBot) -> None:
    dialog = connect_dialog(screen, qtbot, "openai")
    assert dialog.focusWidget() is dialog._key
    place = dialog._list.visualItemRect(dialog._list.item(1)).center()
    QTest.mouseClick(dialog._list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert dialog.focusWidget() is dialog._list
    QTest.keyClick(dialog._list, Qt.Key.Key_Down)
    assert dialog._list.currentRow() == 2
    assert dialog.focusWidget() is dialog._list


def test_any_other_server_is_offered_as_a_server_and_still_wants_a_key_away_from_home(
    screen: ModelsScreen, session: Session, qtbot: QtBot
) -> None:
    dialog = connect_dialog(screen, qtbot, "other")
    shown = {
        item.text(): (item.data(NavigationDelegate.ICON), item.data(NavigationDelegate.DETAIL))
        for item in map(dialog._list.item, range(dialog._list.count()))
    }
    assert shown["Other server"] == ("server", "OpenAI format")
    assert shown["OpenAI"] == ("cloud", "api.openai.com")
    assert shown["Azure OpenAI"] == ("cloud", "Your own address")
    assert all(detail for _, detail in shown.values())
    connections = session.context.ws.connections
    connections.add("Elsewhere", "other", "https://models.example.com/v1")
    connections.add("Here", "other", "http://127.0.0.1:9/v1")
    assert [(row.name, row.place, row.key_place) for row in connections.list() if row.place != "builtin"] == [
        ("Elsewhere", "cloud", "missing"),
        ("Here", "server", "none"),
    ]


def press_card(screen: ModelsScreen, id: int, text: str) -> None:
    next(button for button in screen._cards[id].findChildren(Button) if button.text() == text).click()


def test_the_card_says_how_the_last_test_went(screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start) -> None:
    server = fakeprovider()
    id = session.context.ws.connections.add("Mine", "other", server.base_url)
    qtbot.waitUntil(lambda: id in screen._cards)
    press_card(screen, id, "Test connection")
    qtbot.waitUntil(lambda: screen._cards[id].status.text() == "Connected")
    server.close()
    screen._do("test", screen._cards[id].row)
    qtbot.waitUntil(lambda: screen._cards[id].status.text() == "Not running")


def house_model(screen: ModelsScreen, session: Session, qtbot: QtBot) -> int:
    """A model that no list knows, in the table."""
    connections = session.context.ws.connections
    model = connections.add_model(connections.add("Mine", "other", "http://127.0.0.1:9/v1"), "house-model")
    qtbot.waitUntil(lambda: any(row.id == model for row in screen._table.rows))
    return model


def edited(screen: ModelsScreen, model: int) -> ModelDialog:
    """The dialog of a model, open."""
    screen._edit(next(row for row in screen._table.rows if row.id == model))
    dialog = dialogs()[0]
    assert isinstance(dialog, ModelDialog)
    return dialog


def test_the_users_own_price_wins(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    model = house_model(screen, session, qtbot)
    dialog = edited(screen, model)
    dialog._rates[0].setText("a lot")
    assert not dialog._save.isEnabled()
    dialog._rates[0].setText("0,45")
    dialog._rates[1].setText("1.80")
    dialog._title.setText("House model")
    press(dialog, "Save")
    qtbot.waitUntil(lambda: any(row.title == "House model" for row in screen._table.rows))
    row = next(row for row in screen._table.rows if row.id == model)
    assert (row.price.input_usd, row.price.output_usd) == (Decimal("0.45"), Decimal("1.80"))
    assert screen._table.text(row, IN) == "$0.45"


def test_what_no_list_knows_of_a_model_can_be_said(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    connections, model = session.context.ws.connections, house_model(screen, session, qtbot)
    dialog = edited(screen, model)
    for field, wrong, right in ((dialog._context, "much", "8k"), (dialog._ends, "in May", "2027-05-31")):
        field.setText(wrong)
        assert not dialog._save.isEnabled()
        field.setText(right)
        assert dialog._save.isEnabled()
    press(dialog, "Save")
    qtbot.waitUntil(lambda: connections.model(model).facts.get("context_tokens") == 8_000)
    row = connections.model(model)
    assert (row.facts["retires"], row.has_own_price) == ("2027-05-31", False)
    connections.learn(connections.model(model).connection_id, {"house-model": {"context_tokens": 4_096, "output_tokens": 512}})
    assert connections.model(model).facts["context_tokens"] == 8_000, "what the user says goes before a list"
    qtbot.waitUntil(lambda: any(row.facts.get("output_tokens") == 512 for row in screen._table.rows))
    dialog = edited(screen, model)
    assert (dialog._context.text(), dialog._ends.text()) == ("8,000", "2027-05-31")
    dialog._context.clear()
    press(dialog, "Save")
    qtbot.waitUntil(lambda: connections.model(model).facts["context_tokens"] == 4_096)
    assert connections.model(model).facts["retires"] == "2027-05-31"


def test_a_removed_model_comes_back_by_undo(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    model = house_model(screen, session, qtbot)
    screen._remove(next(row for row in screen._table.rows if row.id == model))
    qtbot.waitUntil(lambda: session.window.notice.accessibleName() == "Removed house-model.")
    qtbot.waitUntil(lambda: not any(row.name == "house-model" for row in screen._table.rows))
    next(button for button in session.window.notice.findChildren(Button) if button.text() == "Undo").click()
    qtbot.waitUntil(lambda: any(row.id == model for row in screen._table.rows))


def test_a_connection_is_renamed_and_removed_after_asking(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    id = session.context.ws.connections.add("Mine", "other", "http://127.0.0.1:9/v1")
    qtbot.waitUntil(lambda: id in screen._cards)
    screen._do("rename", screen._cards[id].row)
    dialogs()[0].findChildren(QLineEdit)[0].setText("Ours")
    press(cast("Dialog", dialogs()[0]), "Rename")
    qtbot.waitUntil(lambda: screen._cards[id].name.text() == "Ours")
    screen._do("remove", screen._cards[id].row)
    assert id in screen._cards
    press(cast("Dialog", dialogs()[0]), "Remove the connection")
    qtbot.waitUntil(lambda: id not in screen._cards)


def test_ticked_models_go_into_a_new_comparison(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    connections = session.context.ws.connections
    id = connections.add("Mine", "ollama")
    models = [connections.add_model(id, name) for name in ("a", "b", "c")]
    qtbot.waitUntil(lambda: sum(row.connection_id == id for row in screen._table.rows) == 3)
    went: list[tuple[str, object]] = []
    session.context.navigated.disconnect(session.window.go)
    session.context.navigated.connect(lambda place, at: went.append((place, at)))
    for row, item in enumerate(screen._table.rows):
        if item.id in models[:2]:
            screen._view.setCurrentIndex(screen._table.index(row, 1))
            QTest.keyClick(screen._view, Qt.Key.Key_Space)
    assert screen._compare_button.text() == "Compare 2 ticked"
    screen._compare_button.click()
    assert went == [("compare", {"new": True, "model_ids": models[:2]})]


def test_words_and_a_click_on_a_card_filter_the_table(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    connections = session.context.ws.connections
    first, second = connections.add("Mine", "ollama"), connections.add("Theirs", "lm-studio")
    for id, name in ((first, "llama"), (first, "qwen"), (second, "llama")):
        connections.add_model(id, name, title=f"{name} {id}")
    qtbot.waitUntil(lambda: sum(row.connection_id in (first, second) for row in screen._table.rows) == 3)
    screen._cards[first].chosen.emit()
    assert {row.connection_id for row in screen._table.rows} == {first}
    screen._chip.clicked.emit()
    screen._search.setText("qwen")
    qtbot.waitUntil(lambda: [row.name for row in screen._table.rows] == ["qwen"])


def test_a_model_that_cannot_be_used_or_writes_no_answers_has_no_tick() -> None:
    def row(id: int, why_not: str = "", *, embeds: bool = False) -> ModelRow:
        return ModelRow(id, f"u{id}", 1, "c", "v", "m", "m", {}, Price(), "cloud", 0, not why_not, why_not, embeds=embeds)

    table = ModelTable()
    table.show([row(1, "No key."), row(2), row(3, embeds=True)])
    table.tick(0)
    table.tick(1)
    table.tick(2)
    assert table.ticked == {2}
    table.tick_all()
    assert table.ticked == set()
    assert [table.index(place, OUT).data() for place in (1, 2)] == ["not known", "embeddings"]
    assert "writes no answers" in str(table.index(2, TICK).data(Qt.ItemDataRole.ToolTipRole))


def test_a_deprecated_model_without_a_day_is_not_said_to_stay() -> None:
    def words(**facts: object) -> str:
        return retires_words(ModelRow(1, "u", 1, "c", "v", "m", "m", {}, Price(), "cloud", 0, True, "", facts=facts), date(2026, 11, 28))

    assert words(source="a list", is_deprecated=True) == "deprecated"
    assert words(source="a list") == "none announced"
    assert words() == "not known"


def test_prices_and_contexts_are_said_as_people_say_them() -> None:
    assert [price_words(rate, "cloud") for rate in (None, Decimal(0), Decimal("0.4"), Decimal("0.075"))] == [
        "not known",
        "free",
        "$0.40",
        "$0.075",
    ]
    assert price_words(None, "server") == "your server"
    assert [context_words(tokens) for tokens in (None, 8192, 128_000, 1_050_000, 131_072)] == ["", "8k", "128k", "1.05M", "128k"]


# -- what the catalogue and a connection's list say ------------------------------------------------------------------------


def add_models(session: Session, *names: str) -> dict[str, int]:
    """A connection to OpenAI with these models. Nothing is asked of it."""
    connections = session.context.ws.connections
    connection = connections.add("OpenAI", "openai", key="sk-0123456789abcd9f2c")
    return {name: connections.add_model(connection, name) for name in names}


def shown(screen: ModelsScreen) -> list[str]:
    return [row.name for row in screen._table.rows if row.place == "cloud"]


def texts(screen: ModelsScreen, name: str) -> dict[str, str]:
    row = next(row for row in screen._table.rows if row.name == name)
    return {head: screen._table.text(row, column) for column, head in enumerate(HEADS)}


def test_the_table_says_what_a_model_reads_costs_and_when_it_stops_and_what_nobody_knows(
    screen: ModelsScreen, session: Session, qtbot: QtBot
) -> None:
    add_models(session, "gpt-4.1-mini", "house-model")
    qtbot.waitUntil(lambda: shown(screen) == ["gpt-4.1-mini", "house-model"])
    known, unknown = texts(screen, "gpt-4.1-mini"), texts(screen, "house-model")
    assert (known["In, 1M tokens"], known["Out, 1M tokens"], known["Context"]) == ("$0.40", "$1.60", "1.05M")
    assert known["Reads"].startswith("text, image")
    assert {unknown[head] for head in ("In, 1M tokens", "Out, 1M tokens", "Context", "Reads", "Retires")} == {"not known"}
    row = next(row for row in screen._table.rows if row.name == "gpt-4.1-mini")
    assert "In a batch: $0.20 in, $0.80 out" in price_tip(row)
    assert "genai-prices" in price_tip(row)
    assert not screen._view.isColumnHidden(READS)


def test_questions_narrow_the_table_and_what_nobody_knows_is_left_out_and_counted(
    screen: ModelsScreen, session: Session, qtbot: QtBot
) -> None:
    add_models(session, "gpt-4.1-mini", "gpt-4.1", "gpt-3.5-turbo", "house-model")
    qtbot.waitUntil(lambda: len(shown(screen)) == 4)
    menu = screen._filters.menu()
    actions = {action.text(): action for action in menu.actions()}
    actions["At least 200k context"].trigger()
    assert shown(screen) == ["gpt-4.1-mini", "gpt-4.1"]
    assert "1 model left out: not known" in screen._hint.text()
    actions["Reads images"].trigger()
    assert shown(screen) == ["gpt-4.1-mini", "gpt-4.1"]
    screen._filters.turn(QUESTIONS[0])
    screen._filters.turn(QUESTIONS[1])
    screen._filters.turn(QUESTIONS[3])
    assert shown(screen) == [], "$1.60 for what it writes is not under $1"
    screen._filters._chips[QUESTIONS[3]].clicked.emit()
    assert len(shown(screen)) == 4
    screen._filters.turn(QUESTIONS[2])
    assert shown(screen) == []


def test_a_model_that_stops_soon_is_told_of_with_what_it_touches(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    ws = session.context.ws
    models = add_models(session, "gpt-old", "gpt-new", "gpt-far")
    rows = {row.name: row for row in ws.connections.models()}
    now = today()
    connection = rows["gpt-old"].connection_id
    assert screen._retiring.isHidden()
    prompt = ws.prompts.create("Ticket triage", "", Content((Message.of("user", "Sort {{ ticket }}"),)))
    uid = ws.prompts.get(prompt).uid
    comparison = ws.comparisons.save(Definition("Weekly triage", (PromptRef(uid),), (rows["gpt-old"].uid,)))
    ws.connections.learn(
        connection,
        {
            "gpt-old": {"retires": (now + timedelta(days=53)).isoformat(), "successor": "gpt-new", "listed": now.isoformat()},
            "gpt-far": {"retires": (now + timedelta(days=400)).isoformat(), "listed": now.isoformat()},
        },
    )
    qtbot.waitUntil(lambda: not screen._retiring.isHidden())
    assert screen._retiring.title.text().startswith("gpt-old stops working on ")
    assert screen._retiring.title.text().endswith(", in 53 days")
    said = screen._retiring.text.text()
    assert "Used by 1 saved comparison: Weekly triage." in said
    assert "1 prompt: Ticket triage" in said
    assert "The vendor names gpt-new in its place." in said
    assert "other model" not in said, "a year is not soon"
    assert screen._retiring.property("kind") == "warn"
    qtbot.waitUntil(lambda: texts(screen, "gpt-old")["Retires"].endswith("in 53 days"))
    went: list[tuple[str, object]] = []
    session.context.navigated.disconnect(session.window.go)
    session.context.navigated.connect(lambda place, at: went.append((place, at)))
    for action in screen._retiring.where_menu().actions():
        action.trigger()
    screen._retiring.both.click()
    assert went == [
        ("compare", {"comparison_id": comparison}),
        ("library", {"prompt_id": prompt}),
        ("compare", {"new": True, "model_ids": [models["gpt-old"], models["gpt-new"]]}),
    ]
    ws.connections.learn(connection, {"gpt-old": {"retires": (now + timedelta(days=3)).isoformat(), "listed": now.isoformat()}})
    qtbot.waitUntil(lambda: screen._retiring.property("kind") == "fail")
    ws.connections.learn(connection, {"gpt-old": {"listed": now.isoformat()}})
    qtbot.waitUntil(lambda: screen._retiring.isHidden())


def test_a_new_name_leaves_the_catalogues_price_as_it_is(screen: ModelsScreen, session: Session, qtbot: QtBot) -> None:
    model = add_models(session, "gpt-4.1-mini")["gpt-4.1-mini"]
    qtbot.waitUntil(lambda: shown(screen) == ["gpt-4.1-mini"])
    whole = session.context.ws.connections.model(model).price
    assert whole.batch is not None
    dialog = edited(screen, model)
    dialog._title.setText("Mini")
    press(dialog, "Save")
    qtbot.waitUntil(lambda: texts(screen, "gpt-4.1-mini")["Model"] == "Mini")
    row = session.context.ws.connections.model(model)
    assert (row.price, row.has_own_price) == (whole, False)


def test_ends_are_said_as_people_say_them() -> None:
    assert [left_words(days) for days in (-3, -1, 0, 1, 53)] == ["3 days ago", "1 day ago", "today", "tomorrow", "in 53 days"]
    assert day_words(date(2026, 11, 30), date(2026, 11, 28)) == "30 Nov"
    assert day_words(date(2027, 1, 15), date(2026, 11, 28)) == "15 Jan 2027"


def test_keys_go_into_a_file_with_a_passphrase_which_is_asked_for_once(
    screen: ModelsScreen, session: Session, qtbot: QtBot, fakeprovider: Start
) -> None:
    pytest.importorskip("cryptography")
    server = fakeprovider(require_key="sk-test-0123456789abcdef9f2c")
    keys = session.context.ws.keys
    dialog = connect_dialog(screen, qtbot, "openai")
    qtbot.waitUntil(lambda: not dialog._keep.isHidden())
    dialog._keep.click()
    made = passphrase_dialog()
    assert not made._go.isEnabled()
    for edit, text in zip(made._fields, ("four words of mine", "four words of yours"), strict=True):
        edit.setText(text)
    made._go.click()
    assert made._said.text() == "The two differ. Type the same passphrase twice."
    made._fields[1].setText("four words of mine")
    made._go.click()
    qtbot.waitUntil(lambda: keys.file.state() == "open" and "key file" in dialog._place.text())
    assert dialog._keep.isHidden()
    dialog._url.setText(server.base_url)
    dialog._key.setText("sk-test-0123456789abcdef9f2c")
    assert report_of(dialog, qtbot).startswith("Connected in")
    dialog._models._all.click()
    assert len(dialog._models.ticked()) == dialog._models._list.count()
    dialog._connect.click()
    qtbot.waitUntil(lambda: not dialogs())
    row = session.context.ws.connections.list()[-1]
    assert key_words(row) == "Key ...9f2c, key file."
    qtbot.waitUntil(lambda: row.id in screen._cards and screen._cards[row.id].row.key_place == "file")
    keys.file._opened = None  # as in the next session
    screen._do("test", row)
    qtbot.waitUntil(lambda: bool(dialogs()))
    asked = passphrase_dialog()
    asked._fields[0].setText("a wrong one")
    asked._go.click()
    qtbot.waitUntil(lambda: asked._said.text() == "This passphrase does not open the key file. Type it again.")
    asked._fields[0].setText("four words of mine")
    asked._go.click()
    qtbot.waitUntil(lambda: not dialogs() and (session.context.ws.connections.get(row.id).state.get("test") or {}).get("ok") is True)


def passphrase_dialog() -> PassphraseDialog:
    return next(dialog for dialog in dialogs() if isinstance(dialog, PassphraseDialog))


def test_all_that_the_filter_shows_is_ticked_at_once(screen: ModelsScreen, qtbot: QtBot, fakeprovider: Start) -> None:
    dialog = connect_dialog(screen, qtbot, "other")
    found = dialog._models
    assert found._all.isHidden()
    dialog._url.setText(fakeprovider().base_url)
    assert report_of(dialog, qtbot).startswith("Connected in")
    found._filtered("m")  # fake-medium and fake-small
    found._all.click()
    assert found.ticked() == ["fake-medium", "fake-small"]
    assert found._all.text() == "Tick none"
    found._filtered("")
    assert found._all.text() == "Tick all"
    found._all.click()
    found._all.click()
    assert found.ticked() == []


def test_plain_http_beyond_this_house_is_warned_of_where_it_is_typed(
    screen: ModelsScreen, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = connect_dialog(screen, qtbot, "other")
    dialog._url.setText("http://models.example.com/v1")
    assert "models.example.com unencrypted" in dialog._place.text()
    dialog._url.setText("http://192.168.1.7:8000/v1")
    assert "unencrypted" not in dialog._place.text()
    dialog.reject()
    session.context.ws.connections.add("Far", "other", "http://models.example.com/v1", key="sk-test-0123456789abcdef9f2c")
    qtbot.waitUntil(lambda: any("unencrypted" in card.text.text() for card in screen._cards.values()))


def test_a_key_of_the_environment_is_shown_as_such_and_comes_first(
    screen: ModelsScreen, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment-00001111")
    dialog = connect_dialog(screen, qtbot, "openai")
    assert dialog._place.text() == "OPENAI_API_KEY is set in the environment and comes first. Leave the field empty to use it."
    dialog._key.setText("sk-test-0123456789abcdef9f2c")
    assert dialog._place.text().endswith("A key typed here counts once it is not set any more.")
    dialog.reject()
    row = session.context.ws.connections.get(session.context.ws.connections.add("OpenAI", "openai"))
    assert key_words(row) == "Key ...1111, OPENAI_API_KEY in the environment."
