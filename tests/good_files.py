"""A small file of every format that comes in, each with one variable, `it`, or one prompt."""

# ruff: noqa: E501
from __future__ import annotations

GOOD: dict[str, tuple[str, str]] = {
    "github": ("x.prompt.yml", "name: X\nmodel: m\nmessages:\n  - role: user\n    content: 'Say {{it}}'\ntestData:\n  - it: a\n"),
    "prompty": ("x.prompty", "---\nname: X\nmodel: {id: m}\ninputs: [{name: it, default: a}]\n---\n"
               "system:\nBe\n\nuser:\n{{it}} {% if a %}x{% endif %}\n"),
    "dotprompt": ("x.prompt", '---\nmodel: m\ninput: {schema: {it: string}}\n---\n'
                  '{{role "system"}}a{{#each l}}{{this}}{{/each}}{{role "user"}}{{it}}\n'),
    "llm": ("x.yaml", "system: 'Be $tone'\nprompt: 'Say $input'\ndefaults: {tone: kind}\n"),
    "langchain": ("x.json", '{"_type": "prompt", "input_variables": ["it"], "template": "Say {it}",'
                  ' "template_format": "f-string"}'),
    "chainforge": ("x.cforge", '{"flow": {"nodes": [{"id": "p", "type": "prompt", "data": {"prompt": "Say {it}",'
                              ' "llms": []}}], "edges": []}}'),
    "promptfoo-results": ("r.json", '{"version": 2, "results": [{"vars": {"it": "a"}}], "stats": {},'
                          ' "table": {"head": {"prompts": ["Say {{it}}"]}}}'),
    "langfuse": ("l.json", '[{"name": "X", "type": "text", "prompt": "Say {{it}}", "version": 1, "labels": ["a"],'
                 ' "tags": [], "config": {}}]'),
    "openai-chat": ("c.json", '{"messages": [{"role": "system", "content": "Be"}, {"role": "user", "content": "{{it}}"}]}'),
    "anthropic-csv": ("a.csv", "{{IT}},Ideal Output,Grade\na,b,3\n"),
    "text": ("t.md", "---\ntitle: X\nmodel: m\n---\nSay {{ it }}\n"),
    "prompts-csv": ("p.csv", "act,prompt\nPoet,Rhyme {{ it }}\n"),
    "promptfoo": ("promptfooconfig.yaml", "description: X\nprompts:\n  - 'Say {{it}}'\n  - {label: B, raw: '[{\"role\": \"user\", \"content\": \"{{it}}\"}]'}\n"
                  "providers: [echo, {id: 'openai:chat:m', config: {temperature: 0}}]\ndefaultTest: {assert: [{type: icontains, value: a}]}\n"
                  "tests:\n  - vars: {it: [a, b]}\n    assert:\n      - {type: regex, value: 'a.', threshold: 0.5}\n"),
    "prompt": ("x.yaml", "prompt: X\ntags: [a]\nmessages:\n  - system: Be\n  - user: |\n      Say {{ it }}\nparameters: {temperature: 0.5}\n"
               "variables:\n  it: {type: text, default: a}\n"),
    "dataset": ("d.yaml", "dataset: D\ncases:\n  - values: {it: a}\n    reference: b\n    tags: [x]\n"),
    "comparison": ("c.comparison.yaml", "comparison: C\nprompts:\n  - {prompt: P, messages: [{user: 'Say {{ it }}'}]}\n"
                   "models: [{name: m, base_url: 'http://127.0.0.1:9/v1'}]\ncases: [{values: {it: a}}]\nchecks: [{contains: a}]\n"),
    "csv": ("t.csv", "it,expected,tags\na,b,x\n\"c\nd\",e,\n"),
    "tsv": ("t.tsv", "it\texpected\na\tb\n"),
    "json": ("t.json", '[{"it": "a", "expected": "b"}, {"it": 1, "more": {"x": [1, 2]}}]'),
    "jsonl": ("t.jsonl", '{"it": "a", "expected": "b"}\n{"it": 1, "more": {"x": [1, 2]}}\n'),
    "xlsx": ("t.xlsx", "it,expected,tags\na,b,x\nc d,5,\n"),
    "zip": ("z.zip", "---\nname: X\n---\nuser:\n{{ it }}\n"),
}  # fmt: skip
"""By format: name and text. Of `zip` the text is that of its files, of `xlsx` that of its cells."""
