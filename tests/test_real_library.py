"""The library in a real window: what the window manager takes and gives back while menus, dialogs and the palette come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT, _empty_home
from tests.real_window import RealWindow, running, why_not
from workbench.settings import Settings
from workbench.values import Content, Message
from workbench.workspace import Workspace

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
LIBRARY = "session.window.screen_at('library')"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[RealWindow]:
    """A window at one prompt with a protected label on its first of two versions."""
    settings = Settings(tmp_path / "home" / ".config" / "prompt-workbench" / "settings.json")
    settings.set("theme", "light")
    settings.set("last.place", "library")
    with closing(Workspace.open(tmp_path / "desk.db", settings)) as ws:
        prompt = ws.prompts.create("Reply", content=Content((Message.of("user", "First {{ a }}"),)))
        first = ws.versions.list(prompt)[0].id
        ws.versions.set_label(prompt, "production", first)
        ws.versions.protect_label(prompt, "production", True)
        ws.versions.save(prompt, Content((Message.of("user", "Second {{ a }}"),)))
    home = _empty_home(tmp_path / "home")
    kept = {name: value for name, value in ORIGINAL_ENVIRONMENT.items() if name in ("PATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")}
    with running(tmp_path / "desk.db", {**kept, **home}) as window:
        window.see("StaticText", "about 4 tokens")
        yield window


def test_an_action_from_the_palette_leaves_the_caret_where_it_put_it(library: RealWindow) -> None:
    library.key("ctrl+k")
    library.waits_for("(where_keys_are() or ['', ''])[1]", "Search or run a command")
    library.type("add examples")
    library.see("ListItem", "Add examples", holds=lambda item: "selected" in item.state)
    library.key("Return")
    library.waits_for("(where_keys_are() or ['', ''])[1]", "User says, example 1")
    library.type("Where is it?")
    library.waits_for(f"{LIBRARY}.page.messages.blocks[0].examples.turns[0]['content']", "Where is it?")


def test_a_protected_label_is_moved_by_enter_after_the_question(library: RealWindow) -> None:
    library.key("ctrl+l")
    library.see("EditableText", "Label")
    library.type("production")
    library.key("Return")
    library.see("StaticText", "production is protected.")
    library.key("Return")
    library.gone("StaticText", "production is protected.")
    library.waits_for("[row.labels for row in session.context.ws.versions.list(1)][0]", ["production"])
