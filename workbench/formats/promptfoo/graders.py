"""Who judges in a configuration: `provider` and `rubricPrompt` of an assertion, of a test, and of `defaultTest`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from workbench.formats.nunjucks import Untranslatable
from workbench.formats.promptfoo.files import CODE, ConfigFolder, bare, suffix
from workbench.formats.promptfoo.prompts import messages_of
from workbench.formats.promptfoo.providers import Provider, read_providers
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass, replace
from workbench.values import JUDGED, Content, Message

_WITH_OWN_PROMPT = ("llm-rubric", "factuality", "model-graded-factuality", "model-graded-closedqa")
"""Kinds whose rubricPrompt is one prompt that shows one answer."""
_NO_CODE = "programs in foreign files are not run"
_OUR_NAMES: Mapping[str, str] = {
    "completion": "output", "criteria": "rubric", "ideal": "reference", "input": "question",
}  # fmt: skip
"""What promptfoo calls the variables of its judge prompts, and what they are called here."""


@dataclass(frozen=True, slots=True)
class Grader:
    """Who judges where an assertion names nobody: what stands in `options` of its test, or of all."""

    provider: Any = None
    prompt: Any = None

    def over(self, options: Mapping[str, Any]) -> Grader:
        """This one, but for what the options of a test say themselves."""
        return Grader(options.get("provider") or self.provider, options.get("rubricPrompt") or self.prompt)


@dataclass(slots=True)
class Graders:
    """Collects the models that judge and the prompts that they are asked with. Checks name both; `prompts` and `models` hold them."""

    folder: ConfigFolder
    notes: Notes
    environment: Mapping[str, str]
    title: str
    """Of the configuration: its judge prompts are named after it."""
    models: dict[str, Provider] = field(default_factory=dict)
    prompts: dict[str, Content] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)

    def judge(self, item: Mapping[str, Any], usual: Grader) -> dict[str, Any]:
        """Who is asked by an assertion that a model grades; empty for all others."""
        kind = item["type"].removeprefix("not-")
        if kind not in JUDGED:
            return {}
        mine = usual.over(item)
        model = self._model(mine.provider)
        prompt = self._prompt(mine.prompt, kind) if mine.prompt else ""
        own = item.get("judge")
        named = {**({"model": model} if model else {}), **({"prompt": prompt} if prompt else {})}
        return {**named, **(own if isinstance(own, dict) else {})}

    def _model(self, provider: Any) -> str:
        """The name that checks give the model of a `provider`: its label or id, or of a mapping by kinds the one for texts."""
        if isinstance(provider, dict) and not isinstance(provider.get("id"), str):
            text = provider.get("text")
            return self._model(text) if text else ""
        name = provider.get("label") or provider["id"] if isinstance(provider, dict) else provider if isinstance(provider, str) else ""
        name = str(name).strip()
        if not name:
            return ""
        key = json.dumps(provider, sort_keys=True, default=str)
        if key not in self._seen:
            taken = {*self._seen.values()}
            title = next(one for number in range(1, len(taken) + 2) if (one := name if number == 1 else f"{name} ({number})") not in taken)
            self._seen[key] = title
            quiet = Notes(self.notes.path)  # one that nothing here asks may be a model of the workspace
            for found in read_providers([provider], self.folder, quiet, self.environment):
                self.models[title] = replace(found, model=replace(found.model, title=title))
        return self._seen[key]

    def _prompt(self, prompt: Any, kind: str) -> str:
        """The name of the judge prompt that a `rubricPrompt` becomes; empty where it cannot be one."""
        where = f"rubricPrompt of {kind}"
        if kind not in _WITH_OWN_PROMPT:
            self.notes.add(where, "promptfoo asks this kind in its own steps, so the app's own judge prompt is asked")
            return ""
        if isinstance(prompt, str) and prompt.startswith("file://"):
            if suffix(prompt) in CODE:
                self.notes.add(f"rubricPrompt {bare(prompt)}", f"{_NO_CODE}, so the app's own judge prompt is asked")
                return ""
            if self.folder.leaves_out(prompt):
                return ""
            prompt = self.folder.data(prompt) if suffix(prompt) in (".json", ".yaml", ".yml") else self.folder.text(prompt)
        raw = prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False)
        try:
            content = Content(tuple(_in_our_names(message) for message in messages_of(raw, self.notes, "rubricPrompt")))
        except Untranslatable as error:
            self.notes.add(f"{where}, line {error.line} of its text", f"{error.message} The app's own judge prompt is asked")
            return ""
        for name, known in self.prompts.items():
            if known == content:
                return name
        name = f"Rubric of {' '.join(self.title.split())[:120]}" + (f" {len(self.prompts) + 1}" if self.prompts else "")
        self.prompts[name] = content
        return name


def _in_our_names(message: Message) -> Message:
    def named(match: re.Match[str]) -> str:
        return f"{match[1]}{_OUR_NAMES.get(match[2], match[2])}{match[3]}"

    first = re.compile(r"(\{\{-?\s*|\{%-?\s*(?:el)?if\s+)(\w+)(\b)")
    return replace(message, parts=tuple(replace(part, text=first.sub(named, part.text)) for part in message.parts))
