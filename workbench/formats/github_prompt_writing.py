"""`.prompt.yml` of GitHub Models, written: messages with `{{name}}`, and the sample values as test data. Its reader: `github_prompt`."""

from __future__ import annotations

import json
from typing import Any

from workbench.formats.double_braces import to_double_braces
from workbench.formats.foreign_writing import Outgoing, each_text, parameters_for, tell, text_of, tools_for, with_examples, wrapped
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump

_PARAMETERS = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
_JSON = {"type": "json_object"}


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    out = with_examples(out, notes)
    prompt, content = out.prompt, out.content
    tell(out, notes, "description", "samples", "schema", "tools")
    parameters, tools = parameters_for(out, notes, _PARAMETERS, apart=("response_format",)), tools_for(out, notes)
    data: dict[str, Any] = {"name": prompt.name}
    if prompt.description:
        data["description"] = prompt.description
    if parameters:
        data["modelParameters"] = parameters
    response = content.parameters.get("response_format")
    if content.output_schema is not None:
        data |= {"responseFormat": "json_schema", "jsonSchema": json.dumps(wrapped(content.output_schema), ensure_ascii=False, indent=2)}
    elif response == _JSON:
        data["responseFormat"] = "json_object"
    if response is not None and data.get("responseFormat") != "json_object":
        notes.add("parameter response_format", "The value of the parameter response_format has no place in this format.")
    texts = each_text(content, lambda text: to_double_braces(text, content.snippets))
    data["messages"] = [{"role": message.role, "content": text_of(parts)} for message, parts in texts]
    if tools:
        data["tools"] = tools
    if prompt.samples:
        data["testData"] = [dict(prompt.samples)]
    return dump(data)
