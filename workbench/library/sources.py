"""What a run can start from: a saved comparison, or a file that holds a whole one. Either becomes a resolved comparison."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.formats.reports import NotCarried
from workbench.library.case_files import file_names
from workbench.library.contents import text_of_snippet
from workbench.library.files_beside import cases_beside
from workbench.library.keys import Keys, file_key
from workbench.library.vendors import paid_at, vendor_at, vendors
from workbench.quick_dataclass import dataclass, replace
from workbench.values import (
    BadInput,
    Case,
    Check,
    Content,
    Missing,
    ModelSpec,
    NotFound,
    Price,
    Spec,
    Variant,
    every_check,
    judged_by,
    with_judges,
)

if TYPE_CHECKING:
    from workbench.library.comparisons import Comparisons
    from workbench.library.connections import Connections
    from workbench.library.judges import Judges
    from workbench.library.models import FactsOf, PriceOf

_MOST_BAD_LINES = 5
_MOST_ABOVE = 4
"""So many folders are looked into for snippets, the file's own the first."""
_GITHUB = "https://models.github.ai/inference"


@dataclass(frozen=True, slots=True)
class Source:
    """A comparison ready to be planned, the saved one that it is (if it is one), and what its file held that has no place here."""

    spec: Spec
    comparison_id: int | None = None
    not_carried: tuple[NotCarried, ...] = ()


class Sources:
    """Finds what a run is asked to start from."""

    def __init__(
        self,
        comparisons: Comparisons,
        connections: Connections,
        keys: Keys,
        price_of: PriceOf,
        facts_of: FactsOf,
        snippet: Callable[[str], str | None],
        judges: Judges,
    ) -> None:
        self._comparisons = comparisons
        self._connections = connections
        self._keys = keys
        self._price_of = price_of
        self._facts_of = facts_of
        self._snippet = snippet
        self._judges = judges

    def named(self, what: str, *, others_asked: bool = False) -> Source:
        """The saved comparison of this name, uid or id, resolved as it is now. Raises NotFound, and BadInput for what it lacks:
        with `others_asked`, its own models aside."""
        try:
            row = self._comparisons.find(what)
        except NotFound:
            if not (what.isascii() and what.isdigit() and len(what) < 10):
                raise
            row = self._comparisons.get(int(what))
        return Source(self._comparisons.resolve(row.definition, others_asked=others_asked), row.id)

    def file(self, path: Path) -> Source:
        """The comparison in a comparison file, a promptfoo configuration or a `.prompt.yml`.

        Keys in a configuration are held for this session and go nowhere else.
        Raises BadInput, with the line where there is one, for a file that cannot be run.
        """
        source = self._file(path)
        return self._over(source, source.spec.cases, path)

    def _file(self, path: Path) -> Source:
        if path.name.startswith("promptfooconfig") or path.suffix.lower() == ".json":  # says what it is, and spares a look inside
            return self._promptfoo(path)
        from workbench.formats import comparison_file  # only such files need it
        from workbench.formats.foreign_formats import is_github

        if not comparison_file.is_comparison(path):
            return self._github(path) if is_github(path) else self._promptfoo(path)
        spec = comparison_file.parse(comparison_file.text_of(path), str(path), lambda place: Path(place).read_bytes(), self._spec_of)
        variants = tuple(replace(one, content=self._with_snippets(one.content, path)) for one in spec.variants)
        models, judges = (tuple(map(self._known, found)) for found in (spec.models, spec.judges))
        return Source(replace(spec, variants=variants, models=models, judges=judges))

    def _with_snippets(self, content: Content, path: Path) -> Content:
        """The content with what it includes: as its own file has it, else from a `snippets` folder beside or above the comparison's
        file, else from the workspace. Raises BadInput naming the first that is nowhere."""
        from workbench.templates import frozen, included  # Jinja2, which most files do without

        if not included(content):
            return content
        beside = snippets_beside(path)
        missing: list[str] = []

        def find(name: str) -> str | None:
            text = beside.get(name) or self._snippet(name)
            if text is None:
                missing.append(name)
            return text

        found = frozen(content, find)
        if missing:
            raise BadInput(
                f"There is no snippet named {missing[0]}, neither in a snippets folder beside this file nor in the workspace.",
                path=str(path),
                remedy=f"Put its file into {path.parent / 'snippets'}, or import it.",
            )
        return found

    def _promptfoo(self, path: Path) -> Source:
        from workbench.formats import promptfoo  # only such files need it

        config = promptfoo.read(path, os.environ, within=_ground(path))
        asked = (*config.spec.models, *config.spec.judges)
        for index, key in config.keys.items():
            model = asked[index]
            self._keys.hold(file_key(model.base_url, model.name), key)
        models = tuple(self._known(model) for model in config.spec.models)
        own = [model for index, model in enumerate(asked) if index >= len(models) and (index in config.keys or self._is_own(model, models))]
        judges = tuple(map(self._known, own))
        spec = replace(config.spec, models=models, judges=judges)
        if config.judge_prompts:
            spec = self._judges.with_prompts(spec, config.judge_prompts, path.name)
        return Source(spec, None, config.not_carried)

    def _is_own(self, judge: ModelSpec, models: Sequence[ModelSpec]) -> bool:
        """True of a judge that is reached as the file says: it has an address or parameters of its own, or no model of that name answers
        in the comparison or stands in the workspace, whose connection would have the key."""
        if judge.parameters or judge.price != Price() or all(row.base_url != judge.base_url for row in vendors()):
            return True
        if any(model.name == judge.name for model in models):
            return False
        try:
            self._spec_of(judge.name)
        except (NotFound, BadInput):
            return True
        return False

    def _github(self, path: Path) -> Source:
        """The prompt of a `.prompt.yml` over its test data, on the workspace's model of that name, else on GitHub Models."""
        from workbench.formats.foreign_formats import read, text_of  # only such files need it
        from workbench.formats.github_prompt import model_of

        found = read(path, "github")
        (prompt,) = found.prompts
        name = model_of(text_of(path), str(path))
        models: tuple[ModelSpec, ...] = ()
        if name:
            try:
                models = (self._spec_of(name),)
            except NotFound:
                models = (ModelSpec(name, name, "openai-chat", _GITHUB, "GitHub Models", key_env="GITHUB_TOKEN"),)
        cases = found.datasets[0].cases if found.datasets else (Case({}),)
        spec = Spec(prompt.name, (Variant(prompt.name, None, prompt.content),), models, cases, checks=found.checks)
        return Source(spec, None, tuple(note for note in found.not_carried if not note.what.startswith("model ")))

    def with_models(self, source: Source, names: Sequence[str]) -> Source:
        """The same on other models: those of the source by title or name, else those of the workspace. Raises NotFound."""
        own = {key: model for model in reversed(source.spec.models) for key in (model.name, model.title)}
        models = tuple(own.get(name) or self._connections.spec(self._connections.find_model(name).id) for name in names)
        return replace(source, spec=replace(source.spec, models=models))

    def namesakes(self, source: Source) -> Mapping[str, str]:
        """Of each model that is asked as its file says, by name: `connection/title` of the connected one that has the same name."""
        return self._namesakes(source.spec.models)

    def judging_namesakes(self, source: Source) -> Mapping[str, str]:
        """The same of each model that judges as its file says."""
        spec = source.spec
        others = (*spec.models, *spec.judges)
        if not self._namesakes(others):
            return {}
        named: dict[str, Mapping[str, Any]] = {}

        def noted(judge: Mapping[str, Any]) -> Mapping[str, Any]:
            named[str(judge.get("model"))] = judge
            return judge

        for check in every_check(spec.checks, spec.cases):
            with_judges(check, noted)
        asked = []
        for judge in named.values():
            with suppress(Missing):  # that is said when it is to judge
                asked.append(self._judges.model(Check("llm-rubric", judge=judge), others))
        return self._namesakes(asked)

    def _namesakes(self, models: Sequence[ModelSpec]) -> dict[str, str]:
        own = [model.name for model in models if not model.model_uid and model.wire_format != "echo"]
        rows = reversed(self._connections.models()) if own else ()
        connected = {row.name: f"{row.connection}/{row.title}" for row in rows if not row.embeds}
        return {name: connected[name] for name in own if name in connected}

    def with_judge(self, source: Source, name: str) -> Source:
        """The same with this model as the judge of every check that asks one, whichever they name. Raises Missing."""
        spec = source.spec
        model = self._judges.model_named(name, (*spec.models, *spec.judges))
        cases = tuple(
            replace(case, checks=tuple(judged_by(check, name) for check in case.checks)) if case.checks else case for case in spec.cases
        )
        judges = spec.judges if model.model_uid else (*spec.judges, model)
        checks = tuple(judged_by(check, name) for check in spec.checks)
        return replace(source, spec=replace(spec, checks=checks, cases=cases, judges=judges))

    def with_cases(self, source: Source, path: Path, sheet: str = "") -> Source:
        """The same over the cases in a table file, columns mapped as guessed. Raises BadInput naming the lines that cannot be used."""
        from workbench.formats import tabular  # most runs bring no table

        table = tabular.read(path, sheet=sheet)  # whether a column names files is what the prompts say, not a guess
        cases: list[Case] = []
        bad: list[str] = []
        for item in table.cases():
            if isinstance(item, Case):
                cases.append(item)
            else:
                bad.append(f"line {item.line}: {item.reason}")
        if bad:
            rows = "1 row" if len(bad) == 1 else f"{len(bad)} rows"
            raise BadInput(f"{rows} cannot be used. {'; '.join(bad[:_MOST_BAD_LINES])}", path=str(path))
        source = replace(source, spec=replace(source.spec, dataset=path.name, dataset_uid=None))
        return self._over(source, cases, path)

    def _over(self, source: Source, cases: Sequence[Case], path: Path) -> Source:
        """The same over these cases of a file; the pictures and files that they name are looked up beside it."""
        names = file_names(variant.content for variant in source.spec.variants)
        spec = replace(source.spec, cases=tuple(cases_beside(cases, names, path) if names else cases))
        return replace(source, spec=self._comparisons.with_files(spec) if names else spec)

    def _spec_of(self, name: str) -> ModelSpec:
        return self._connections.spec(self._connections.find_model(name).id)

    def _known(self, model: ModelSpec) -> ModelSpec:
        """A model of a file with what is known about its vendor: options and price, where the file has none."""
        if model.wire_format == "echo":
            return model
        row, paid = vendor_at(model.base_url, model.wire_format), paid_at(model.base_url, model.wire_format)
        price = model.price if model.price != Price() else self._price_of(paid.id, model.name, model.base_url)
        reads = model.reads or tuple(self._facts_of(paid.id, model.name, model.base_url).get("reads") or ())
        return replace(model, price=price, options={**(row.options if row else {}), **model.options}, reads=reads)


def snippets_beside(path: Path) -> Mapping[str, str]:
    """Name to text of the snippet files in the nearest `snippets` folder beside a file, or above it within the library."""
    from workbench.formats.library_file import read_prompt  # see above
    from workbench.formats.library_file_values import parse

    for folder in list(path.resolve().parents)[:_MOST_ABOVE]:
        files = sorted((folder / "snippets").glob("**/*.yaml"))
        if files:
            found = {}
            for file in files:
                if file.is_file() and not file.name.endswith(".versions.yaml"):
                    snippet = read_prompt(parse(file.read_text("utf-8"), str(file)), file.stem)
                    found[snippet.name] = text_of_snippet(snippet.content)
            return found
        if (folder / "workbench.yaml").exists():
            break
    return {}


def _ground(path: Path) -> Path:
    """The folder that a configuration which is run may read: the one that the user is in where it lies there, else its own. A home folder
    with everything in it is no such folder."""
    here, own = Path.cwd(), path.resolve().parent
    return here if own.is_relative_to(here) and not Path.home().resolve().is_relative_to(here) else own
