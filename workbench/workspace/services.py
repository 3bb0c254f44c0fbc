"""What a workspace offers: its services, each imported and built when it is first used. Most verbs and the first window need few of
them, and all together they double the time of a start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.values.wishes import REVIEW_PAIRS, Wish
from workbench.workspace.late import late
from workbench.workspace.network import Network, facts_of, price_of

if TYPE_CHECKING:
    from workbench.exports import Exports
    from workbench.library.branches import Branches
    from workbench.library.comparisons import Comparisons
    from workbench.library.connections import Connections
    from workbench.library.criteria import Criteria
    from workbench.library.dataset_versions import DatasetVersions
    from workbench.library.datasets import Datasets
    from workbench.library.folder import LibraryFiles
    from workbench.library.in_step import LibraryFolder
    from workbench.library.judges import Judges
    from workbench.library.prompts import Prompts
    from workbench.library.snippets import Snippets
    from workbench.library.sources import Sources
    from workbench.library.versions import Versions
    from workbench.providers.builtin.models import BuiltinModels
    from workbench.ratings import Ratings
    from workbench.ratings.counting import VoteCounts
    from workbench.runs.batches import Batches
    from workbench.runs.runs import Runs
    from workbench.runs.scoring import Scorings
    from workbench.store.database import Database, Writer
    from workbench.values import Spec
    from workbench.values.brought import BroughtRun
    from workbench.workspace.calibrations import Calibrations
    from workbench.workspace.model_choices import ModelChoices
    from workbench.workspace.packets import Packets
    from workbench.workspace.regressions import Regressions
    from workbench.workspace.results import RunResults
    from workbench.workspace.reviews import RunReviews
    from workbench.workspace.run_log import RunLogs
    from workbench.workspace.spending import Spend


class Services(Network):
    """The services beyond prompts and versions, which the first list on the screen needs at once."""

    _database: Database
    prompts: Prompts
    versions: Versions

    @late
    def datasets(self) -> Datasets:
        """Datasets and their cases."""
        from workbench.library.datasets import Datasets

        return Datasets(self._database)

    @late
    def branches(self) -> Branches:
        """Named rewrites of prompts beside their main line."""
        from workbench.library.branches import Branches

        return Branches(self._database)

    @late
    def snippets(self) -> Snippets:
        """What prompts include."""
        from workbench.library.snippets import Snippets

        return Snippets(self._database, self.versions)

    @late
    def dataset_versions(self) -> DatasetVersions:
        """Versions of datasets: saved, compared, restored."""
        from workbench.library.dataset_versions import DatasetVersions

        return DatasetVersions(self._database)

    @late
    def connections(self) -> Connections:
        """Connections and models."""
        from workbench.library.connections import Connections

        return Connections(self._database, self.keys, price_of, facts_of)

    @late
    def comparisons(self) -> Comparisons:
        """Saved comparisons."""
        from workbench.library.comparisons import Comparisons

        return Comparisons(self._database, self.connections)

    @late
    def criteria(self) -> Criteria:
        """What people rate in the runs of saved comparisons."""
        from workbench.library.criteria import Criteria

        return Criteria(self._database)

    @late
    def runs(self) -> Runs:
        """Runs: started, made, read back."""
        from workbench.runs.runs import Runs

        endpoint, resolve = self._endpoint, self._resolved
        formats, embedding = self._wire_format, self.embedding_model
        return Runs(
            self._database, endpoint=endpoint, resolve=resolve, settings=self.settings, wire_formats=formats, embedding=embedding,
            judges=self.judges, do_wish=self._do_wish,
        )  # fmt: skip

    def _do_wish(self, wish: Wish, run_id: int) -> int:
        """Do what was wished of a run that has finished: mark it as the baseline, or make a review set of so many pairs."""
        if wish == "baseline":
            self.regressions.mark(run_id, self.runs.get(run_id).comparison_id or 0)
            return 0
        from workbench.ratings.sessions import Choices

        criteria = tuple(row.id for row in self.criteria.of_run(run_id))
        return self.reviews.start([run_id], Choices(order="shuffled", criteria=criteria, most=REVIEW_PAIRS)).total

    @late
    def judges(self) -> Judges:
        """Who judges: judge prompts and the model they are put to."""
        from workbench.library.judges import Judges

        return Judges(self.prompts, self.versions, self.connections, self.settings)

    @late
    def scorings(self) -> Scorings:
        """Checks tried on stored answers, and runs scored again."""
        from workbench.runs.scoring import Scorings

        return Scorings(self._database, self.runs)

    @late
    def batches(self) -> Batches:
        """Jobs of runs that are handed to batch services, and their results."""
        from workbench.runs.batches import Batches

        return Batches(self._database, self.runs, self.settings)

    @late
    def ratings(self) -> Ratings:
        """What people think of outputs."""
        from workbench.ratings import Ratings

        return Ratings(self._database)

    @late
    def _votes(self) -> VoteCounts:
        """The votes on answers as they count, for all that shows or exports them."""
        from workbench.ratings.counting import VoteCounts

        return VoteCounts(self._database, self.runs)

    @late
    def reviews(self) -> RunReviews:
        """Review sessions over runs, and the votes given in them."""
        from workbench.workspace.reviews import RunReviews

        return RunReviews(self.runs, self.ratings, self._votes)

    @late
    def packets(self) -> Packets:
        """Reviews given to colleagues as files, and what comes back."""
        from workbench.workspace.packets import Packets

        return Packets(self._database, self.runs, self.criteria, self._votes)

    @late
    def regressions(self) -> Regressions:
        """Runs beside their baselines."""
        from workbench.workspace.regressions import Regressions

        return Regressions(self._database, self.runs)

    @late
    def calibrations(self) -> Calibrations:
        """Model judges beside people."""
        from workbench.workspace.calibrations import Calibrations

        return Calibrations(self._database, self.runs, self.prompts, self.versions, self._votes)

    @late
    def results(self) -> RunResults:
        """What the answers of runs show."""
        from workbench.workspace.results import RunResults

        return RunResults(self._database, self.runs, self._votes, self.calibrations)

    @late
    def spend(self) -> Spend:
        """What all calls cost."""
        from workbench.workspace.spending import Spend

        return Spend(self._database, self.runs)

    @late
    def model_choices(self) -> ModelChoices:
        """What runs say of the models to choose from."""
        from workbench.workspace.model_choices import ModelChoices

        return ModelChoices(self.runs, self.results, self.connections, self._votes)

    @late
    def logs(self) -> RunLogs:
        """What happened to runs, in order."""
        from workbench.workspace.run_log import RunLogs

        return RunLogs(self._database, self.runs)

    @late
    def exports(self) -> Exports:
        """Runs as documents, tables and files."""
        from workbench.exports import Exports

        return Exports(
            self._database, self.runs, lambda run_id: self.regressions.beside(run_id),
            lambda run_id, progress: self.results.causes_of(run_id, progress),
        )  # fmt: skip

    @late
    def builtin(self) -> BuiltinModels:
        """The built-in models: their files, their servers, and their rows here."""
        from workbench.providers.builtin.models import BuiltinModels

        return BuiltinModels(self.connections, writes=not self.read_only)

    @late
    def files(self) -> LibraryFiles:
        """The library as a folder of files, and imports of every kind."""
        from workbench.library.folder import LibraryFiles

        def bring(writer: Writer, run: BroughtRun) -> tuple[int, int, bool]:
            from workbench.runs.bringing import bring_run  # few files hold a run

            return bring_run(writer, run, self._database.person)

        def bring_ratings(path: Path) -> tuple[int, str, str]:
            kept = self.packets.bring(path)
            older = "later ones are in already" if kept.older else ""
            return kept.session_id, kept.rater, f"{kept.items:,} rated, {kept.written:,} new" if kept.written else older

        return LibraryFiles(self._database, self.datasets, self.comparisons, bring, bring_ratings)

    @late
    def folder(self) -> LibraryFolder:
        """The library folder that this workspace is kept in step with."""
        from workbench.library.in_step import LibraryFolder

        return LibraryFolder(self._database, self.datasets, self.comparisons)

    @late
    def sources(self) -> Sources:
        """What a run can start from: saved comparisons and files."""
        from workbench.library.sources import Sources

        return Sources(self.comparisons, self.connections, self.keys, price_of, facts_of, self.snippets.text, self.judges)

    def _resolved(self, comparison_id: int) -> Spec:
        return self.comparisons.resolve(self.comparisons.get(comparison_id).definition)
