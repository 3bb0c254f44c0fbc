"""Prompts of LangChain: files of its `save`, and the manifests of its hub. Nothing in them is ever loaded as an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.formats.braces import from_format_string
from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file, read_json
from workbench.formats.foreign_values import CODE_WHY, MODEL_WHY, declared_default, listed, parameters_of, role_of, tools_of
from workbench.formats.jinja_text import JinjaText, variable_name
from workbench.formats.mustache import from_mustache
from workbench.formats.reports import Notes
from workbench.templates import check
from workbench.values.messages import Content, Message, Part, Role
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec

_KINDS = ("prompt", "few_shot", "chat", "few_shot_chat")
_CLASSES: Mapping[str, Role] = {
    "SystemMessagePromptTemplate": "system", "HumanMessagePromptTemplate": "user", "AIMessagePromptTemplate": "assistant",
    "SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant",
}  # fmt: skip
_FEW_SHOT_CHAT = ("FewShotChatMessagePromptTemplate", "few_shot_chat")
_DEEPEST = 20
_WRAPPERS = ("manifest", "committed_prompt")


def looks_like(data: Any) -> bool:
    """True for a prompt of LangChain in JSON or YAML."""
    if not isinstance(data, Mapping):
        return False
    if any(isinstance(data.get(key), Mapping) for key in _WRAPPERS):
        return any(looks_like(data.get(key)) for key in _WRAPPERS)
    if data.get("lc") is not None and data.get("type") in ("constructor", "not_implemented"):
        return True
    if isinstance(data.get("template"), str) and isinstance(data.get("input_variables"), list):
        return True  # files before there was a `_type`
    is_prompt = data.get("_type") in _KINDS and data.keys() & {"template", "template_path", "examples", "messages", "example_prompt"}
    return bool(is_prompt) or (isinstance(data.get("_type"), str) and any(True for _ in _inner_prompts(data, "", 0)))


def _inner_prompts(data: Any, name: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(place, prompt) of every prompt inside a saved chain."""
    for key, item in data.items() if depth < _DEEPEST else ():
        if isinstance(item, Mapping):
            if item.get("_type") in _KINDS and looks_like(item):
                yield name if key == "prompt" and name else str(key), item
            else:
                yield from _inner_prompts(item, str(key), depth + 1)


def read(source: FileText) -> ForeignFile:
    """The prompt in a file of JSON or YAML. Raises BadInput."""
    data = source.json() if source.text.lstrip()[:1] in ("{", "[") else source.yaml().data
    if not isinstance(data, Mapping):
        raise source.problem("This is no prompt of LangChain.", 1)
    notes = Notes(source.path)
    name = str(data.get("repo_handle") or data.get("name") or "")
    wrapper = next((key for key in _WRAPPERS if isinstance(data.get(key), Mapping)), None)
    if wrapper:
        known = {wrapper, "examples", "repo", "repo_handle", "owner", "full_name", "description", "name", "commit_hash"}
        notes.leftover(dict(data), known, "file")
        data = data[wrapper]
    if data.get("type") == "constructor":  # its name is that of a class
        about = _mapping(_mapping(data.get("kwargs")).get("metadata"))
        name = str(about.get("lc_hub_repo") or ("" if name == data.get("name") else name))
    elif data.get("_type") not in (None, *_KINDS):
        return _chain(source, data, notes)
    return _one(source, data, name, notes)


def _chain(source: FileText, data: Mapping[str, Any], notes: Notes) -> ForeignFile:
    """The prompts inside a saved chain or agent. What it does with them is a program."""
    found = list(_inner_prompts(data, "", 0))
    if not found:
        raise source.problem(f"There is no prompt in this {str(data['_type'])[:60]}.", 1)
    notes.add(f"{data['_type']}: its steps", "only the prompts of a chain are carried")
    parts = [
        _one(source, item, f"{source.stem} {place}".replace("_", " ") if len(found) > 1 else source.stem, notes) for place, item in found
    ]
    return ForeignFile(tuple(prompt for part in parts for prompt in part.prompts), not_carried=notes.all())


def _one(source: FileText, data: Mapping[str, Any], name: str, notes: Notes) -> ForeignFile:
    reader = _Reader(source, notes)
    try:
        found = reader.messages(data, 0)
    except BadInput as error:
        raise source.problem(error.message, error.line, error.remedy) from None
    content = Content(tuple(found), reader.parameters, reader.schema, reader.tools, reader.variables)
    return foreign_file(source, notes, name, content, samples=reader.samples)


class _Reader:
    """Reads one prompt, with what it finds beside the messages."""

    def __init__(self, source: FileText, notes: Notes) -> None:
        self._source, self._notes = source, notes
        self.samples: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.schema: Mapping[str, Any] | None = None
        self.tools: tuple[dict[str, Any], ...] = ()
        self.variables: dict[str, VariableSpec] = {}

    def messages(self, data: Mapping[str, Any], depth: int) -> list[Message]:
        """The messages of a prompt, a chat, or a chain whose first link is one of them."""
        if depth > _DEEPEST:
            raise BadInput("This is nested too deep.")
        name, values = _object(data)
        if name == "RunnableSequence":
            self._model(values)
            return self.messages(_mapping(values.get("first")), depth + 1)
        if name == "RunnableBinding":
            return self.messages(_mapping(values.get("bound")), depth + 1)
        self._partial(_mapping(values.get("partial_variables")))
        if values.get("output_parser"):
            self._notes.add("output_parser", "answers are kept as they come")
        for key in ("validate_template", "metadata", "tags"):
            if {name: item for name, item in _mapping(values.get(key)).items() if not name.startswith("lc_hub_")} or values.get(
                key
            ) is True:
                self._notes.add(key, "nothing here does this yet")
        if name in ("StructuredPrompt", "ChatPromptTemplate", "chat") or isinstance(values.get("messages"), list):
            if isinstance(values.get("schema_"), Mapping):
                self.schema = values["schema_"]
            return [message for item in listed(values.get("messages")) for message in self._message(item, depth + 1)]
        if name in ("FewShotPromptTemplate", "few_shot"):
            return [Message.of("user", self._few_shot(values))]
        if name in _FEW_SHOT_CHAT:
            return list(self._message(data, depth))
        if name in ("PromptTemplate", "prompt") or (not name and isinstance(values.get("template"), str)):
            return [Message.of("user", self._template(values, "prompt"))]
        raise BadInput(f"{name or 'This'} is no prompt that is known here.")

    def _partial(self, values: Mapping[str, Any]) -> None:
        """Values that are filled in beforehand: here they stand in where a case gives none."""
        for key, value in values.items():
            if _is_plain(value):
                name = variable_name(str(key), self._notes)
                self.samples[name] = value
                self.variables.setdefault(name, declared_default(value))
            else:
                self._notes.add(f"partial variable {key}", CODE_WHY)

    def _examples(self, values: Mapping[str, Any], depth: int) -> Iterator[Message]:
        """The place of the examples of a chat, and they themselves as the default of its variable."""
        examples = values.get("examples")
        form = list(self._message(values.get("example_prompt"), depth + 1))
        if not isinstance(examples, list) or not form:
            self._notes.add("examples", "a program chooses them, and programs in foreign files are not run")
            return
        from workbench.templates import render_text  # only few-shot prompts have examples to fill in

        said = []
        for example in examples:
            given = {variable_name(str(key), self._notes): value for key, value in _mapping(example).items()}
            said += [{"role": message.role, "content": render_text(message.text, given)} for message in form]
        name = next(name for name in ("examples", *(f"examples_{number}" for number in range(2, 100))) if name not in self.variables)
        self.variables[name] = VariableSpec("messages", default=said, required=False)
        yield Message.of("user", f"{{{{ {name} }}}}")

    def _message(self, item: Any, depth: int) -> Iterator[Message]:
        if isinstance(item, (list, tuple)) and len(item) == 2 and all(isinstance(part, str) for part in item):
            where = f"message of {item[0]}"
            yield Message.of(role_of(item[0], self._notes, "message"), from_format_string(item[1], self._notes, where))
            return
        name, values = _object(_mapping(item))
        if name == "MessagesPlaceholder" or "variable_name" in values:
            variable = variable_name(str(values.get("variable_name")), self._notes)
            self.variables[variable] = VariableSpec("messages", required=not values.get("optional"))
            yield Message.of("user", f"{{{{ {variable} }}}}")
        elif name in _FEW_SHOT_CHAT:
            yield from self._examples(values, depth)
        elif name in ("ChatPromptTemplate", "chat"):
            yield from self.messages(_mapping(item), depth + 1)
        elif name in _CLASSES or name in ("ChatMessagePromptTemplate", "ChatMessage", "") or "prompt" in values:
            role = _CLASSES.get(name) or role_of(values.get("role", values.get("type", "user")), self._notes, "message")
            yield Message(role, tuple(self._parts(values, f"{role} message")))
        else:
            self._notes.add(f"message {name}", "nothing here does this yet")

    def _parts(self, values: Mapping[str, Any], where: str) -> Iterator[Part]:
        if "content" in values and "prompt" not in values:  # a finished message: its text is no template
            found = JinjaText()
            found.text(values["content"] if isinstance(values["content"], str) else "")
            if not isinstance(values["content"], str):
                self._notes.add(where, "only text is carried")
            yield Part(text=str(found))
            return
        prompt = values.get("prompt")
        for item in prompt if isinstance(prompt, list) else [prompt]:
            name, inner = _object(_mapping(item))
            if name == "ImagePromptTemplate" or "image" in name.lower():
                self._notes.add(f"{where}: picture", "pictures by their address have no place in a prompt yet")
            else:
                yield Part(text=self._template(inner, where))

    def _few_shot(self, values: Mapping[str, Any]) -> str:
        """Prefix, every example in its form, suffix: with the separator between them."""
        examples = values.get("examples")
        if isinstance(examples, str):
            examples = self._beside(examples)
        if not isinstance(examples, list):
            raise BadInput("The examples of a few-shot prompt are a list.")
        _, example_prompt = _object(_mapping(values.get("example_prompt")))
        if not example_prompt and isinstance(values.get("example_prompt_path"), str):
            example_prompt = _mapping(self._beside(values["example_prompt_path"]))
        form = self._template(example_prompt, "example")
        from workbench.templates import render_text  # only few-shot prompts have examples to fill in

        filled = []
        for example in examples:
            names = {variable_name(str(key), self._notes): value for key, value in _mapping(example).items()}
            text = JinjaText()
            text.text(render_text(form, names))
            filled.append(str(text))
        language = {"template_format": values.get("template_format", "f-string")}
        parts = [self._template({**language, "template": values[key]}, key) if values.get(key) else "" for key in ("prefix", "suffix")]
        separator = values.get("example_separator", "\n\n")
        return str(separator).join(part for part in (parts[0], *filled, parts[1]) if part)

    def _template(self, values: Mapping[str, Any], where: str) -> str:
        text = values.get("template")
        if text is None and isinstance(values.get("template_path"), str):
            text = self._source.beside(values["template_path"])
        if not isinstance(text, str):
            raise BadInput(f"The template of {where} is no text.")
        language = values.get("template_format", "f-string")
        if language == "mustache":
            return from_mustache(text, self._notes)
        if language == "f-string":
            return from_format_string(text, self._notes, where)
        if language != "jinja2":
            raise BadInput(f"A template is f-string, mustache or jinja2, not {str(language)[:40]}.")
        problem = check(text)
        if problem is not None:
            raise BadInput(f"{where}, line {problem.line} of its text: {problem.message}")
        return text

    def _beside(self, name: str) -> Any:
        text = self._source.beside(name)
        if text.lstrip()[:1] in ("{", "["):
            return read_json(text, name)
        from workbench.formats.yaml_text_reading import load  # only examples in files of their own need it

        return load(text, name).data

    def _model(self, values: Mapping[str, Any]) -> None:
        """The model behind the prompt of a chain: its parameters and tools; the model itself is chosen here."""
        for item in [values.get("last"), *(values["middle"] if isinstance(values.get("middle"), list) else [])]:
            name, inner = _object(_mapping(item))
            if name == "RunnableBinding":
                given = _mapping(inner.get("kwargs"))
                self.tools = tools_of(given.get("tools"), self._notes)
                name, inner = _object(_mapping(inner.get("bound")))
            if name:
                self._notes.add(f"model {inner.get('model') or inner.get('model_name') or name}", MODEL_WHY)
            plain = {key: value for key, value in inner.items() if _is_plain(value)}
            self.parameters |= parameters_of(plain, Notes(""), "model")


def _object(data: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """(name of the class, its values) of a serialised object; of a file of `save` its kind and itself."""
    if data.get("type") == "constructor" and isinstance(data.get("id"), list) and data["id"]:
        return str(data["id"][-1]), _mapping(data.get("kwargs"))
    return str(data.get("_type") or ""), data


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool)) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
