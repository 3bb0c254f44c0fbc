"""The architecture as a test: one direction of imports along the row of stations, and what each kind of station may touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "workbench"

# The row: a station imports only what stands to its left. README.md shows the same picture.
ROW = (
    "quick_dataclass", "whole_file", "tied_child", "awake_loop", "assets", "settings", "values", "templates", "formats", "store", "library",
    "plan", "providers", "engine", "evaluators", "runs", "ratings", "analysis", "exports", "workspace",
)  # fmt: skip
FACES = ("cli", "gui")
FACES_SEE = {"workspace", "values", "settings", "assets", "whole_file", "awake_loop", "quick_dataclass"}
PURE = {"values", "templates", "formats", "plan", "evaluators", "analysis"}
LEAVES = {"assets", "settings", "tied_child", "quick_dataclass"}
"""What pure stations may see too."""
IMPURE = {"sqlmodel", "sqlalchemy", "sqlite3", "psycopg", "alembic", "httpx", "httpx_aiohttp", "aiohttp", "asyncio", "PySide6", "keyring"}
SQL = {"sqlmodel", "sqlalchemy", "sqlite3", "psycopg", "alembic"}
SERVICES = {"store", "library", "runs", "ratings", "exports", "workspace"}
NETWORK = {"httpx", "httpx_aiohttp", "aiohttp"}
SCREENS = {"library", "compare", "review", "insights", "datasets", "models", "settings", "welcome"}
VAGUE = {"util", "utils", "helper", "helpers", "misc", "common", "manager"}
# The one place where a face opens the other: `workbench app` starts the window.
OPENS_THE_WINDOW = ("cli.window", "gui.app")


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name below `workbench`, such as `gui.library.view`."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


@cache
def imports(name: str) -> tuple[str, ...]:
    """Absolute dotted names that a module imports anywhere in it, inside functions and for type checking included."""
    path = modules()[name]
    package = ["workbench", *name.split(".")] if name else ["workbench"]
    if path.name != "__init__.py":
        package.pop()
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found += [f"{source}.{alias.name}" for alias in node.names]
    return tuple(found)


def stations_of(name: str) -> Iterator[tuple[str, str]]:
    """(station, imported name below workbench) for each import of our own by a module."""
    for imported in imports(name):
        if imported.startswith("workbench.") and not imported.startswith("workbench.__"):
            inside = imported.removeprefix("workbench.")
            yield inside.split(".")[0], inside


def foreign(name: str) -> set[str]:
    """Top-level names of the packages beyond our own that a module imports."""
    return {imported.split(".")[0] for imported in imports(name)} - {"workbench"}


def test_every_module_belongs_to_a_station() -> None:
    known = {*ROW, *FACES, "", "__main__"}
    strangers = sorted(name for name in modules() if name.split(".")[0] not in known)
    assert not strangers, f"not on the row: {strangers}"


def test_a_station_imports_only_what_stands_to_its_left() -> None:
    wrong = []
    for name in modules():
        own = name.split(".")[0]
        if own not in ROW:
            continue
        allowed = {*ROW[: ROW.index(own)], own}
        wrong += [f"{name} imports {inside}" for station, inside in stations_of(name) if station not in allowed]
    assert not wrong, "\n".join(wrong)


def test_the_faces_see_only_the_workspace_values_settings_and_assets() -> None:
    wrong = []
    for name in modules():
        own = name.split(".")[0]
        if own not in FACES:
            continue
        for station, inside in stations_of(name):
            opens = name == OPENS_THE_WINDOW[0] and inside.startswith(OPENS_THE_WINDOW[1])
            if station not in {*FACES_SEE, own} and not opens:
                wrong.append(f"{name} imports {inside}")
    assert not wrong, "\n".join(wrong)


def test_pure_stations_touch_no_database_no_network_no_loop_and_no_window() -> None:
    wrong = []
    for name in modules():
        own = name.split(".")[0]
        if own in PURE:
            wrong += [f"{name} imports {package}" for package in foreign(name) & IMPURE]
            wrong += [f"{name} imports {inside}" for station, inside in stations_of(name) if station not in {*PURE, *LEAVES}]
    assert not wrong, "\n".join(wrong)


def test_sql_stays_in_the_store_and_the_services() -> None:
    wrong = [
        f"{name} imports {sorted(foreign(name) & SQL)}" for name in modules() if name.split(".")[0] not in SERVICES and foreign(name) & SQL
    ]
    assert not wrong, "\n".join(wrong)


def test_the_network_stays_in_providers_and_the_engine() -> None:
    wrong = [
        f"{name} imports {sorted(foreign(name) & NETWORK)}"
        for name in modules()
        if name.split(".")[0] not in {"providers", "engine"} and foreign(name) & NETWORK
    ]
    assert not wrong, "\n".join(wrong)


def test_qt_stays_in_the_window_and_meets_asyncio_only_in_the_bridge() -> None:
    outside = [name for name in modules() if "PySide6" in foreign(name) and not name.startswith("gui")]
    assert not outside, f"Qt outside gui/: {outside}"
    both = [name for name in modules() if {"PySide6", "asyncio"} <= foreign(name)]
    assert set(both) <= {"gui.bridge"}, f"both asyncio and PySide6: {both}"


def test_screens_never_import_screens() -> None:
    wrong = []
    for name in modules():
        parts = name.split(".")
        if parts[0] != "gui" or len(parts) < 2 or parts[1] in {"window", "app"}:
            continue
        own = parts[1] if parts[1] in SCREENS else None
        for station, inside in stations_of(name):
            target = inside.split(".")[1] if "." in inside else ""
            if station == "gui" and target in SCREENS and target != own:
                wrong.append(f"{name} imports {inside}")
    assert not wrong, "\n".join(wrong)


def test_a_menu_is_made_for_one_opening() -> None:
    """A plain QMenu stays with its parent: a page whose menus are opened all day would keep them all."""
    made = [path for path in sorted((PACKAGE / "gui").rglob("*.py")) if "QMenu(" in path.read_text("utf-8")]
    assert not made


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = sorted(name for name in modules() if VAGUE & set(name.split(".")))
    assert not vague, f"name these after what they do: {vague}"


def test_the_readme_shows_the_same_row() -> None:
    readme = (PACKAGE.parent / "README.md").read_text("utf-8")
    row = " ".join(ROW)
    flat = " ".join(readme.split())
    assert row in flat, "README.md shows another row of stations than this test holds"


def test_dataclasses_are_the_quick_ones() -> None:
    slow = [name for name in modules() if "dataclasses.dataclass" in imports(name) and name != "quick_dataclass"]
    assert not slow, f"take `dataclass` from workbench.quick_dataclass: {slow}"
