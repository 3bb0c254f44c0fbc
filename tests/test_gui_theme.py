"""Colours keep their contrast, the theme switches live, and the pieces follow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workbench.assets import asset
from workbench.gui import icons
from workbench.gui.stylesheet import stylesheet
from workbench.gui.theme import Choice, Theme, paint_row, parse_colour, set_role, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField

# Foreground, background, the contrast that WCAG 2.2 asks for: text 4.5, marks and edges 3.0.
TEXT_PAIRS = """
text surface, text bg, text2 surface, text2 bg, text2 sunken, text3 surface, text3 panel, text3 bg, text3 sunken, text3 hover,
accent-ink surface, accent-ink accent-soft, accent-ink bg, on-accent accent, on-accent accent-hover, on-accent accent-press,
text accent-soft, text3 accent-soft, pass surface, pass pass-soft, fail surface, fail fail-soft, warn surface, warn warn-soft,
info surface, info info-soft, text add-bg, text2 warn-soft, text2 fail-soft, text warn-soft, accent-ink panel, pass panel, fail panel,
warn panel, pass sunken, fail sunken, pass accent-soft, fail accent-soft, warn accent-soft, text3 add-row, text3 del-row, jvar add-bg,
jvar del-bg, jtag add-bg, jfil jvar-bg, jstr jtag-bg, surface text, text del-bg, jvar jvar-bg, jtag jtag-bg, jfil surface, jstr surface,
jcom surface
"""
MARK_PAIRS = """
control surface, control bg, focus surface, focus bg, star surface, accent surface, accent sunken,
s1 surface, s2 surface, s3 surface, s4 surface, s5 surface, s6 surface, s7 surface,
s1 panel, s2 panel, s3 panel, s4 panel, s5 panel, s6 panel, s7 panel
"""


def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(pair.split()) for pair in text.replace("\n", " ").split(",")]  # type: ignore[misc]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("listed", "least"), [(TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0)])
def test_every_pair_of_colours_has_its_contrast(scheme: str, listed: str, least: float) -> None:
    tokens = json.loads(asset("tokens.json").read_text("utf-8"))[scheme]
    poor = [(a, b, round(contrast(tokens[a], tokens[b]), 2)) for a, b in pairs(listed) if contrast(tokens[a], tokens[b]) < least]
    assert not poor


def test_both_schemes_have_the_same_tokens() -> None:
    tokens = json.loads(asset("tokens.json").read_text("utf-8"))
    assert set(tokens["light"]) == set(tokens["dark"])


def test_a_token_with_transparency_is_read() -> None:
    assert parse_colour("rgba(28,27,25,.42)").alpha() == round(255 * 0.42)
    assert parse_colour("#2F4BD0") == QColor(0x2F, 0x4B, 0xD0)


def test_the_stylesheet_names_no_colour_that_is_not_a_token(qapp: QApplication) -> None:
    tokens = theme().tokens
    text = stylesheet(tokens, round)
    assert "$" not in text
    known = {colour.lower() for colour in tokens.values()}
    found = {word.strip(";").lower() for word in text.split() if word.startswith("#")}
    assert found <= known


@pytest.fixture
def look(qapp: QApplication) -> Theme:
    found = theme()
    found.choose("light", 100)
    return found


def test_every_icon_of_the_design_is_in_the_package(look: Theme) -> None:
    wanted = json.loads(asset("tokens.json").read_text("utf-8"))["icons"]
    assert len(wanted) > 90
    for name in wanted:
        assert icons.svg_text(name).lstrip().startswith("<svg"), name


def test_icons_are_kept_between_starts_and_made_anew_for_another_archive(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icons._kept.cache_clear()
    monkeypatch.setattr(icons, "_new", set())
    icons.svg_text("folder")
    icons.keep_icons()
    kept = json.loads(icons._cache_path().read_text("utf-8"))
    assert "folder" in kept["icons"]
    kept["icons"]["folder"] = "<svg>old</svg>"
    icons._cache_path().write_text(json.dumps(kept), "utf-8")
    icons._kept.cache_clear()
    assert icons.svg_text("folder") == "<svg>old</svg>"
    kept["archive"] = ["elsewhere", 1, 2]
    icons._cache_path().write_text(json.dumps(kept), "utf-8")
    icons._kept.cache_clear()
    assert icons.svg_text("folder") != "<svg>old</svg>"
    icons._cache_path().write_text("not json", "utf-8")
    icons._kept.cache_clear()
    assert "<svg" in icons.svg_text("folder")
    icons._kept.cache_clear()


def test_an_icon_is_drawn_in_the_colour_of_its_token(look: Theme) -> None:
    image = look.pixmap("square", "fail", 64).toImage()
    colours = {
        image.pixelColor(x, y).rgb() for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).alpha() == 255
    }
    assert look.color("fail").rgb() in colours


def test_a_switch_to_dark_reaches_labels_and_icons_that_are_there(look: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    small = label("12 cases", "small", "text3")
    play = icon_button("play", "Start")
    column.addWidget(small)
    column.addWidget(play)
    look.dress(window)
    window.show()
    before = play.icon().pixmap(16).toImage()
    look.choose("dark")
    assert look.dark
    assert play.icon().pixmap(16).toImage() != before
    assert small.palette().color(small.foregroundRole()) == look.color("text3")
    look.choose("light")
    assert not look.dark


def test_a_switch_reaches_what_lives_and_nothing_that_qt_has_deleted(look: Theme, qtbot: QtBot) -> None:
    class Follower(QLabel):
        def __init__(self) -> None:
            super().__init__()
            self.told = 0
            look.follow(self.tell)

        def tell(self) -> None:
            self.setText("again")  # fails for a widget that is gone
            self.told += 1

    alive, gone = Follower(), Follower()
    qtbot.addWidget(alive)
    shiboken6.delete(gone)  # as when its dialog closes, while Python still holds it
    fields = [SearchField("Find") for _ in range(300)]
    for field in fields:
        shiboken6.delete(field)
    look.choose("dark")
    look.choose("light")
    assert alive.told == 2
    assert gone.told == 0
    assert all(shiboken6.isValid(owner()) for owner, _ in look._followers)


def test_text_of_150_percent_makes_everything_larger_at_once(look: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    text, run, bare = label("Prompts", "title"), button("Run", "play"), QLabel("no role")
    for part in (text, run, bare):
        column.addWidget(part)
    look.dress(window)
    window.show()
    before = [QSize(part.sizeHint()) for part in (text, run, bare)]
    look.choose(percent=150)
    after = [part.sizeHint() for part in (text, run, bare)]
    assert all(new.height() > old.height() for old, new in zip(before, after, strict=True))
    assert text.font().pixelSize() == 27
    look.choose(percent=100)
    assert [part.sizeHint() for part in (text, run, bare)] == before


def test_a_widget_that_was_never_shown_follows_the_text_size_as_well(look: Theme, qtbot: QtBot) -> None:
    hidden = QPushButton("later")
    qtbot.addWidget(hidden)
    set_role(hidden, "title")
    look.dress(hidden)
    look.choose(percent=130)
    hidden.show()
    assert hidden.font().pixelSize() == round(18 * 1.3) or hidden.font().pointSizeF() > 0
    assert hidden.fontMetrics().height() > 25
    look.choose(percent=100)


def test_numbers_are_tabular(look: Theme) -> None:
    metrics = QLabel()
    metrics.setFont(look.font("body"))
    assert metrics.fontMetrics().horizontalAdvance("111111") == metrics.fontMetrics().horizontalAdvance("888888")


def test_a_hundred_thousand_label_texts_do_not_end_the_process() -> None:
    # PySide6 6.12.0 on Python 3.11 drops one reference to None for each void call and dies at about this many.
    code = (
        "from PySide6.QtWidgets import QApplication, QLabel\n"
        "app = QApplication([])\nlabel = QLabel()\n"
        "for number in range(100_000):\n    label.setText('x')\nprint('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "alive", done.stderr[-500:]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_makes_every_edge_as_strong_as_a_control_and_drops_the_soft_fills(qapp: QApplication, scheme: Choice) -> None:
    found = Theme()
    found.choose(scheme, 100, "on")
    plain, strong = found._all[scheme], found.tokens
    try:
        assert found.high_contrast
        assert {strong[name] for name in ("border", "border-strong")} == {plain["control"]}
        soft = [name for name in strong if name.endswith("-soft")]
        assert {strong[name] for name in soft} == {plain["surface"]}
        poor = [(a, b) for a, b in pairs(TEXT_PAIRS) if contrast(strong[a], strong[b]) < 4.5]
        poor += [(edge, "surface") for edge in ("border", "border-strong") if contrast(strong[edge], strong["surface"]) < 3]
        assert not poor
        found.choose(contrast="off")
        assert found.tokens == plain
    finally:
        theme().choose("dark", 100)
        theme().choose("light", 100)


def test_a_selected_row_has_an_edge_where_there_are_no_soft_fills(look: Theme) -> None:
    def corner() -> QColor:
        image = QImage(40, 20, QImage.Format.Format_RGB32)
        image.fill(look.color("surface"))
        painter = QPainter(image)
        paint_row(painter, image.rect(), selected=True)
        painter.end()
        return image.pixelColor(1, 10)

    assert corner() == look.color("accent-soft")
    look.choose(contrast="on")
    try:
        assert corner() == look.color("accent-ink")
    finally:
        look.choose(contrast="off")
