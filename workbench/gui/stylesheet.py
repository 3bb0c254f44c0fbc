"""The one stylesheet of the application, made from the colour tokens. Widgets are told apart by dynamic properties.

`kind` says what a widget is (button kinds, `card`, `panel`, `bar`), `tone` colours a label, `state` marks a field
(`error`), `bulk` makes a button small or large. Fonts are not set here: they belong to type roles (`theme.set_role`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template

from workbench.gui.icons import cache_folder, coloured_svg, write_whole

_TONES = (
    "text", "text2", "text3", "accent-ink", "pass", "fail", "warn", "info", "star", "surface", "jvar", "jtag",
)  # fmt: skip

_SHEET = Template(
    """
QMainWindow, QDialog { background: $bg; }
QDialog[kind="dialog"], QMessageBox { background: $surface; }
QToolTip { background: $text; color: $surface; border: none; padding: ${p4}px ${p8}px; }
QFrame[kind="card"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
QFrame[kind="card"][state="warn"] { border-color: $warn; }
QFrame[kind="card"][state="fail"] { border-color: $fail; }
QFrame[kind="card"][state="on"] { border-color: $accent_ink; }
QFrame[kind="card"][state="current"] { border: 2px solid $focus; }
QFrame[kind="surface"], QWidget[kind="surface"] { background: $surface; border: none; }
QFrame[kind="panel"], QWidget[kind="panel"] { background: $panel; border: none; }
QFrame[kind="bar"], QWidget[kind="bar"] { background: $bg; border: none; }
QFrame[kind="sunken"] { background: $sunken; border: none; border-radius: 6px; }
QFrame[kind="icon-accent"] { background: $accent_soft; border: none; border-radius: 6px; }
QFrame[kind="line"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[kind="vline"] { background: $border; border: none; max-width: 1px; min-width: 1px; }
QFrame[kind="warn"] { background: $warn_soft; border: none; }
QFrame[kind="fail"] { background: $fail_soft; border: none; }
QFrame[kind="pass"] { background: $pass_soft; border: none; }
QFrame[kind="info"] { background: $info_soft; border: none; }
QFrame[kind="notice"] { background: $text; border: none; border-radius: 8px; }
QLabel { background: transparent; }
QLabel[kind="key"] {
  background: $sunken; color: $text2; border: 1px solid $border_strong; border-radius: 4px; padding: 1px ${p4}px;
}
$tones

QPushButton, QToolButton[kind="plain"] {
  background: $surface; color: $text; border: 1px solid $border_strong; border-radius: 6px;
  padding: ${p5}px ${p12}px; min-height: ${p18}px;
}
QPushButton:hover, QToolButton[kind="plain"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[kind="plain"]:pressed { background: $press; }
QPushButton:disabled, QToolButton[kind="plain"]:disabled { background: $sunken; color: $text3; border-color: $border; }
QPushButton[bulk="small"], QToolButton[bulk="small"] { padding: ${p3}px ${p9}px; min-height: ${p18}px; }
QPushButton[bulk="crumb"] { padding: ${p3}px ${p4}px; }
QPushButton[bulk="large"] { padding: ${p9}px ${p20}px; min-height: ${p20}px; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_press; border-color: $accent_press; }
QPushButton[kind="primary"]:disabled { background: $sunken; color: $text3; border-color: $border; }
QPushButton[kind="danger"] { color: $fail; }
QPushButton[kind="danger"]:disabled { color: $text3; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent; border-color: transparent; color: $text2; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: $hover; color: $text; }
QPushButton[kind="quiet"]:pressed, QToolButton[kind="quiet"]:pressed { background: $press; }
QPushButton[kind="quiet"]:disabled, QToolButton[kind="quiet"]:disabled {
  color: $text3; background: transparent; border-color: transparent;
}
QPushButton[kind="link"] {
  background: transparent; border: none; color: $accent_ink; padding: ${p3}px 2px; min-height: ${p18}px; text-align: left;
}
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:disabled { color: $text3; }
QPushButton[kind="link-danger"] { background: transparent; border: none; color: $fail; padding: ${p3}px 2px; }
QPushButton[kind="on-notice"] {
  background: transparent; border: none; color: $surface; text-decoration: underline; padding: ${p3}px ${p6}px;
}
QPushButton[state="pass"] { background: $pass_soft; color: $pass; border-color: $pass; }
QPushButton[state="fail"] { background: $fail_soft; color: $fail; border-color: $fail; }
QPushButton[state="on"] { background: $accent_soft; color: $accent_ink; border-color: $accent_line; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: ${p5}px; color: $text2; }
QToolButton[kind="plain"] { padding: ${p5}px ${p6}px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $press; }
QToolButton:checked { background: $accent_soft; color: $accent_ink; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="segment"] {
  background: $surface; color: $text2; border: 1px solid $border_strong; border-right: none; border-radius: 0;
  padding: ${p5}px ${p10}px;
}
QPushButton[kind="segment"]:hover { background: $hover; }
QPushButton[kind="segment"]:checked { background: $accent_soft; color: $accent_ink; }
QPushButton[kind="segment"]:disabled { color: $text3; background: $sunken; }
QPushButton[kind="segment"][edge="first"] { border-top-left-radius: 6px; border-bottom-left-radius: 6px; }
QPushButton[kind="segment"][edge="last"] {
  border-right: 1px solid $border_strong; border-top-right-radius: 6px; border-bottom-right-radius: 6px;
}
QPushButton[kind="segment"][edge="only"] { border-right: 1px solid $border_strong; border-radius: 6px; }

QLineEdit, QSpinBox, QDoubleSpinBox, QDateEdit, QComboBox {
  background: $surface; color: $text; border: 1px solid $control; border-radius: 6px; padding: ${p5}px ${p9}px;
  min-height: ${p18}px; selection-background-color: $accent; selection-color: $on_accent;
}
QPlainTextEdit, QTextEdit, QTextBrowser {
  background: $surface; color: $text; border: 1px solid $control; border-radius: 6px; padding: ${p4}px ${p6}px;
  selection-background-color: $accent; selection-color: $on_accent;
}
QPlainTextEdit[kind="bare"], QTextEdit[kind="bare"], QTextBrowser[kind="bare"] { border: none; border-radius: 0; padding: 0; }
QLineEdit[kind="bare"] { border: none; background: transparent; padding: 0; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QDateEdit:focus, QComboBox:focus {
  border: 2px solid $focus; padding: ${f4}px ${f8}px;
}
QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus { border: 2px solid $focus; padding: ${f3}px ${f5}px; }
QPlainTextEdit[kind="bare"]:focus, QTextEdit[kind="bare"]:focus, QTextBrowser[kind="bare"]:focus { border: none; padding: 0; }
QLineEdit[kind="bare"]:focus { border: none; padding: 0; }
QLineEdit[kind="search"] { padding-left: ${p3}px; }
QLineEdit[kind="search"]:focus { padding-left: ${f2}px; }
QLineEdit[state="error"], QPlainTextEdit[state="error"], QSpinBox[state="error"] { border: 2px solid $fail; }
QLineEdit:read-only, QPlainTextEdit:read-only, QTextEdit:read-only { background: $sunken; border-color: $border; }
QPlainTextEdit[kind="bare"]:read-only, QTextEdit[kind="bare"]:read-only, QTextBrowser[kind="bare"]:read-only { background: transparent; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QPlainTextEdit:disabled {
  background: $sunken; color: $text3; border-color: $border;
}
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; padding: 0; min-height: 0; background: transparent; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {
  border: none; padding: 0 0 0 ${p8}px; min-height: 0; background: transparent;
}
QSpinBox, QDoubleSpinBox { padding: ${p3}px 0; }
QSpinBox:focus, QDoubleSpinBox:focus { padding: ${f2}px 0; }
QComboBox { combobox-popup: 0; }
QComboBox::drop-down { border: none; width: ${p24}px; subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$img_down"); width: ${p14}px; height: ${p14}px; }
QComboBox[bulk="small"] { padding: ${p2}px ${p8}px; }
QComboBox QAbstractItemView {
  background: $surface; border: 1px solid $border_strong; outline: none; padding: 4px; selection-background-color: $accent_soft;
  selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: ${p26}px; padding: 0 ${p6}px; border-radius: 4px; }
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {
  border: none; background: transparent; width: ${p18}px;
}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url("$img_up"); width: ${p10}px; height: ${p10}px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url("$img_down"); width: ${p10}px; height: ${p10}px; }

QCheckBox, QRadioButton { background: transparent; color: $text; spacing: ${p8}px; min-height: ${p24}px; }
QCheckBox:disabled, QRadioButton:disabled { color: $text3; }
QCheckBox::indicator, QAbstractItemView::indicator {
  width: ${p14}px; height: ${p14}px; border: 1px solid $control; border-radius: 4px; background: $surface;
}
QCheckBox::indicator:hover, QAbstractItemView::indicator:hover { background: $hover; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {
  background: $accent; border-color: $accent; image: url("$img_check");
}
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate {
  background: $accent; border-color: $accent; image: url("$img_minus");
}
QCheckBox::indicator:disabled, QAbstractItemView::indicator:disabled { background: $sunken; border-color: $border_strong; }
QRadioButton::indicator { width: ${p12}px; height: ${p12}px; border: 1px solid $control; border-radius: ${r7}px; background: $surface; }
QRadioButton::indicator:checked { border: ${p4}px solid $accent; width: ${p6}px; height: ${p6}px; }

QAbstractItemView {
  background: $surface; color: $text; border: none; outline: none; selection-background-color: $accent_soft; selection-color: $text;
  alternate-background-color: $panel;
}
QListView[kind="panel"], QTreeView[kind="panel"], QTableView[kind="panel"] { background: $panel; }
QAbstractItemView[kind="framed"] { border: 1px solid $border_strong; border-radius: 6px; }
QTreeView::branch { background: transparent; image: none; border-image: none; }
QTreeView::item, QListView::item { border: none; }
QTreeView::item:hover, QListView::item:hover { background: $hover; }
QTreeView::item:selected, QListView::item:selected { background: $accent_soft; color: $text; }
QTableView { gridline-color: $border; }
QTableView::item:selected { background: $accent_soft; color: $text; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section {
  background: $panel; color: $text2; border: none; border-bottom: 1px solid $border; padding: ${p6}px ${p8}px;
}
QTableCornerButton::section { background: $panel; border: none; border-bottom: 1px solid $border; }

QTabBar { background: transparent; border: none; qproperty-drawBase: 0; qproperty-expanding: 0; }
QTabBar::tab {
  background: transparent; color: $text2; border: none; border-bottom: 2px solid transparent; padding: ${p9}px 2px; margin-right: ${p16}px;
  min-height: ${p18}px;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent_ink; border-bottom-color: $accent_ink; }
QTabBar::tab:focus { color: $accent_ink; border-bottom-color: $focus; }
QTabWidget::pane { border: none; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $border_strong; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $control; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }

QMenu { background: $surface; border: 1px solid $border_strong; padding: ${p6}px; }
QMenu::item { padding: ${p6}px ${p24}px ${p6}px ${p10}px; border-radius: 4px; color: $text; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $text3; }
QMenu::separator { height: 1px; background: $border; margin: ${p4}px 0; }
QMenu::icon { padding-left: ${p8}px; }

QProgressBar { background: $border_strong; border: none; border-radius: 2px; max-height: ${p4}px; min-height: ${p4}px; }
QProgressBar::chunk { background: $accent_ink; border-radius: 2px; }
QProgressBar[kind="thin"] { max-height: 3px; min-height: 3px; }
QProgressBar[kind="run"] { max-height: 6px; min-height: 6px; border-radius: 3px; }
QProgressBar[kind="run"]::chunk { border-radius: 3px; }
QProgressBar[state="done"]::chunk { background: $pass; }
QSlider::groove:horizontal { height: 4px; background: $border_strong; border-radius: 2px; }
QSlider::sub-page:horizontal { height: 4px; background: $accent_ink; border-radius: 2px; }
QSlider::handle:horizontal {
  width: 16px; height: 16px; margin: -7px 0; border-radius: 9px; background: $surface; border: 2px solid $accent_ink;
}
QSlider::handle:horizontal:hover { background: $accent_soft; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent_line; }
QStatusBar { background: $bg; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QGroupBox { border: none; margin-top: ${p20}px; }
QGroupBox::title { subcontrol-origin: margin; color: $text2; }
"""
)

_HIGH_CONTRAST = Template(
    """
QFrame[kind="warn"], QFrame[kind="fail"], QFrame[kind="pass"], QFrame[kind="info"], QFrame[kind="sunken"], QFrame[kind="icon-accent"] {
  border: 1px solid $control;
}
QPushButton:checked, QPushButton[kind="segment"]:checked, QToolButton:checked { border: 2px solid $accent_ink; }
QMenu::item { border: 2px solid transparent; }
QMenu::item:selected, QTreeView::item:selected, QListView::item:selected, QTableView::item:selected,
QComboBox QAbstractItemView::item:selected { border: 2px solid $accent_ink; }
"""
)
"""What marks a choice where there are no soft fills."""


def stylesheet(tokens: Mapping[str, str], px: Callable[[float], int], *, high_contrast: bool = False) -> str:
    """The stylesheet text for a set of tokens; `px` turns pixels at 100% into pixels at the text size."""
    values: dict[str, str] = {name.replace("-", "_"): colour for name, colour in tokens.items()}
    values |= {f"p{size}": str(px(size)) for size in (2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 20, 24, 26)}
    # A focused field's edge is one pixel thicker; its padding gives that pixel back, so that nothing moves.
    values |= {f"f{size}": str(px(size + 1) - 1) for size in (2, 3, 4, 5, 8)}
    values["r7"] = str((px(12) + 2) // 2)
    values["tones"] = "\n".join(f'QLabel[tone="{tone}"] {{ color: {tokens[tone]}; }}' for tone in _TONES)
    values["img_down"] = _image("chevron-down", tokens["text2"])
    values["img_up"] = _image("chevron-up", tokens["text2"])
    values["img_check"] = _image("check", tokens["on-accent"])
    values["img_minus"] = _image("minus", tokens["on-accent"])
    return _SHEET.substitute(values) + (_HIGH_CONTRAST.substitute(values) if high_contrast else "")


def _image(name: str, colour: str) -> str:
    """Path of an icon as a file: a stylesheet can only name files. They lie in the user's cache folder and are made once."""
    path = cache_folder() / f"{name}-{colour.lstrip('#').lower()}.svg"
    if not path.exists():
        source = coloured_svg(name, colour, 12)
        try:
            write_whole(path, source)
        except OSError:  # no cache folder that can be written: an icon for this session only
            path = Path(tempfile.gettempdir()) / path.name
            if not path.exists():
                write_whole(path, source)
    return path.as_posix()
