"""Files that colleagues saved in a review packet, among what is imported. Each is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.formats.packet_ratings import KIND, looks_like_packet_ratings
from workbench.library.reports import Imported, ImportReport, refused
from workbench.quick_dataclass import replace
from workbench.values import BadInput, NotFound

BringRatings = Callable[[Path], tuple[int, str, str]]
"""Keeps the ratings in a file: (id of their session, the rater, what is new in words: nothing where all was here)."""


def rating_files(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The paths that are something else, folders among them, and the files of ratings, those in the folders among them."""
    given, found = [], []
    for path in paths:
        if path.is_dir():
            given.append(path)
            found += [file for file in sorted(path.rglob("*.json")) if looks_like_packet_ratings(file)]
        else:
            (found if looks_like_packet_ratings(path) else given).append(path)
    return given, found


def bring_rating_files(report: ImportReport, paths: Sequence[Path], bring: BringRatings | None) -> ImportReport:
    """The report with what came of these files."""
    if bring is None or not paths:
        return report
    imported, unchanged, rejected = list(report.imported), list(report.unchanged), list(report.rejected)
    for path in paths:
        try:
            session, rater, news = bring(path)
        except (BadInput, NotFound) as error:
            rejected.append(refused(str(path), error))
            continue
        is_new = news.endswith("new")
        (imported if is_new else unchanged).append(Imported("ratings", rater, str(path), KIND, session, is_new, changes=news))
    more = len(rejected) - len(report.rejected)
    return replace(
        report, imported=tuple(imported), unchanged=tuple(unchanged), rejected=tuple(rejected), rejected_count=report.rejected_count + more
    )
