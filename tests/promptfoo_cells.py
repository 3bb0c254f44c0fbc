"""promptfoo and this app over the same configurations and the same stand-in provider: which cells pass.

`python -m tests.promptfoo_cells PROMPTFOO` measures the facts of `promptfoo_cells.json` anew; PROMPTFOO is promptfoo's program.
"""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tests.conftest import SHARED, FakeProvider
from workbench.evaluators.checks import TYPES
from workbench.formats.promptfoo.files import parse

FACTS = Path(__file__).with_suffix(".json")
_TEXTS = (
    "equals",
    "contains",
    "icontains",
    "contains-any",
    "icontains-any",
    "contains-all",
    "icontains-all",
    "starts-with",
    "regex",
    "is-json",
    "contains-json",
)
COMPARED = {*(name for name in TYPES if name.removeprefix("not-") in _TEXTS), "assert-set"}
"""Types that are asked of whole configurations. `test_evaluators_promptfoo` holds the others against promptfoo one by one."""
Cells = dict[str, list[bool]]
"""Verdicts, sorted, by the digest of what was asked."""

OWN: Mapping[str, Mapping[str, str]] = {
    "values": {
        "promptfooconfig.json": json.dumps({
            "prompts": ["Say {{q}} in {{ tone | upper }}.", '[{"role": "system", "content": "Be {{tone}}"}, {"role": "user", "content": {{q | dump}}}]'],
            "defaultTest": {"vars": {"tone": "warm"}, "assert": [{"type": "icontains", "value": "{{q}}"}]},
            "tests": [
                {"vars": {"q": ["one", "two"]}, "assert": [{"type": "contains", "value": "WARM"}]},
                {"vars": {"q": "it's {{tone}} \"now\""}, "assert": [{"type": "not-contains", "value": "tone"}]},
                {"vars": {"q": "yes", "tone": "cold"}, "options": {"disableDefaultAsserts": True}, "assert": [{"type": "equals", "value": "You said: yes"}]},
                {"vars": {"q": "3.5"}, "assert": [{"type": "regex", "value": "\\b3\\.5\\b"}]},
                {"vars": {"q": "a"}, "assert": [{"type": "contains-any", "value": ["zz", "a"]}, {"type": "not-icontains-all", "value": ["a", "zz"]}]},
            ],
        }),
    },
    "sets": {
        "promptfooconfig.yaml": """
prompts: ['{{q}}{{more}}']
tests:
  - vars: {q: 'alpha beta'}
    assert:
      - {type: assert-set, threshold: 0.5, assert: [{type: contains, value: alpha}, {type: contains, value: gamma}]}
  - vars: {q: 'alpha gamma'}
    assert:
      - {type: assert-set, assert: [{type: contains, value: alpha}, {type: contains, value: beta}]}
  - vars: {q: 'weights'}
    assert: [{type: contains, value: weights, weight: 3}, {type: contains, value: nothing, weight: 0}]
  - vars: {q: 'threshold of the test'}
    threshold: 0.5
    assert: [{type: contains, value: threshold}, {type: contains, value: nothing}]
  - vars: {q: 'too high'}
    threshold: 0.6
    assert: [{type: contains, value: high}, {type: contains, value: nothing}]
  - vars: {q: 'x {"a": 1}'}
    assert: [{type: contains-json, value: {type: object, required: [a]}}, {type: not-is-json}]
  - vars: {q: 'none at all'}
  - vars: {q: 'two', more: '!'}
    assert: [{type: equals, value: 'You said: two!'}]
""",
    },
    "tables": {
        "promptfooconfig.yaml": """
prompts: [file://prompts/*.txt, file://chat.yaml]
tests: [file://t.csv, file://more.yaml, file://lines.jsonl]
scenarios:
  - config: [{vars: {lang: fr}}, {vars: {lang: de}}]
    tests:
      - vars: {q: Bonjour}
        assert: [{type: contains, value: fr}]
""",
        "prompts/a.txt": "First {{q}}\n---\nSecond {{q}} {{lang}}\n",
        "prompts/b.txt": "{% if lang == 'fr' %}French{% else %}Other{% endif %}: {{ q }}{# no #}\n",
        "chat.yaml": "- role: system\n  content: Be brief\n- role: user\n  content: '{{q}} {{lang}}'\n",
        "t.csv": 'q,lang,__expected,__expected2\n"a, b",fr,"contains-any: x, a",starts-with: You said\nc,de,not-contains:zz,icontains:SAID\n'
        'd,,You said: First d,\ne,fr,"contains-all: e,fr",\nf,de,"regex:[A-F]$",\n',
        "more.yaml": "- vars: {q: yaml, lang: fr}\n  assert: [{type: contains-all, value: [yaml, fr]}]\n",
        "lines.jsonl": '{"vars": {"q": "line", "lang": "de"}, "assert": [{"type": "icontains-any", "value": ["LINE"]}]}\n',
    },
    "checks-of-tests": {
        "promptfooconfig.yaml": """
prompts: ['Tell {{q}} in {{tone}}', 'Shout {{q}}']
assertionTemplates:
  named: {type: icontains, value: '{{tone}}', metric: Tone}
defaultTest:
  vars: {tone: warm}
  assert: [{type: icontains, value: tell, metric: Verb}, {type: not-contains, value: sorry}]
tests:
  - vars: {q: default checks alone}
  - vars: {q: one of its own}
    assert: [{type: contains, value: own}]
  - vars: {q: own fails}
    assert: [{type: contains, value: nowhere}]
  - vars: {q: no default checks}
    options: {disableDefaultAsserts: true}
  - vars: {q: own in place of the default}
    options: {disableDefaultAsserts: true}
    assert: [{type: contains, value: place}]
  - vars: {q: own in place fails}
    options: {disableDefaultAsserts: true}
    assert: [{type: starts-with, value: nowhere}]
  - vars: {q: half is enough}
    threshold: 0.5
    assert: [{type: contains, value: nowhere}]
  - vars: {q: nine tenths are not reached}
    threshold: 0.9
    assert: [{type: contains, value: nowhere}]
  - vars: {q: threshold without the default}
    threshold: 0.5
    options: {disableDefaultAsserts: true}
    assert: [{type: contains, value: threshold}, {type: contains, value: nowhere, weight: 0.5}]
  - vars: {q: by reference, tone: cold}
    assert: [{$ref: '#/assertionTemplates/named'}]
  - vars: {q: without weight}
    assert: [{type: contains, value: nowhere, weight: 0}]
  - vars: {q: sorry}
    assert: [{type: contains, value: sorry}]
  - vars: {q: [listed, values]}
    assert: [{type: contains, value: '{{q}}'}, {type: not-equals, value: listed}]
""",
    },
    "default-threshold": {
        "promptfooconfig.yaml": """
prompts: ['{{q}}']
defaultTest:
  threshold: 0.6
  assert: [{type: contains, value: alpha}]
tests:
  - vars: {q: alpha}
  - vars: {q: beta}
  - vars: {q: alpha gamma}
    assert: [{type: contains, value: gamma}, {type: contains, value: nowhere}]
  - vars: {q: beta gamma}
    assert: [{type: contains, value: gamma}, {type: contains, value: nowhere}]
  - vars: {q: alpha delta}
    threshold: 0.3
    assert: [{type: contains, value: nowhere}, {type: contains, value: elsewhere}]
  - vars: {q: delta}
    options: {disableDefaultAsserts: true}
    assert: [{type: contains, value: delta}]
""",
    },
    "scenarios": {
        "promptfooconfig.yaml": """
prompts: ['{{q}} in {{lang}}']
defaultTest: {assert: [{type: contains, value: in}]}
scenarios:
  - config:
      - vars: {lang: fr}
        assert: [{type: contains, value: Bonjour}]
      - vars: {lang: de}
        options: {disableDefaultAsserts: true}
    tests:
      - vars: {q: Bonjour}
        assert: [{type: contains, value: Bonjour}, {type: not-contains, value: de}]
      - vars: {q: Hallo}
      - vars: {q: Ciao}
        threshold: 0.4
        assert: [{type: contains, value: Ciao}]
tests: file://t.csv
""",
        "t.csv": 'q,lang,__expected,__expected2,__metric\n'
        'one,en,contains:one,,\ntwo,en,contains:zwei,,Count\nthree,en,"You said: three in en",,\nfour,en,,,\n'
        'five,en,"icontains-all:FIVE, en",not-contains:six,\n',
    },
}  # fmt: skip
"""Configurations of our own for what those of the field do not show."""


def configurations(folder: Path) -> dict[str, Path]:
    """Every configuration by name: those of the field, and our own written into a folder."""
    root = SHARED / "formats" / "promptfoo"
    found = {str(path.relative_to(root)): path for path in sorted(root.rglob("promptfooconfig*.yaml"))}
    for name, files in OWN.items():
        for file, text in files.items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found[name] = folder / name / next(iter(files))
    return found


def prepared(path: Path, folder: Path, base_url: str) -> Path:
    """The configuration in a copy of its folder: the stand-in in place of its providers, and only checks that are compared."""
    shutil.copytree(path.parent, folder, copy_function=shutil.copyfile)
    data = {key: value for key, value in parse(path.read_text(), str(path)).items() if key in _KEPT}
    data["providers"] = [{"id": "openai:chat:stand-in", "config": {"apiBaseUrl": base_url, "apiKey": "k", "max_tokens": 9000}}]
    default = data.get("defaultTest")
    if isinstance(default, str):
        default = parse((path.parent / default.removeprefix("file://")).read_text(), default)
    if default:
        data["defaultTest"] = _test(default)
    for holder in (data, *(item for item in data.get("scenarios", []) if isinstance(item, dict))):
        if isinstance(holder.get("tests"), list):
            holder["tests"] = [_test(test) if isinstance(test, dict) else test for test in holder["tests"]]
    made = folder / "promptfooconfig.json"
    made.write_text(json.dumps(data))
    return made


_KEPT = {"description", "prompts", "tests", "scenarios", "defaultTest", "assertionTemplates"}


def _test(test: Mapping[str, Any]) -> dict[str, Any]:
    options = {key: value for key, value in (test.get("options") or {}).items() if key.startswith("disable")}
    asked = [item for item in test.get("assert") or [] if _is_compared(item)]
    kept = {key: value for key, value in test.items() if key not in ("options", "assert", "provider")}
    return kept | ({"options": options} if options else {}) | ({"assert": asked} if asked else {})


def _is_compared(item: Mapping[str, Any]) -> bool:
    return item.get("type") in COMPARED and "transform" not in item and not str(item.get("value")).endswith((".js", ".py"))


def digest(answer: Any) -> str:
    """What stands for one question: the stand-in says it in every answer."""
    said = answer
    if isinstance(answer, str) and answer.startswith("{"):
        with suppress(ValueError):
            said = json.loads(answer)
    text = said["echo"] if isinstance(said, dict) and "echo" in said else str(answer)
    return blake2b(text.removeprefix("You said: ").encode(), digest_size=6).hexdigest()


def ours(report: Mapping[str, Any]) -> Cells:
    """The cells of a report of `workbench run --json`. One without a check passes, as in promptfoo."""
    return _cells(
        (output["text"], True if output["passed"] is None and not output["checks"] else output["passed"]) for output in report["outputs"]
    )


def theirs(promptfoo: str, config: Path, home: Path) -> Cells:
    """The cells that promptfoo finds, in a home of its own."""
    out = home / "out.json"
    environment = {
        **os.environ, "HOME": str(home), "PROMPTFOO_CONFIG_DIR": str(home / "promptfoo"), "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }  # fmt: skip
    command = [promptfoo, "eval", "-c", str(config), "--no-cache", "--no-table", "--no-progress-bar", "-j", "1", "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=config.parent, timeout=300, check=False)
    if not out.exists():
        raise RuntimeError(f"promptfoo cannot run {config}: {(done.stdout + done.stderr)[-300:]}")
    results = json.loads(out.read_text())["results"]["results"]
    return _cells(((result.get("response") or {}).get("output"), bool(result["success"])) for result in results)


def _cells(pairs: Any) -> Cells:
    found: Cells = {}
    for answer, passed in pairs:
        found.setdefault(digest(answer), []).append(passed)
    return {key: sorted(verdicts, key=str) for key, verdicts in sorted(found.items())}


def _measure(promptfoo: str) -> None:
    facts: dict[str, Any] = {
        "promptfoo": subprocess.run([promptfoo, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    }
    server = FakeProvider(SHARED / "tools" / "fakeprovider.py", {})
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, path) in enumerate(configurations(Path(folder)).items()):
            home = Path(folder, f"run-{number}")
            home.mkdir()
            try:
                facts[name] = theirs(promptfoo, prepared(path, home / "config", server.base_url), home)
            except RuntimeError as error:
                print(error, file=sys.stderr)
    server.close()
    FACTS.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    _measure(sys.argv[1])
