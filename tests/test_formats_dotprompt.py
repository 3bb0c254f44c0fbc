"""dotprompt's `.prompt` files, and the specification's own cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.foreign_files import messages, notes, reading
from workbench.formats import handlebars, picoschema
from workbench.formats.handlebars_writing import to_handlebars
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import load
from workbench.templates import names, render, render_text
from workbench.values import BadInput, Content

WHOLE = """\
# A licence
---
model: googleai/gemini-2.5-flash
description: All of it
config: {version: x, temperature: 0.7, maxOutputTokens: 20, topK: 4, stopSequences: [END], apiKey: sk-secret}
input:
  schema: {name: string, style?: string, items(array): string}
  default: {name: Ana}
output: {format: json, schema: {title: "string, short", tags: "string[]"}}
tools: [search, {name: add, description: Adds, inputSchema: {a: number}}]
my.ext: 1
---
{{role "system"}}
Be {{#if style}}{{style}}{{else}}plain{{/if}}. {{! a comment }}
{{history}}
{{role "user"}}
Hello {{name}}, {% raw %} {# x #}:
{{#each items}}
- {{@index}} {{this}} of {{../name}}{{#unless @last}},{{/unless}}
{{else}}
nothing
{{/each}}
{{json this indent=2}}
{{role "model"}}
{"a": {"b": 1}}
"""


def test_everything_that_has_a_place_here_comes_in(tmp_path: Path) -> None:
    found = reading(tmp_path, "dotprompt", WHOLE, "whole.prompt")
    (prompt,) = found.prompts
    assert (prompt.name, prompt.description, prompt.samples) == ("whole", "All of it", {"name": "Ana"})
    assert prompt.content.parameters == {"temperature": 0.7, "max_tokens": 20, "top_k": 4, "stop": ["END"]}
    assert prompt.content.output_schema is not None
    assert prompt.content.output_schema["properties"]["title"] == {"type": "string", "description": "short"}
    assert [tool["function"]["name"] for tool in prompt.content.tools] == ["add"]
    assert names(prompt.content) == ("style", "history", "name", "items")
    system, user, assistant = render(prompt.content, {"name": "Ana", "style": "", "items": ["a", "b"]})
    assert system.text.split() == ["Be", "plain."]
    earlier = render(prompt.content, {"name": "Ana", "style": "", "items": ["a"], "history": [{"role": "user", "content": "Earlier"}]})
    assert [message.text.strip() for message in earlier][:2] == ["Be plain.", "Earlier"]
    assert user.text.startswith("\nHello Ana, {% raw %} {# x #}:\n- 0 a of Ana,\n- 1 b of Ana\n{")
    assert (assistant.role, assistant.text) == ("assistant", '\n{"a": {"b": 1}}')
    assert {"model googleai/gemini-2.5-flash", "tool search", "file: my.ext", "config: version"} <= notes(found).keys()
    assert "sk-secret" not in repr(found)


def test_optional_values_may_be_absent(tmp_path: Path) -> None:
    text = "{{#if a}}A{{else if b.c}}B{{else}}C{{/if}}{{#each l}}{{name}}{{/each}}{{#with u}}{{name}}{{else}}nobody{{/with}}"
    found = reading(tmp_path, "dotprompt", text)
    assert [message.text for message in render(found.prompts[0].content, {})] == ["Cnobody"]
    values = {"b": {"c": 1}, "l": [{"name": "x"}, {"name": "y"}], "u": {"name": "z"}}
    assert [message.text for message in render(found.prompts[0].content, values)] == ["Bxyz"]


def test_partials_are_taken_from_the_folder_and_do_not_go_in_circles(tmp_path: Path) -> None:
    (tmp_path / "_foot.prompt").write_text("---\nmodel: m\n---\nBy {{author}}, {{year}}.")
    found = reading(tmp_path, "dotprompt", 'Hi\n{{> foot author="Bob"}}')
    assert [message.text for message in render(found.prompts[0].content, {"year": 1})] == ["Hi\nBy Bob, 1."]
    gone = reading(tmp_path, "dotprompt", "Hi\n{{> gone-one}}\n{{!\n a {{> comment}} with a tag\n}}\nend")
    assert messages(gone) == [("user", "Hi\n{{ gone_one }}end")]
    assert "{{> gone-one}}" in notes(gone)
    (tmp_path / "_a.prompt").write_text("{{> b}}")
    (tmp_path / "_b.prompt").write_text("{{> a}}")
    with pytest.raises(BadInput, match="includes itself"):
        reading(tmp_path, "dotprompt", "{{> a}}")
    assert reading(tmp_path, "dotprompt", "x", "_foot.prompt").prompts[0].kind == "snippet"


def test_a_variant_has_its_own_name(tmp_path: Path) -> None:
    assert reading(tmp_path, "dotprompt", "Hi", "greet.short.prompt").prompts[0].name == "greet (short)"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{/if}}", 2, "not open"),
        ("a\n{{#if x}}\nb", 2, "not closed"),
        ("a\n\nb {{", 3, "not closed"),
        ("a\nb }} c", 2, "closing braces"),
        ("{{#each l}}\n{{> gone}}{{/each}}", 2, "_gone.prompt"),
        ("a\n{{shout x}}", 2, "helper shout"),
        ("{{#each x}}\n{{role \"user\"}}{{/each}}", 2, "fixed number"),
        ("{{json this}}", 1, "all values at once"),
        ("a\n{{@key}}", 2, "@key"),
        ("{{#each o}}\n{{@../index}}{{/each}}", 2, "outside of an each"),
        ("---\nmodel: x\n---\n\n{{#if a}}\n{{/each}}", 6, "where if is open"),
        ("---\nmodel: [\n---\nx", 3, "front matter"),
        ("{{{{raw}}}} x {{{{/raw}}}}", 1, "Raw blocks"),
        ("{{#if (f x}}{{/if}}", 1, "bracket"),
        ("{{../x}}", 1, "leads out"),
    ],
)  # fmt: skip
def test_what_has_no_like_here_is_refused_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        reading(tmp_path, "dotprompt", text)
    assert caught.value.line == line


# The specification's cases

UNSUPPORTED = {
    "basic_section": "parts of a message have no names here",
    "nested_sections": "parts of a message have no names here",
    "system_only_prompt": "earlier turns of a conversation have no place in a prompt yet",
    "handles missing state values": "a value that is missing is an error here, never an empty text",
    "handles missing context variables gracefully": "a value that is missing is an error here, never an empty text",
    "json": "JSON is written with a space behind : and , here, and null values stay",
    "named_schema_override_description": "named schemas lie in other files; a note says so",
    "nested_named_schema": "named schemas lie in other files; a note says so",
}


def groups(shared: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load((shared / "formats" / "dotprompt-spec" / name).read_text("utf-8")).data
    return found


@pytest.mark.parametrize("name", ["variables", "unicode", "helpers__role", "helpers__ifEquals", "helpers__unlessEquals", "metadata"])
def test_the_specifications_cases_of_rendering(shared: Path, tmp_path: Path, name: str) -> None:
    ran = 0
    for group in groups(shared, f"spec__{name}.yaml"):
        for case in group["tests"]:
            expected = case["expect"].get("messages")
            if group["name"] in UNSUPPORTED or case["desc"] in UNSUPPORTED or not expected:
                continue
            data = case.get("data") or {}
            default = (case.get("options") or {}).get("input", {}).get("default", {})
            values = {**default, **data.get("input", {}), **data.get("context", {})}
            content = reading(tmp_path, "dotprompt", group["template"]).prompts[0].content
            got = [(message.role, message.text) for message in render(content, values)]
            roles = {"model": "assistant"}
            wanted = [(roles.get(item["role"], item["role"]), "".join(part["text"] for part in item["content"])) for item in expected]
            assert got == wanted, (group["name"], case["desc"])
            ran += 1
    assert ran >= 2


def test_the_specifications_cases_of_json_but_for_its_spaces(shared: Path) -> None:
    for group in groups(shared, "spec__helpers__json.yaml"):
        for case in group["tests"]:
            values = case["data"]["input"]
            if not values:
                continue  # then nothing says which values there are
            found = handlebars.messages_of(group["template"], Notes(""), known=list(values))
            (message,) = render(Content(found), values)
            wanted = case["expect"]["messages"][0]["content"][0]["text"]
            assert load(message.text).data == load(wanted).data
            if "indent" in group["template"]:
                assert message.text == wanted


def test_the_specifications_cases_of_picoschema(shared: Path) -> None:
    ran = 0
    for group in groups(shared, "spec__picoschema.yaml"):
        if group["name"] in UNSUPPORTED:
            continue
        head = load(group["template"].replace("\r\n", "\n").split("---\n")[1]).data
        for case in group["tests"]:
            for place in ("input", "output"):
                if place in case["expect"]:
                    assert picoschema.json_schema(head[place]["schema"]) == case["expect"][place]["schema"], group["name"]
                    ran += 1
    assert ran == 19


def test_choices_that_are_no_yaml_are_read_all_the_same(tmp_path: Path) -> None:
    found = reading(tmp_path, "dotprompt", '---\noutput:\n  schema:\n    tone?: "warm" | "cold"\n---\nHi')
    assert found.prompts[0].content.output_schema == {
        "type": "object",
        "properties": {"tone": {"enum": ["warm", "cold", None]}},
        "additionalProperties": False,
    }


def test_a_named_schema_is_noted(tmp_path: Path) -> None:
    found = reading(tmp_path, "dotprompt", "---\noutput: {schema: Foo}\n---\nHi")
    assert found.prompts[0].content.output_schema is None
    assert "output: schema" in notes(found)


def test_the_samples_of_the_field_are_read_or_refused_by_line(shared: Path) -> None:
    from workbench.formats.foreign_formats import read

    refused = {
        "examples__autocomplete": 22, "examples__error-multiple-issues": 26, "examples__error-unbalanced-brace": 24,
        "examples__error-unmatched-closing-block": 24, "examples__partials": 28,
    }  # fmt: skip
    for path in sorted((shared / "formats" / "dotprompt-files").glob("*.prompt")):
        name = path.name.removesuffix(".prompt")
        if name in refused:
            with pytest.raises(BadInput) as caught:
                read(path, "dotprompt")
            assert caught.value.line == refused[name], (name, caught.value.message, caught.value.line)
        else:
            assert messages(read(path, "dotprompt")), name


LOOPS = """\
---
input:
  schema:
    prices(object, by fruit): {fig: number}
    rows(array): string
---
{{#each prices}}{{@key}}={{this}}{{#unless @last}}, {{/unless}}{{/each}}
{{#each rows as |row at|}}{{at}}{{@key}}{{row}};{{/each}}
{{#each shelves}}{{#each this as |book key|}}[{{@../key}} {{@../index}} {{key}}: {{book}}{{#if @../first}}!{{/if}}]{{/each}}{{/each}}
{{#each grid as |line y|}}{{#each line as |cell x|}}{{y}}{{x}}{{cell}} {{/each}}{{/each}}
"""


def test_loops_over_objects_have_their_names_and_loops_within_loops_those_around_them(tmp_path: Path) -> None:
    found = reading(tmp_path, "dotprompt", LOOPS, "loops.prompt")
    given = {
        "prices": {"fig": 2, "kiwi": 3}, "rows": ["a", "b"], "shelves": {"top": {"p": "Emma"}, "low": {"q": "Dune"}}, "grid": [["c", "d"]],
    }  # fmt: skip
    (said,) = render(found.prompts[0].content, given)
    assert said.text.split("\n") == ["fig=2, kiwi=3", "00a;11b;", "[top 0 p: Emma!][low 1 q: Dune]", "00c 01d "]
    assert list(names(found.prompts[0].content)) == list(given)
    assert "a loop goes through" in notes(found)["@key"]  # nothing says what the shelves are
    (empty,) = render(found.prompts[0].content, {})
    assert empty.text.strip() == ""


def test_a_loop_over_an_object_is_written_with_its_names() -> None:
    inner = "{% for k, v in extra.items() %}[{{ dish }}{{ k }}{{ v }}]{% endfor %}"
    text = f"{{% for dish, price in menu | items %}}{{{{ dish }}}}={{{{ price }}}}{inner}{{% endfor %}}"
    written = to_handlebars(text, {})
    plain = written.replace("{{!}}", "")
    assert plain == "{{#each menu as |price|}}{{@key}}={{price}}{{#each @root.extra as |v|}}[{{@../key}}{{@key}}{{v}}]{{/each}}{{/each}}"
    (back,) = handlebars.messages_of(written, Notes(""))
    given = {"menu": {"soup": 4, "items": 5}, "extra": {"x": 1}}
    assert render(Content((back,)), given)[0].text == render_text(text, given) == "soup=4[soupx1]items=5[itemsx1]"


def test_the_name_of_the_file_makes_a_partial_and_not_that_of_the_prompt(tmp_path: Path) -> None:
    made = [reading(tmp_path, "dotprompt", "---\nname: _tone\n---\nHi", name).prompts[0] for name in ("tone.prompt", "_tone.prompt")]
    assert [(prompt.name, prompt.kind) for prompt in made] == [("_tone", "prompt"), ("tone", "snippet")]
