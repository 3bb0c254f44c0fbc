"""The plain core of promptfoo's configuration files."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from workbench.formats.promptfoo import PromptfooConfig, looks_like, read
from workbench.values import BadInput, Case, ToolCall


def config(folder: Path, **keys: Any) -> Path:
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps({"prompts": ["Say {{q}}."], "providers": ["echo"], "tests": [{"vars": {"q": "x"}}], **keys}), "utf-8")
    return path


def values(read_config: PromptfooConfig) -> list[dict[str, Any]]:
    return [dict(case.values) for case in read_config.spec.cases]


def notes(read_config: PromptfooConfig) -> dict[str, str]:
    return {note.what: note.why for note in read_config.not_carried}


def test_the_plain_core_becomes_a_comparison(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        description="refund replies",
        prompts=["Answer {{name}}.", {"id": "v3", "label": "polite", "raw": "Dear {{name}}"}],
        providers=[
            {
                "id": "openai:chat:gpt-x",
                "config": {"apiBaseUrl": "http://127.0.0.1:9/v1/", "apiKey": "k", "temperature": 0, "max_tokens": 5},
            },
            "openai:gpt-y",
            {"id": "echo", "label": "parrot"},
        ],
        defaultTest={"vars": {"tone": "warm"}, "assert": [{"type": "icontains", "value": "{{name}}", "metric": "topic", "weight": 2}]},
        tests=[{"description": "Ana asks", "vars": {"name": "Ana"}, "assert": [{"type": "regex", "value": "x", "threshold": 0.5}]}],
        evaluateOptions={"maxConcurrency": 7, "repeat": 3},
    )
    found = read(path)
    spec = found.spec
    assert (spec.name, spec.concurrency, spec.repeats, spec.stream) == ("refund replies", 7, 3, False)
    assert [variant.prompt for variant in spec.variants] == ["Answer {{name}}.", "polite"]
    assert spec.variants[1].content.messages[0].to_json() == {"role": "user", "content": "Dear {{name}}"}
    first, second, third = spec.models
    assert (first.name, first.title, first.wire_format, first.base_url) == ("gpt-x", "gpt-x", "openai-chat", "http://127.0.0.1:9/v1")
    assert first.parameters == {"temperature": 0, "max_tokens": 5}
    assert (first.place, second.place, second.base_url, second.key_env) == (
        "server",
        "cloud",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
    )
    assert (third.wire_format, third.title) == ("echo", "parrot")
    assert found.keys == {0: "k"}
    assert spec.cases == (Case({"tone": "warm", "name": "Ana"}, name="Ana asks", checks=spec.cases[0].checks),)
    assert [check.to_json() for check in spec.checks] == [{"type": "icontains", "value": "{{name}}", "name": "topic", "weight": 2.0}]
    assert [check.to_json() for check in spec.cases[0].checks] == [{"type": "regex", "value": "x", "threshold": 0.5}]
    assert not found.not_carried


def test_a_key_in_the_file_is_in_no_repr_and_not_in_the_spec(tmp_path: Path) -> None:
    found = read(config(tmp_path, providers=[{"id": "openai:chat:m", "config": {"apiKey": "sk-secret"}}]))
    assert "sk-secret" not in repr(found)
    assert found.keys == {0: "sk-secret"}


def test_the_environment_fills_in_address_and_key_but_nothing_that_is_stored(tmp_path: Path) -> None:
    provider = {
        "id": "openai:chat:m",
        "config": {"apiKey": "{{env.MY_KEY}}", "apiBaseUrl": "http://{{ env.HOST }}/v1", "user": "{{env.MY_KEY}}"},
    }
    found = read(config(tmp_path, providers=[provider], env={"HOST": "here:1"}), {"MY_KEY": "k", "HOST": "there"})
    assert found.keys == {0: "k"}
    assert found.spec.models[0].base_url == "http://here:1/v1"
    assert found.spec.models[0].parameters == {"user": "{{env.MY_KEY}}"}


def test_chat_messages_in_json_and_yaml_keep_their_roles(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text('[{"role": "system", "content": "Be brief"}, {"role": "user", "content": "{{q}}"}]')
    (tmp_path / "chat.yaml").write_text('- role: system\n  content: Be brief\n- role: user\n  content: "{{q}}"\n')
    inline = '[{"role": "developer", "content": "Be brief"}, {"role": "user", "content": {{ q | dump }} }]'
    found = read(config(tmp_path, prompts=["file://chat.json", "file://chat.yaml", inline]))
    texts = [[(message.role, message.text) for message in variant.content.messages] for variant in found.spec.variants]
    assert texts[0] == texts[1] == [("system", "Be brief"), ("user", "{{q}}")]
    assert texts[2] == [("system", "Be brief"), ("user", "{{ q }}")]
    assert [variant.prompt for variant in found.spec.variants][:2] == ["chat", "chat (2)"]


def test_a_text_file_holds_several_prompts_between_lines_of_dashes(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.txt").write_text("One {{q}}\n---\nTwo {{q}}\n")
    (tmp_path / "prompts" / "b.txt").write_text("Three {{q}}\n")
    found = read(config(tmp_path, prompts="file://prompts/*.txt"))
    assert [(variant.prompt, variant.content.messages[0].text) for variant in found.spec.variants] == [
        ("a 1", "One {{q}}"),
        ("a 2", "Two {{q}}"),
        ("b", "Three {{q}}"),
    ]


def test_pictures_inside_the_file_become_parts_and_those_elsewhere_are_told(tmp_path: Path) -> None:
    prompt = json.dumps(
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                ],
            }
        ]
    )
    found = read(config(tmp_path, prompts=[prompt]))
    parts = found.spec.variants[0].content.messages[0].parts
    assert [(part.kind, part.data) for part in parts] == [("text", b""), ("image", b"hi")]
    assert any("image_url" in what for what in notes(found))


def test_lists_of_texts_expand_to_every_combination_and_other_lists_stay(tmp_path: Path) -> None:
    tests = [{"vars": {"q": ["a", "b"], "r": ["x", "y"], "turns": [{"n": 1}], "one": 1}}]
    found = values(read(config(tmp_path, tests=tests)))
    assert [(item["q"], item["r"]) for item in found] == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert all(item["turns"] == [{"n": 1}] and item["one"] == 1 for item in found)
    kept = values(read(config(tmp_path, tests=[{**tests[0], "options": {"disableVarExpansion": True}}])))
    assert [item["q"] for item in kept] == ["a,b"], "what is only put in its place reads as JavaScript writes it"


def test_values_from_files_and_values_that_name_values_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("  the text\n")
    (tmp_path / "data.yaml").write_text("a: 1\n")
    found = values(
        read(
            config(
                tmp_path,
                tests=[
                    {
                        "vars": {
                            "q": "file://long.txt",
                            "d": "file://data.yaml",
                            "s": "{{t}} there",
                            "t": "hi {{n}}",
                            "n": "Ana",
                            "j": "{{gone}}",
                        }
                    }
                ],
            )
        )
    )
    assert found == [{"q": "the text", "d": '{"a": 1}', "s": "hi Ana there", "t": "hi Ana", "n": "Ana", "j": "{{gone}}"}]


def test_what_is_said_of_a_test_becomes_its_tags_and_threshold(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        'q,__expected,__threshold,__metadata:area,__metadata:tags[]\na,contains:x,0.5,billing,"b,c\\,d"\n', "utf-8"
    )
    tests = ["file://t.csv", {"vars": {"q": "b"}, "metadata": {"team": "west", "new": True, "deep": {"x": 1}}}]
    found = read(config(tmp_path, tests=tests, defaultTest={"metadata": {"team": "east"}}))
    assert [case.tags for case in found.spec.cases] == [("team=east", "area=billing", "b", "c,d"), ("team=west", "new=true")]
    assert [check.threshold for check in found.spec.cases[0].checks] == [0.5]
    assert notes(found) == {"metadata: deep": "tags of a case are words"}


def test_prompts_come_from_a_table_and_from_names_with_wildcards_and_never_from_a_program(tmp_path: Path) -> None:
    (tmp_path / "labelled.csv").write_text('label,prompt\nkind,"Say, {{q}}"\n,Again {{q}}\n', "utf-8")
    (tmp_path / "bare.csv").write_text("One {{q}}\nTwo\n", "utf-8")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(name, "utf-8")
    found = read(config(tmp_path, prompts=["file://labelled.csv", "bare.csv", "*.md", "exec:./make.sh", "Do *.md"]))
    assert [(variant.prompt, variant.content.messages[0].text) for variant in found.spec.variants] == [
        ("kind", "Say, {{q}}"), ("labelled 2", "Again {{q}}"), ("bare 1", "One {{q}}"), ("bare 2", "Two"), ("a", "a.md"), ("b", "b.md"),
        ("Do *.md", "Do *.md"),
    ]  # fmt: skip
    assert notes(found).keys() == {"prompt exec:./make.sh"}


def test_a_csv_of_tests_has_values_and_expectations(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "q,__expected,__expected2,__description,__metric,__prefix\n"
        '"a, b",Paris,contains-any: x | y,first,topic,P\n'
        'c,not-icontains:sorry,levenshtein(3):sitting,,,\n'
        "d,is-json,fn:output.length,,,\n"
        "e,http://a:1 is up,,,,\n"
    )  # fmt: skip
    found = read(config(tmp_path, tests="file://t.csv"))
    assert values(found) == [{"q": "a, b", "prefix": "P"}, *({"q": name, "prefix": ""} for name in "cde")]
    assert found.spec.cases[0].name == "first"
    checks = [[check.to_json() for check in case.checks] for case in found.spec.cases]
    assert checks == [
        [{"type": "equals", "value": "Paris", "name": "topic"}, {"type": "contains-any", "value": ["x | y"], "name": "topic"}],
        [{"type": "not-icontains", "value": "sorry"}, {"type": "levenshtein", "value": "sitting", "threshold": 3.0}],
        [{"type": "is-json"}, {"type": "javascript", "value": "output.length"}],
        [{"type": "equals", "value": "http://a:1 is up"}],
    ]
    assert "options: prefix" in notes(found)
    assert found.spec.dataset == "t.csv"


def test_tests_lie_in_yaml_json_and_jsonl_files_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- vars: {q: yes}\n- vars: {q: 2026-01-02}\n")
    (tmp_path / "b.json").write_text('[{"vars": {"q": "b"}}]')
    (tmp_path / "c.jsonl").write_text('{"vars": {"q": "c"}}\n\n{"vars": {"q": "d"}}\n')
    found = read(config(tmp_path, tests=["file://a.yaml", "b.json", {"path": "file://c.jsonl"}, {"vars": {"q": "e"}}]))
    assert [item["q"] for item in values(found)] == ["yes", "2026-01-02", "b", "c", "d", "e"]


def test_scenarios_are_every_configuration_times_every_test(tmp_path: Path) -> None:
    scenario = {"config": [{"vars": {"lang": "fr"}}, {"vars": {"lang": "de"}}], "tests": [{"vars": {"q": "1"}}, {"vars": {"q": "2"}}]}
    found = read(config(tmp_path, tests=[], scenarios=[scenario]))
    assert [(item["lang"], item["q"]) for item in values(found)] == [("fr", "1"), ("fr", "2"), ("de", "1"), ("de", "2")]


def test_a_test_may_do_without_the_default_checks(tmp_path: Path) -> None:
    found = read(
        config(
            tmp_path,
            defaultTest={"assert": [{"type": "is-json"}]},
            tests=[{"vars": {"q": "a"}}, {"vars": {"q": "b"}, "options": {"disableDefaultAsserts": True}}],
        )
    )
    assert [check.type for check in found.spec.checks] == ["is-json"]
    assert [(case.checks, case.only_own_checks) for case in found.spec.cases] == [((), False), ((), True)]


def test_a_check_whose_answer_a_program_would_change_cannot_be_taken_for_one_on_the_answer(tmp_path: Path) -> None:
    tests = [{"vars": {"q": "a"}, "assert": [{"type": "equals", "value": "x", "transform": "output.a"}, {"type": "is-json"}]}]
    found = read(config(tmp_path, tests=tests))
    assert [check.type for check in found.spec.cases[0].checks] == ["equals (transformed)", "is-json"]
    assert "assert equals: transform" in notes(found)
    whole = read(config(tmp_path, tests=tests, defaultTest={"options": {"transform": "output.trim()"}}))
    assert [check.type for check in whole.spec.cases[0].checks] == ["equals (transformed)", "is-json (transformed)"]


def test_what_has_no_place_here_is_named(tmp_path: Path) -> None:
    found = read(
        config(
            tmp_path,
            providers=["echo", "replicate:claude", "file://own.py", {"id": "openai:chat:m", "config": {"wild": 1}, "prompts": ["a"]}],
            prompts=["Say {{q}}", "file://make.py:prompt"],
            tests=[{"vars": {"q": "1"}, "threshold": 0.5, "options": {"storeOutputAs": "p"}}, "file://gen.py", "https://example.org/t.csv"],
            derivedMetrics=[{"name": "a", "value": "b"}],
            evaluateOptions={"delay": 5},
        )
    )
    assert set(notes(found)) >= {
        "provider replicate:claude", "provider file://own.py", "provider openai:chat:m: config: wild", "provider openai:chat:m: prompts",
        "prompt make.py", "test: options: storeOutputAs", "tests gen.py", "tests https://example.org/t.csv",
        "configuration: derivedMetrics", "evaluateOptions: delay",
    }  # fmt: skip
    assert len(found.spec.cases) == 1


def test_two_providers_of_one_model_have_titles_that_differ(tmp_path: Path) -> None:
    found = read(config(tmp_path, providers=["openai:chat:m", {"openai:chat:m": {"config": {"temperature": 1}}}]))
    assert [model.title for model in found.spec.models] == ["m", "m (2)"]
    assert found.spec.models[1].parameters == {"temperature": 1}


def test_a_price_in_dollars_per_token_becomes_one_per_million(tmp_path: Path) -> None:
    found = read(config(tmp_path, providers=[{"id": "openai:chat:m", "config": {"inputCost": 0.00000015, "outputCost": 6e-7}}]))
    price = found.spec.models[0].price
    assert (price.input_usd, price.output_usd) == (Decimal("0.15"), Decimal("0.6"))


def test_nothing_that_can_run_is_said_in_one_sentence_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"None of its providers can be run here.*replicate:claude"):
        read(config(tmp_path, providers=["replicate:claude"]))
    assert read(config(tmp_path, providers=["replicate:claude"]), to_run=False).spec.models == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("prompts: [a\nproviders: [echo]\n", 2),
        ("prompts: [a]\nproviders: [echo]\nprompts: [b]\n", 3),
    ],
)
def test_broken_yaml_names_its_line(tmp_path: Path, text: str, place: int) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read(path)
    assert caught.value.line == place
    assert str(path) in str(caught.value)


def test_a_file_that_is_named_and_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.csv"):
        read(config(tmp_path, tests="file://gone.csv"))
    with pytest.raises(BadInput, match=r"gone\.txt"):
        read(config(tmp_path, prompts="file://gone.txt"))


def test_aliases_that_stand_for_more_than_memory_holds_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("\n".join([*lines, "prompts: [a]", "providers: [echo]"]))
    with pytest.raises(BadInput, match="aliases"):
        read(path)


def test_other_files_are_not_taken_for_a_configuration(tmp_path: Path) -> None:
    assert looks_like({"prompts": [], "providers": []})
    assert not looks_like({"messages": []})
    path = tmp_path / "a.yaml"
    path.write_text("messages: []\n")
    with pytest.raises(BadInput, match="not a promptfoo configuration"):
        read(path)


def test_every_configuration_at_hand_can_be_read(shared: Path) -> None:
    paths = sorted((shared / "formats" / "promptfoo").rglob("promptfooconfig*.yaml"))
    assert len(paths) > 25
    for path in paths:
        found = read(path, to_run=False)
        assert found.spec.variants, path
        assert found.spec.cases or any("providerOutput" in note.what for note in found.not_carried), path


def test_the_assertion_cases_at_hand_keep_their_names_and_checks(shared: Path) -> None:
    found = read(shared / "formats" / "promptfoo-assertions" / "promptfooconfig.json")
    assert len({case.name for case in found.spec.cases}) == len(found.spec.cases) == 58
    assert all(len(case.checks) == 1 for case in found.spec.cases)


@pytest.mark.parametrize(("address", "words"), [("http://[x", "is not an address"), ("http://me:secret@h/v1", "name or password")])
def test_an_address_that_is_none_or_holds_a_password_is_refused(tmp_path: Path, address: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        read(config(tmp_path, providers=[{"id": "openai:chat:x", "config": {"apiBaseUrl": address}}]))
    assert "secret" not in str(caught.value)


def test_keys_of_another_form_than_promptfoos_do_not_stop_the_rest(tmp_path: Path) -> None:
    found = read(config(tmp_path, env=["A"], scenarios=[{"config": [{"assert": 3}], "tests": [{"vars": {"q": "y"}}]}]))
    assert values(found) == [{"q": "x"}, {"q": "y"}]


def test_a_prompt_of_brackets_is_a_text_and_a_configuration_of_brackets_a_sentence(tmp_path: Path) -> None:
    (variant,) = read(config(tmp_path, prompts=["[" * 100_000])).spec.variants
    assert variant.content.messages[0].text == "[" * 100_000
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts: " + "[" * 800 + "\n")
    with pytest.raises(BadInput, match="nested too deep"):
        read(path)


@pytest.mark.parametrize(("key", "line"), [("tests", "- t.yaml\n"), ("providers", "- file://t.yaml\n")])
def test_a_file_that_names_itself_is_told(tmp_path: Path, key: str, line: str) -> None:
    (tmp_path / "t.yaml").write_text(line)
    with pytest.raises(BadInput, match=r"t\.yaml: This is nested too deep"):
        read(config(tmp_path, **{key: ["file://t.yaml"]}))


def test_tool_turns_of_chat_messages_are_carried(tmp_path: Path) -> None:
    chat = [
        {"role": "user", "content": "Is it warm in {{city}}?"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "12 degrees"},
    ]  # fmt: skip
    (tmp_path / "chat.json").write_text(json.dumps(chat))
    found = read(config(tmp_path, prompts=["file://chat.json"], providers=["echo"], tests=[{"vars": {"city": "Ulm"}}]), {})
    messages = found.spec.variants[0].content.messages
    assert messages[1].tool_calls == (ToolCall("c1", "weather", {"city": "Ulm"}),)
    assert (messages[2].role, messages[2].call_id, messages[2].text) == ("tool", "c1", "12 degrees")
    assert not found.not_carried


def refused(found: PromptfooConfig) -> list[tuple[str, int | None]]:
    return [(Path(error.path).name, error.line) for error in found.refused]


def test_a_prompt_that_cannot_be_translated_is_refused_with_its_line_and_the_others_come_in(tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text("Say {{ q | load }} not.\n---\nfirst\nsecond {{ q | load }}\n---\n{{ q }}\n")
    (tmp_path / "chat.json").write_text('[{"role": "user",\n "content": "say \\"{{ q.slice(1) }}\\""}]')
    (tmp_path / "p.csv").write_text("prompt,label\nGood {{q}},g\nBad {{q | load}},b\n")
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text(
        """prompts:
  - Good {{ q }}
  - |
    Bad
    {{ q | load }}
  - id: x
    label: folded
    raw: >-
      Bad and long
      and {% include "y.txt" %}
  - 'it''s {{ q | shout(''a'') }}'
  - file://two.txt
  - file://chat.json
  - file://p.csv
providers: [echo]
nunjucksFilters: {shout: ./shout.js}
tests: [{vars: {q: x}}]
"""
    )
    found = read(path, to_run=False)
    assert [variant.prompt for variant in found.spec.variants] == ["Good {{ q }}", "two 3", "g"]
    assert refused(found) == [
        ("promptfooconfig.yaml", 5),
        ("promptfooconfig.yaml", 10),
        ("promptfooconfig.yaml", 11),
        ("two.txt", 1),
        ("two.txt", 4),
        ("chat.json", 2),
        ("p.csv", 3),
    ]
    assert "The prompt Bad cannot be translated: There is no filter load" in found.refused[0].message
    assert len(read(path).not_carried) == len(found.refused) + 1, "a run leaves them out and says so"


def test_a_run_of_prompts_that_all_cannot_be_translated_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 1: The prompt .* no filter load"):
        read(config(tmp_path, prompts=["{{ q | load }}"]))


def test_what_stands_before_and_behind_every_prompt_is_part_of_it(tmp_path: Path) -> None:
    chat = json.dumps([{"role": "user", "content": "{{q}}"}])
    found = read(config(tmp_path, prompts=["Say {{q}}", chat], defaultTest={"options": {"prefix": "Hi {{q}}. ", "suffix": "\nEnd"}}))
    assert found.spec.variants[0].content.messages[0].text == "Hi {{q}}. Say {{q}}\nEnd"
    assert found.spec.variants[1].content.messages[0].text == "{{q}}"
    assert [what for what in notes(found) if "prefix" in what] == ["prompt {{q}}: prefix, suffix"]


def test_what_differs_before_and_behind_the_prompt_is_a_value_of_each_case(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("q,__prefix,__suffix\na,X ,!\nb,,!\n")
    tests = [{"vars": {"q": "c", "prefix": "own"}, "options": {"prefix": "{{q}}? "}}, "file://t.csv"]
    found = read(config(tmp_path, tests=tests, defaultTest={"options": {"suffix": "!"}}))
    assert found.spec.variants[0].content.messages[0].text == "{{ prefix_2 }}Say {{q}}.!"
    assert [case.values["prefix_2"] for case in found.spec.cases] == ["c? ", "X ", ""]
    assert "value prefix" not in notes(found)


def test_what_the_files_own_env_says_is_filled_in_and_nothing_of_this_computer(tmp_path: Path) -> None:
    found = read(config(tmp_path, prompts=["{{env.TONE}} {{ env.HOME }}"], env={"TONE": "warm"}), {"HOME": "/root"})
    assert found.spec.variants[0].content.messages[0].text == "warm {{ env.HOME }}"


def test_values_read_as_javascript_writes_them_where_they_are_only_put_in_their_places(tmp_path: Path) -> None:
    told = {"yes": True, "n": 3.0, "inner": {"m": 2.0}, "nums": [1, 2.5], "asked": True, "words": ["a"]}
    prompt = "{{yes}} {{ n }} {{nums}}{% if asked %}{{ asked }}{% endif %}{{ words | join }}{{ inner.m }}"
    found = read(config(tmp_path, prompts=[prompt], tests=[{"vars": told, "options": {"disableVarExpansion": True}}]))
    wanted = {"yes": "true", "n": 3, "inner": {"m": 2}, "nums": "1,2.5", "asked": True, "words": ["a"]}
    assert repr(values(found)) == repr([wanted])
    assert found.spec.variants[0].content.messages[0].text == prompt.replace("{{ asked }}", "{{ asked | tojson }}")


def test_the_turns_of_a_conversation_are_empty_and_told(tmp_path: Path) -> None:
    prompt = (
        '[{% for m in _conversation %}{"role": "user", "content": "{{ m.input }}"},{% endfor %}{"role": "user", "content": "Now {{q}}"}]'
    )
    found = read(config(tmp_path, prompts=[prompt]))
    assert [variant.prompt for variant in found.spec.variants] == ["{{ m.input }}"]
    assert values(found) == [{"q": "x", "_conversation": []}]
    assert "value _conversation" in notes(found)


def test_what_stands_there_twice_is_asked_once_and_only_text_files_are_cut_at_dashes(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\n---\n\n{{q}}\n")
    found = read(config(tmp_path, prompts=["Say {{q}}", "Say {{q}}", {"label": "L", "raw": "Say {{q}}"}, "file://a.md"]))
    assert [variant.prompt for variant in found.spec.variants] == ["Say {{q}}", "L", "a"]
    assert found.spec.variants[2].content.messages[0].text == "# A\n\n---\n\n{{q}}\n"


def test_a_list_of_files_is_a_value_of_each(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(name.upper())
    found = read(config(tmp_path, tests=[{"vars": {"q": ["file://a.txt", "file://b.txt", "c"]}}]))
    assert values(found) == [{"q": "A"}, {"q": "B"}, {"q": "c"}]


def test_a_prompt_whose_file_is_not_there_is_refused_in_an_import_and_ends_a_run(tmp_path: Path) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts:\n  - Say {{q}}\n  - prompts/gone.txt\n  - file://gone/*.txt\nproviders: [echo]\n")
    found = read(path, to_run=False)
    assert ([variant.prompt for variant in found.spec.variants], refused(found)) == (
        ["Say {{q}}"],
        [("promptfooconfig.yaml", 3), ("promptfooconfig.yaml", 4)],
    )
    assert found.spec.cases == (), "without tests there is no dataset"
    with pytest.raises(BadInput, match="names a file that is not there"):
        read(path)


def test_a_configuration_may_be_utf_16_and_name_its_model_by_its_env(tmp_path: Path) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_bytes("prompts: ['h\u00e9']\r\nproviders: ['{{env.MODEL}}']\r\nenv: {MODEL: openai:gpt-x}\r\n".encode("utf-16"))
    spec = read(path).spec
    assert (spec.variants[0].prompt, spec.models[0].name) == ("h\u00e9", "gpt-x")
    path.write_bytes(b"prompts:\n  - h\xe9\n")
    with pytest.raises(BadInput, match=r"line 2: This file is not UTF-8 text"):
        read(path)


def test_a_text_that_a_check_names_as_a_file_ends_where_its_words_do(tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("It is on its way.\n\n")
    (tmp_path / "promptfooconfig.json").write_text(
        json.dumps({
            "prompts": ["x"], "providers": ["echo"],
            "tests": [{"assert": [{"type": "contains", "value": "file://said.txt"}]}],
        })
    )  # fmt: skip
    config = read(tmp_path / "promptfooconfig.json", {})
    found = [check.value for case in config.spec.cases for check in case.checks] + [check.value for check in config.spec.checks]
    assert found == ["It is on its way."]


def test_files_outside_of_the_folder_are_left_out_of_an_import_and_end_a_run(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("id: openai:leaked\n")
    inner = tmp_path / "in"
    inner.mkdir()
    out = "file://../secret.yaml"
    asked: dict[str, Any] = {
        "prompts": ["Say {{q}}.", out],
        "providers": ["echo", out, {"id": "openai:gpt-x", "config": {"tools": out, "seed": 1}}],
        "defaultTest": out,
        "tests": [
            {
                "vars": {"q": "x"},
                "assert": [{"type": "equals", "value": out}, {"type": "llm-rubric", "value": "good", "rubricPrompt": out}],
            },
            {"vars": {"q": out}},
            {"vars": {"q": [out, "y"]}},
            {"vars": out},
            out,
            "file:///**/*.yaml",
        ],
    }
    found = read(config(inner, **asked), to_run=False)
    assert [model.name for model in found.spec.models] == ["echo", "gpt-x"]
    assert found.spec.models[1].parameters == {"seed": 1}
    assert values(found) == [{"q": "x"}, {"q": out}, {"q": out}, {"q": "y"}, {"q": ""}]
    assert [check.type for check in found.spec.cases[0].checks] == ["equals (its file is not read)", "llm-rubric"]
    assert refused(found) == [("promptfooconfig.json", 1)] * 3, "a prompt, and two names of files"
    assert all("lies outside the folder" in error.message for error in found.refused)
    assert "leaked" not in repr(found)
    for key, value in asked.items():
        with pytest.raises(BadInput, match="lies outside the folder"):
            read(config(inner, **{key: value}))


@pytest.mark.skipif(os.name == "nt", reason="Windows wants rights for links")
def test_a_wildcard_that_matches_a_link_to_the_outside_leaves_that_file_out_alone_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("leaked")
    (tmp_path / "secret.yaml").write_text("q: leaked")
    inner = tmp_path / "in"
    for name in ("prompts", "tests", "vars", "only"):
        (inner / name).mkdir(parents=True)
    (inner / "prompts/a.txt").write_text("Say {{q}}.")
    (inner / "tests/a.yaml").write_text("- vars: {q: y}")
    (inner / "vars/a.txt").write_text("z")
    for name in ("prompts/b.txt", "vars/b.txt", "only/b.txt"):
        (inner / name).symlink_to(tmp_path / "secret.txt")
    for name in ("tests/b.yaml", "only/b.yaml"):
        (inner / name).symlink_to(tmp_path / "secret.yaml")
    path = inner / "promptfooconfig.yaml"
    lines = [
        "prompts:", "  - prompts/*.txt", "  - file://only/*.txt", "providers: [echo]", "tests:", "  - file://tests/*.yaml",
        "  - file://only/*.yaml", "  - vars: {q: 'file://vars/*.txt'}", "  - vars: {q: 'file://only/b*.txt'}",
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    found = read(path, to_run=False)
    assert [variant.prompt for variant in found.spec.variants] == ["a"]
    assert values(found) == [{"q": "y"}, {"q": "z"}, {"q": "file://only/b*.txt"}]
    assert "leaked" not in repr(found)
    assert sorted(error.line or 0 for error in found.refused) == [2, 3, 6, 7, 8, 9]
    assert all("lies outside the folder" in error.message for error in found.refused)
    with pytest.raises(BadInput, match="lies outside the folder"):
        read(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows wants rights for links")
def test_a_wildcard_of_providers_and_of_values_leaves_out_alone_what_a_link_leads_to_outside(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret.yaml").write_text("id: openai:leaked\nq: leaked\n")
    inner = tmp_path / "in"
    for name in ("models", "values", "only"):
        (inner / name).mkdir(parents=True)
    (inner / "models/a.yaml").write_text("id: openai:gpt-x")
    (inner / "models/c.json").write_text('["openai:gpt-y"]')
    (inner / "values/a.yaml").write_text("q: y")
    for name in ("models/b.yaml", "values/b.yaml", "only/b.yaml", "models/b.json"):
        (inner / name).symlink_to(tmp_path / "out/secret.yaml")
    (inner / "values/beyond").symlink_to(tmp_path / "out")
    path = inner / "promptfooconfig.yaml"
    lines = [
        "prompts: ['Say {{q}}.']", "providers:", "  - file://models/*.yaml", "  - file://models/*.json", "  - file://only/*.yaml",
        "  - echo", "tests:", "  - vars: file://values/*.yaml", "  - vars:", "    - file://values/**/*.yaml", "  - vars: 'file://only/*b.yaml'",
        "  - vars: {q: x}", "    assert:", "      - type: llm-rubric", "        value: good", "        provider: file://only/b*.yaml",
        "scenarios:", "  - config:", "      - vars: file://values/?.yaml",
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    found = read(path, to_run=False)
    assert [model.name for model in found.spec.models] == ["gpt-x", "gpt-y", "echo"]
    assert values(found) == [{"q": "y"}, {"q": "y"}, {"q": ""}, {"q": "x"}, {"q": "y"}]
    assert "leaked" not in repr(found)
    assert {error.line for error in found.refused} == {3, 4, 5, 8, 10, 11, 16, 19}
    assert all("lies outside the folder" in error.message for error in found.refused)
    asked: list[dict[str, Any]] = [
        {"providers": ["file://models/*.yaml"]}, {"tests": [{"vars": "file://values/*.yaml"}]},
        {"tests": [{"vars": {"q": "file://values/*.yaml"}}]},
    ]  # fmt: skip
    for more in asked:
        with pytest.raises(BadInput, match="lies outside the folder"):
            read(config(inner, **more))


@pytest.mark.skipif(os.name == "nt", reason="Windows wants rights for links")
def test_a_wildcard_in_a_folder_that_is_linked_into_itself_comes_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.txt").write_text("Say {{q}}.")
    (tmp_path / "deep/.hidden.txt").write_text("Not this.")
    for name in ("one", "two", "deep/up"):
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, count in (("deep/*.txt", 1), ("[d]eep/?.txt", 1), ("**/*.txt", 4), ("deep/**/*.txt", 2)):
        found = read(config(tmp_path, prompts=[f"file://{name}"], tests=[{"vars": {"q": f"file://{name}"}}]), to_run=False)
        assert {variant.content.messages[0].text for variant in found.spec.variants} == {"Say {{q}}."}
        assert values(found) == [{"q": "Say {{q}}."}] * count, "through one link at most"
    assert values(read(config(tmp_path, tests=[{"vars": "file://**/*.none"}]), to_run=False)) == []
    with pytest.raises(BadInput, match="goes through more than 200,000 files and folders"):
        read(config(tmp_path, providers=[f"file://{'*/' * 20}x*.yaml"]), to_run=False)


def test_a_file_of_tests_that_is_not_there_is_told_with_the_line_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text("prompts: [a]\nproviders: [echo]\ntests: file://gone.csv\n")
    with pytest.raises(BadInput, match=r"promptfooconfig\.yaml, line 3: It names gone\.csv, which is not there"):
        read(path)


def test_parameters_that_others_call_otherwise_come_in_and_agents_are_no_models(tmp_path: Path) -> None:
    providers = [
        {"id": "google:gemini-x", "config": {"generationConfig": {"topP": 0.5, "maxOutputTokens": 9}, "maxOutputTokens": 7, "safety": 1}},
        {"id": "openai:responses:gpt-x", "config": {"max_output_tokens": 5, "max_completion_tokens": 6}},
        {"id": "ollama:chat:l", "config": {"num_predict": 4}},
        {"id": "anthropic:claude-agent-sdk", "config": {"model": "claude-x"}},
    ]
    found = read(config(tmp_path, providers=providers))
    assert [model.parameters for model in found.spec.models] == [
        {"max_tokens": 7, "top_p": 0.5}, {"max_tokens": 5, "max_completion_tokens": 6}, {"max_tokens": 4},
    ]  # fmt: skip
    assert {"provider google:gemini-x: config: safety", "provider anthropic:claude-agent-sdk"} <= notes(found).keys()


def test_a_key_among_the_values_of_its_env_is_told_and_stands_in_no_prompt_that_comes_in(tmp_path: Path) -> None:
    path = config(tmp_path, prompts=["{{env.TONE}} {{env.SHOP_API_KEY}}"], env={"TONE": "Warm", "SHOP_API_KEY": "sk-leaked"})
    found = read(path, to_run=False)
    assert found.spec.variants[0].content.messages[0].text == "Warm {{env.SHOP_API_KEY}}"
    assert "keys are never taken from files" in notes(found)["env: SHOP_API_KEY"]
    assert "sk-leaked" not in repr(found)
