"""The composing station: opens one workspace file, builds the services, announces what changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.library.keys import Keys
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.settings import Settings, default_workspace
from workbench.store.database import Database
from workbench.store.search import Search
from workbench.values import Changes, Content, Message, NotFound, is_server
from workbench.workspace.copies import Copies
from workbench.workspace.network import EmbeddingStatus as EmbeddingStatus
from workbench.workspace.services import Services
from workbench.workspace.texts import Texts

if TYPE_CHECKING:
    from workbench.analysis import choice as choice
    from workbench.analysis.calibration import Calibration as Calibration
    from workbench.analysis.calibration import Mark as Mark
    from workbench.analysis.differences import ContentDiff as ContentDiff
    from workbench.analysis.differences import FieldDiff as FieldDiff
    from workbench.analysis.differences import Line as Line
    from workbench.analysis.differences import Marks as Marks
    from workbench.analysis.differences import MessageDiff as MessageDiff
    from workbench.analysis.differences import TextDiff as TextDiff
    from workbench.analysis.judge_advice import Advice as Advice
    from workbench.analysis.judge_advice import Lean as Lean
    from workbench.analysis.judge_advice import MeasuredJudge as MeasuredJudge
    from workbench.analysis.leanings import Split as Split
    from workbench.analysis.paired import cases_needed as cases_needed
    from workbench.analysis.paired import smallest_difference as smallest_difference
    from workbench.analysis.preferences import ENOUGH_VOTES as ENOUGH_VOTES
    from workbench.analysis.ranking import rank as rank
    from workbench.analysis.regression import ComparedCase as ComparedCase
    from workbench.analysis.regression import DefinitionChange as DefinitionChange
    from workbench.analysis.results import Cause as Cause
    from workbench.analysis.results import CheckRow as CheckRow
    from workbench.analysis.results import ColumnCalls as ColumnCalls
    from workbench.analysis.results import Pair as Pair
    from workbench.analysis.results import Results as Results
    from workbench.analysis.results import ShareRow as ShareRow
    from workbench.analysis.results import result_tables as result_tables
    from workbench.analysis.results import result_words as result_words
    from workbench.analysis.results.result_tables import ResultTable as ResultTable
    from workbench.analysis.three_way import Stretch as Stretch
    from workbench.analysis.three_way import ThreeWay as ThreeWay
    from workbench.engine.control import Control as Control
    from workbench.engine.events import Cancelled as Cancelled
    from workbench.engine.events import Failed as Failed
    from workbench.engine.events import Finished as Finished
    from workbench.engine.events import Held as Held
    from workbench.engine.events import Judged as Judged
    from workbench.engine.events import Saved as Saved
    from workbench.engine.events import Skipped as Skipped
    from workbench.engine.events import Started as Started
    from workbench.engine.events import Streamed as Streamed
    from workbench.engine.events import Unsaved as Unsaved
    from workbench.engine.events import Waiting as Waiting
    from workbench.engine.one_call import Answer as Answer
    from workbench.engine.one_call import one_call as one_call
    from workbench.evaluators import Metric as Metric
    from workbench.evaluators import Program as Program
    from workbench.exports import format_of as format_of
    from workbench.exports import run_document as run_document
    from workbench.exports.training import TrainingReport as TrainingReport
    from workbench.exports.training_choice import TRAINING_FORMATS as TRAINING_FORMATS
    from workbench.exports.training_choice import TestCases as TestCases
    from workbench.exports.training_choice import TrainingWish as TrainingWish
    from workbench.formats.addresses import clean_address as clean_address
    from workbench.formats.addresses import plain_http_warning as plain_http_warning
    from workbench.formats.check_file import read_check_file as read_check_file
    from workbench.formats.pictures import attachment as attachment
    from workbench.formats.pictures import pixels as pixels
    from workbench.formats.pictures import read_attachment as read_attachment
    from workbench.formats.prompt_table import PromptColumns as PromptColumns
    from workbench.formats.tabular_shield import shielded as shielded
    from workbench.formats.tabular_shield import unshielded as unshielded
    from workbench.formats.vote_table import read_votes as read_votes
    from workbench.library.criteria import CriterionRow as CriterionRow
    from workbench.library.dataset_problems import CaseProblem as CaseProblem
    from workbench.library.dataset_problems import DatasetProblems as DatasetProblems
    from workbench.library.dataset_versions import CaseChange as CaseChange
    from workbench.library.dataset_versions import DatasetDiff as DatasetDiff
    from workbench.library.in_step.records import Conflict as Conflict
    from workbench.library.in_step.records import Settled as Settled
    from workbench.library.in_step.records import StepReport as StepReport
    from workbench.library.records import BranchRow as BranchRow
    from workbench.library.records import ComparisonRow as ComparisonRow
    from workbench.library.records import ConnectionRow as ConnectionRow
    from workbench.library.records import DatasetRow as DatasetRow
    from workbench.library.records import DatasetVersionRow as DatasetVersionRow
    from workbench.library.records import LabelMove as LabelMove
    from workbench.library.records import ModelRow as ModelRow
    from workbench.library.records import PromptRow as PromptRow
    from workbench.library.records import VersionRow as VersionRow
    from workbench.library.reports import ExportReport as ExportReport
    from workbench.library.reports import ForeignExport as ForeignExport
    from workbench.library.reports import FormatRow as FormatRow
    from workbench.library.reports import ImportReport as ImportReport
    from workbench.library.reports import NotCarried as NotCarried
    from workbench.library.retirements import Retirement as Retirement
    from workbench.library.snippets import Stale as Stale
    from workbench.library.snippets import Use as Use
    from workbench.library.sources import Source as Source
    from workbench.library.writing import in_a_folder as in_a_folder
    from workbench.plan import Estimate as Estimate
    from workbench.plan import PlanProblem as PlanProblem
    from workbench.providers import LocalServer as LocalServer
    from workbench.providers import TestReport as TestReport
    from workbench.providers import left_out as left_out
    from workbench.providers.direct import direct_endpoint as direct_endpoint
    from workbench.ratings import Judgement as Judgement
    from workbench.ratings import RaterRow as RaterRow
    from workbench.ratings.sessions import Choices as Choices
    from workbench.ratings.sessions import SessionRow as SessionRow
    from workbench.ratings.votes import VoteRow as VoteRow
    from workbench.runs.batches import BatchOffer as BatchOffer
    from workbench.runs.batches import BatchReading as BatchReading
    from workbench.runs.batches import BatchRow as BatchRow
    from workbench.runs.batches import HandedOver as HandedOver
    from workbench.runs.by_hand import answer_file as answer_file
    from workbench.runs.by_hand import answer_picture as answer_picture
    from workbench.runs.records import CaseResult as CaseResult
    from workbench.runs.records import CaseResults as CaseResults
    from workbench.runs.records import Cell as Cell
    from workbench.runs.records import ColumnInfo as ColumnInfo
    from workbench.runs.records import OutputRow as OutputRow
    from workbench.runs.records import Question as Question
    from workbench.runs.records import RunRow as RunRow
    from workbench.runs.samples import Samples as Samples
    from workbench.runs.scoring import Scored as Scored
    from workbench.runs.scoring import ScoringRow as ScoringRow
    from workbench.templates import PreviewMessage as PreviewMessage
    from workbench.templates import TemplateProblem as TemplateProblem
    from workbench.templates import Variable as Variable
    from workbench.workspace.calibrations import Calibrations as Calibrations
    from workbench.workspace.model_choices import Evidence as Evidence
    from workbench.workspace.packet_report import PacketReport as PacketReport
    from workbench.workspace.packets import MadePacket as MadePacket
    from workbench.workspace.packets import PacketLook as PacketLook
    from workbench.workspace.packets import Packets as Packets
    from workbench.workspace.packets import PacketWish as PacketWish
    from workbench.workspace.regressions import Regressions as Regressions
    from workbench.workspace.regressions import RunPair as RunPair
    from workbench.workspace.results import RunAnswers as RunAnswers
    from workbench.workspace.results import RunResults as RunResults
    from workbench.workspace.reviews import Offer as Offer
    from workbench.workspace.reviews import Outcome as Outcome
    from workbench.workspace.run_log import LOG_GROUPS as LOG_GROUPS
    from workbench.workspace.run_log import LogLine as LogLine
    from workbench.workspace.run_log import RunLog as RunLog
    from workbench.workspace.run_log import RunLogs as RunLogs
    from workbench.workspace.run_log import failure_words as failure_words
    from workbench.workspace.spending import Spending as Spending
    from workbench.workspace.spending import SpendRow as SpendRow

STARTER = "Starter"
"""Name of the comparison that the app brings along."""

_LENT_WHOLE = {"choice"}
"""Of the names below, modules that are lent as they are."""

_LENT = {
    "answer_file": "runs.by_hand", "answer_picture": "runs.by_hand",
    "Answer": "engine.one_call", "Cancelled": "engine.events", "Choices": "ratings.sessions", "Control": "engine.control",
    "Failed": "engine.events", "Finished": "engine.events", "Held": "engine.events",
    "Judged": "engine.events", "LocalServer": "providers", "Settled": "library.in_step.records",
    "Skipped": "engine.events", "Source": "library.sources",
    "Started": "engine.events", "Streamed": "engine.events", "TestReport": "providers",
    "Saved": "engine.events", "Unsaved": "engine.events", "Waiting": "engine.events",
    "attachment": "formats.pictures", "clean_address": "formats.addresses", "direct_endpoint": "providers.direct",
    "left_out": "providers", "one_call": "engine.one_call", "pixels": "formats.pictures", "plain_http_warning": "formats.addresses",
    "read_check_file": "formats.check_file",
    "cases_needed": "analysis.paired", "rank": "analysis.ranking", "smallest_difference": "analysis.paired",
    "ENOUGH_VOTES": "analysis.preferences", "choice": "analysis.choice",
    "read_votes": "formats.vote_table", "shielded": "formats.tabular_shield", "unshielded": "formats.tabular_shield",
    "PacketWish": "workspace.packets",
    "LOG_GROUPS": "workspace.run_log", "failure_words": "workspace.run_log",
    "result_tables": "analysis.results", "result_words": "analysis.results",
    "read_attachment": "formats.pictures", "run_document": "exports", "format_of": "exports",
    "in_a_folder": "library.writing",
    "TRAINING_FORMATS": "exports.training_choice", "TestCases": "exports.training_choice", "TrainingWish": "exports.training_choice",
}  # fmt: skip
"""What the faces need from stations that they do not see, by module: imported when first asked for."""


class Workspace(Copies, Services, Texts):
    """One open workspace file with its services."""

    def __init__(self, database: Database, settings: Settings, keys: Keys | None = None) -> None:
        self._database = database
        self.settings = settings
        self.path = database.path
        self.name = database.name
        database.owner = str(settings.get("author")).strip()
        settings.on_change(self._setting_changed)
        self.on_server = database.on_server
        self.prompts = Prompts(database)
        self.versions = Versions(database)
        self.keys = keys or Keys()
        self.search = Search(database)

    @staticmethod
    def open(
        path_or_url: str | Path | None = None, settings: Settings | None = None, *, password: str | None = None, keep: bool = False
    ) -> Workspace:
        """The workspace at this path or address (the user's own if None), made if there is none. Raises a Problem where it cannot be used.

        `password`: of a server; with `keep` it goes into the key store, where it is found from then on.
        """
        settings, keys, place = settings or Settings(), Keys(), path_or_url or default_workspace()
        if is_server(place):
            from workbench.workspace.server import open_on_server  # only teams need it

            return Workspace(open_on_server(str(place), keys, password, keep=keep), settings, keys)
        return Workspace(Database.open(place, backups_kept=int(settings.get("backups_kept"))), settings, keys)

    def add_starter(self) -> int:
        """The id of the starter comparison; its prompts and cases are brought in where they are not here yet."""
        from workbench.assets import asset

        self.builtin.ensure_connection()
        try:
            return self.comparisons.find(STARTER).id
        except NotFound:
            self.files.import_paths([asset("starter")])
        return self.comparisons.find(STARTER).id

    def preview(self, content: Content, values: Mapping[str, Any]) -> list[PreviewMessage]:
        """The messages as they would be sent, snippets included, in pieces that say what was filled in. Never raises."""
        return super().preview(self.snippets.filled(content), self.with_files(content, values))

    def diff(self, left: Content, right: Content) -> ContentDiff:
        """What differs between two contents, what they include with it."""
        return super().diff(self.snippets.filled(left), self.snippets.filled(right))

    def render(self, content: Content, values: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages to send, snippets included. Raises BadInput as the template verbs do."""
        return super().render(self.snippets.filled(content), self.with_files(content, values))

    def with_files(self, content: Content, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values with the bytes of those that the content declares as pictures or files."""
        if not any(spec.type in ("image", "file") for spec in content.variables.values()):
            return values
        from workbench.library.case_files import values_with_files  # few prompts have such variables

        return values_with_files(self._database.query, content, values)

    def has_prompts(self) -> bool:
        """False in a workspace where no live prompt is: a new one, or one from which all was put away. Imports nothing."""
        return bool(self._database.query("SELECT 1 FROM prompt WHERE archived_at IS NULL LIMIT 1"))

    def has_open_batches(self) -> bool:
        """True if a batch service has, or may have, requests of a run. Imports nothing."""
        open_states = "'submitting', 'submitted', 'cancelling'"
        return bool(self._database.query(f"SELECT 1 FROM job_batch WHERE state IN ({open_states}) LIMIT 1"))

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Call `listener(changes)` once after each committed write, on the thread that wrote. The answer ends the subscription."""
        return self._database.subscribe(listener)

    def _setting_changed(self, key: str) -> None:
        if key == "author":
            self._database.owner = str(self.settings.get(key)).strip()
            self._database.tell(Changes({"rating": frozenset()}))

    def warm_up(self) -> None:
        """Import what the first edit needs (0.4 s), so that it does not wait; for a window that has nothing else to do."""
        if not self.read_only:
            import_module("workbench.store.tables")

    def tidy(self) -> None:
        """Remove what the settings keep no longer: old raw requests and replies. For the background, once after opening."""
        if not self.read_only:
            self.runs.prune_exchanges(int(self.settings.get("exchange_days")))

    def look_for_changes(self) -> bool:
        """True if another window has written since the last call; listeners have heard of it then. For a window that only reads."""
        return self._database.look_for_changes()

    @property
    def read_only(self) -> bool:
        """True where nothing can be saved; of a server also from when a newer app has upgraded it."""
        return self._database.read_only

    @property
    def notice(self) -> str:
        """Why that is so; empty where all can be saved."""
        return self._database.notice

    @property
    def remedy(self) -> str:
        """What lets it be saved again, where only the kind of store tells."""
        return self._database.remedy

    @property
    def is_cut_off(self) -> bool:
        """True while the server of the workspace does not answer."""
        return self._database.is_cut_off

    def close(self) -> None:
        """Close the file and end the child processes. Closing twice is fine."""
        if "builtin" in self.__dict__:
            self.builtin.close_now()
        if (beside := sys.modules.get("workbench.templates.beside")) is not None:  # imported when the first template is read
            beside.end()
        if "scorings" in self.__dict__:
            self.scorings.close()
        self._database.close()


def __getattr__(name: str) -> Any:
    """A name that this module lends to the faces."""
    if name in _LENT:
        module = import_module(f"workbench.{_LENT[name]}")
        return module if name in _LENT_WHOLE else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
