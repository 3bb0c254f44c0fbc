"""The folder of a dataset: kept in the workspace, in files out and in, and in a library folder, whichever side moves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_in_step import Side
from tests.test_library_folder import Library, contents, opened, text_of
from workbench.store.database import Database
from workbench.values import BadInput, Case
from workbench.values.datasets import ColumnSpec

pytestmark = pytest.mark.both_stores
MANY = [Case({"ticket": f"Ticket {number}: {'words ' * 12}"}) for number in range(60)]


def filled(library: Library) -> int:
    """A dataset with its cases in a table, in a folder of two parts."""
    id_ = library.datasets.create("Golden 50", (ColumnSpec("ticket"),))
    library.datasets.add_cases(id_, MANY)
    library.datasets.move([id_], "support/refunds")
    return id_


def folder_of(library: Library, name: str = "Golden 50") -> str:
    return library.datasets.find(name).folder


def test_a_dataset_lies_in_a_folder_and_is_still_known_by_its_name(database: Database) -> None:
    library = Library.at(database)
    id_ = filled(library)
    assert folder_of(library) == "support/refunds"
    library.datasets.move([id_], " shop / ")
    assert folder_of(library) == "shop"
    with pytest.raises(BadInput, match="is not a folder name"):
        library.datasets.move([id_], "../shop")
    part = library.datasets.get(library.datasets.split(id_, [("Part", 5)], seed=1)[0])
    assert part.folder == "shop", "a part lies beside what it was drawn from"
    library.datasets.move([id_], "")
    assert folder_of(library) == ""


def test_the_folder_comes_out_as_a_folder_and_comes_back(database: Database, tmp_path: Path) -> None:
    library = Library.at(database)
    filled(library)
    library.files.export(tmp_path / "lib")
    assert {"datasets/support/refunds/golden-50.yaml", "datasets/support/refunds/golden-50.csv"} <= contents(tmp_path / "lib").keys()
    with opened(tmp_path / "other.db") as other:
        other.files.import_paths([tmp_path / "lib"])
        assert folder_of(other) == "support/refunds"
        assert other.datasets.find("Golden 50").cases == len(MANY)
        other.files.export(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "lib")


def test_a_folder_whose_name_no_disk_takes_is_said_in_the_file(database: Database, tmp_path: Path) -> None:
    library = Library.at(database)
    id_ = filled(library)
    library.datasets.move([id_], "Team: Support/Con")
    library.files.export(tmp_path / "lib")
    path = "datasets/team-support/con-file/golden-50.yaml"
    assert "\nfolder: 'Team: Support/Con'\n" in text_of(tmp_path / "lib", path).replace('"', "'")
    with opened(tmp_path / "other.db") as other:
        other.files.import_paths([tmp_path / "lib"])
        assert folder_of(other) == "Team: Support/Con"


def test_a_file_of_no_library_leaves_a_dataset_where_it_is(database: Database, tmp_path: Path) -> None:
    library = Library.at(database)
    filled(library)
    (tmp_path / "golden.yaml").write_text("dataset: Golden 50\ncases:\n- values:\n    ticket: Only this\n", "utf-8")
    library.files.import_paths([tmp_path / "golden.yaml"])
    row = library.datasets.find("Golden 50")
    assert (row.folder, row.cases) == ("support/refunds", 1)


def test_a_dataset_that_is_moved_in_the_app_keeps_its_file_which_says_so(database: Database, tmp_path: Path) -> None:
    side = Side(Library.at(database), tmp_path / "lib")
    id_ = filled(side.library)
    side.sync()
    side.calm()
    side.library.datasets.move([id_], "shop")
    side.sync()
    side.calm()
    assert "\nfolder: shop\n" in text_of(side.folder, "datasets/support/refunds/golden-50.yaml")
    with opened(tmp_path / "far.db") as library:
        far = Side(library, side.folder)
        far.sync()
        far.calm()
        assert folder_of(library) == "shop"


def test_a_file_that_is_moved_outside_moves_the_dataset(database: Database, tmp_path: Path) -> None:
    side = Side(Library.at(database), tmp_path / "lib")
    id_ = filled(side.library)
    side.sync()
    target = side.folder / "datasets" / "shop"
    target.mkdir(parents=True)
    for ending in ("yaml", "csv"):
        (side.folder / f"datasets/support/refunds/golden-50.{ending}").rename(target / f"golden-50.{ending}")
    side.sync()
    side.calm()
    row = side.library.datasets.find("Golden 50")
    assert (row.id, row.folder, row.cases) == (id_, "shop", len(MANY))


def test_a_renamed_dataset_stays_beside_its_table(database: Database, tmp_path: Path) -> None:
    side = Side(Library.at(database), tmp_path / "lib")
    id_ = filled(side.library)
    side.sync()
    side.library.datasets.move([id_], "shop")
    side.library.datasets.rename(id_, "Golden 60")
    side.sync()
    side.calm()
    with opened(tmp_path / "far.db") as library:
        Side(library, side.folder).sync()
        row = library.datasets.find("Golden 60")
        assert (row.folder, row.cases) == ("shop", len(MANY))
