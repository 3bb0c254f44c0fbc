"""Who judges: the judge prompt of a check, which is a prompt of the library like any other, and the model that it is put to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import templates
from workbench.assets import asset
from workbench.library.models import Models
from workbench.library.names import clean_name
from workbench.library.prompts import Prompts
from workbench.library.records import PromptRow
from workbench.library.versions import Versions
from workbench.quick_dataclass import replace
from workbench.settings import Settings
from workbench.values import BadInput, Check, Content, Missing, ModelSpec, NotFound, Spec, Variant, with_judges

if TYPE_CHECKING:
    from workbench.formats.library_file import PromptFile

FOLDER = "Judges"
_FENCE_KEY = "judges.fence_key"


class Judges:
    """The verbs on judges."""

    def __init__(self, prompts: Prompts, versions: Versions, models: Models, settings: Settings) -> None:
        self._prompts, self._versions, self._models, self._settings = prompts, versions, models, settings

    def variant(self, check: Check, usual: str, shows: Sequence[str], *, keep: bool = True) -> Variant:
        """The judge prompt version that a check asks: the one it names, else the newest of the prompt of this usual name, which is made
        where it is not here yet and `keep` says so. Raises NotFound; BadInput where it shows nothing of what is judged."""
        if not keep and not check.judge.get("prompt") and all(row.name != usual for row in self.prompts()):
            return Variant(usual, 1, _shipped()[usual].content)
        row = self._named(str(check.judge["prompt"])) if check.judge.get("prompt") else self.usual(usual)
        number = check.judge.get("version")
        version = self._versions.by_number(row.id, int(number)) if number else self._versions.latest(row.id)
        if version is None:
            raise BadInput(f"The judge prompt {row.name} has no version yet.", remedy="Save one in the library.")
        content = self._versions.content(version.id)
        if not {*templates.names(content)} & {*shows}:
            wanted = " or ".join(f"{{{{ {name} }}}}" for name in shows)
            raise BadInput(f"The judge prompt {row.name} v{version.number} does not show the answer.", remedy=f"Put {wanted} into it.")
        return Variant(row.name, version.number, content, row.uid)

    def model(self, check: Check, others: Sequence[ModelSpec] = ()) -> ModelSpec:
        """The model that judges: the one the check names, which may be one of `others`, else the one in the settings. Raises Missing."""
        named = str(check.judge.get("model") or "").strip() or str(self._settings.get("judge_model")).strip()
        if not named:
            raise Missing("No model is chosen to judge.", remedy="Choose one in Settings, under Runs, or name one in the check.")
        return self.model_named(named, others)

    def model_named(self, named: str, others: Sequence[ModelSpec] = ()) -> ModelSpec:
        """The model of this title, name or uid that is to judge, which may be one of `others`. Raises Missing."""
        short = named.rsplit(":", 1)[-1]
        for name in dict.fromkeys((named, short)):
            for other in others:
                if name in (other.title, other.name, other.model_uid):
                    return other
            try:
                return self._models.spec(self._models.find_model(name).id)
            except NotFound:
                continue
        raise Missing(f"The model {named} is to judge, and it is not here.", remedy="Add it in Models, or choose another judge.")

    def with_prompts(self, spec: Spec, prompts: Mapping[str, Content], file: str) -> Spec:
        """The comparison of a file with all its checks as `with_checks` has them."""
        placed = self._all_placed(prompts, file)
        cases = tuple(replace(case, checks=_pinned(case.checks, placed)) if case.checks else case for case in spec.cases)
        return replace(spec, checks=_pinned(spec.checks, placed), cases=cases)

    def with_checks(self, checks: Sequence[Check], prompts: Mapping[str, Content], file: str) -> tuple[Check, ...]:
        """The checks of a file on versions of judge prompts of the library: these, by the names that the checks have.

        What is not there yet is put there; a text that a version has already is that version.
        """
        return _pinned(checks, self._all_placed(prompts, file))

    def _all_placed(self, prompts: Mapping[str, Content], file: str) -> dict[str, dict[str, Any]]:
        return {name: self._placed(name, content, file) for name, content in prompts.items()}

    def _placed(self, name: str, content: Content, file: str) -> dict[str, Any]:
        """Prompt and version of a judge prompt that a file brings."""
        name, note = clean_name(name), f"As {file} has it"
        try:
            row = self._named(name)
        except NotFound:
            self._prompts.create(name, FOLDER, content, f"The rubricPrompt of {file}", "judge", note)
            row = self._named(name)
        for version in self._versions.list(row.id, with_figures=False):
            if version.content_hash == content.hash:
                return {"prompt": name, "version": version.number}
        return {"prompt": name, "version": self._versions.save(row.id, content, note, branch="").number}

    def usual(self, name: str) -> PromptRow:
        """The judge prompt of this name that the app brings along; as it is in the library by now, or made anew."""
        with suppress(NotFound):
            return self._named(name)
        found = _shipped()[name]
        with suppress(BadInput):  # another app was faster
            self._prompts.create(name, FOLDER, found.content, found.description or "", "judge", "As the app brought it along")
        return self._named(name)

    def prompts(self) -> list[PromptRow]:
        """All judge prompts of the library."""
        return [row for row in self._prompts.list() if row.kind == "judge"]

    def fence_key(self) -> bytes:
        """What the marks of fences follow from: known to this computer alone, so that no answer can close its fence."""
        key = str(self._settings.get(_FENCE_KEY) or "")
        if len(key) < 32:
            key = secrets.token_hex(32)
            self._settings.set(_FENCE_KEY, key)
        return key.encode()

    def _named(self, name: str) -> PromptRow:
        rows = self.prompts()
        for match in ([row for row in rows if row.uid == name], [row for row in rows if row.name == name]):
            if match:
                return match[0]
        raise NotFound(f"There is no judge prompt named {name}.", remedy="Choose another one for this check.")


def _pinned(checks: Sequence[Check], placed: Mapping[str, Mapping[str, Any]]) -> tuple[Check, ...]:
    """The checks on these versions, by the names of their prompts."""

    def pinned(judge: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**judge, **placed.get(str(judge.get("prompt", "")), {})}

    return tuple(with_judges(check, pinned) for check in checks)


def _shipped() -> dict[str, PromptFile]:
    return {found.name: found for path in sorted(asset("judges").glob("*.yaml")) for found in (_read(path),)}


def _read(path: Path) -> PromptFile:
    from workbench.formats.library_file import read_prompt  # only where judges are shown or asked, not where they might be
    from workbench.formats.library_file_values import parse

    return read_prompt(parse(path.read_text("utf-8"), path.name), path.stem)
