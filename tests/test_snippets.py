"""Snippets: included from the library only, frozen in each version, told of when they change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import templates
from workbench.values import BadInput, Content, Message
from workbench.workspace import Workspace

pytestmark = pytest.mark.both_stores


@pytest.fixture
def ws(where: str) -> Iterator[Workspace]:
    opened = Workspace.open(where)
    yield opened
    opened.close()


def said(text: str) -> Content:
    return Content((Message.of("user", text),))


REPLY = said('Hello {{ name }}.\n{% include "policy" %}')


def test_an_included_snippet_is_rendered_with_the_values_of_the_prompt(ws: Workspace) -> None:
    ws.prompts.create("policy", "", said("{% for item in items %}{{ item }} at {{ shop }}. {% endfor %}"), kind="snippet")
    [message] = ws.render(REPLY, {"name": "Ann", "items": ["Boots", "Socks"], "shop": "Fell"})
    assert message.text == "Hello Ann.\nBoots at Fell. Socks at Fell. "
    filled = ws.snippets.filled(REPLY)
    found = ws.variables(REPLY.messages[0].text, filled.snippets)
    assert [(each.name, each.line) for each in found] == [("name", 1), ("items", 2), ("shop", 2)]


def test_a_version_keeps_the_text_that_it_saw_and_takes_the_new_one_in_when_told(ws: Workspace) -> None:
    policy = ws.prompts.create("policy", "", said("30 days."), kind="snippet")
    reply = ws.prompts.create("Reply", "", REPLY)
    assert ws.snippets.stale_prompts() == {}
    ws.versions.save(policy, said("14 days."))
    first = ws.versions.latest(reply)
    assert first is not None
    assert templates.render(ws.versions.content(first.id), {"name": "Ann"})[0].text == "Hello Ann.\n30 days."
    assert ws.snippets.stale_prompts()[reply].changed == ("policy",)
    second = ws.snippets.take_in(reply)
    assert (second.number, second.note) == (2, "Takes in policy as it is now")
    assert templates.render(ws.versions.content(second.id), {"name": "Ann"})[0].text == "Hello Ann.\n14 days."
    assert ws.versions.content(first.id).snippets == {"policy": "30 days."}
    assert ws.snippets.stale_prompts() == {}
    with pytest.raises(BadInput, match="None of its snippets has changed"):
        ws.snippets.take_in(reply)


def test_a_snippet_inside_a_snippet_is_frozen_too_and_both_say_who_uses_them(ws: Workspace) -> None:
    ws.prompts.create("voice", "", said("Be warm."), kind="snippet")
    policy = ws.prompts.create("policy", "", said('{% include "voice" %} 30 days.'), kind="snippet")
    reply = ws.prompts.create("Reply", "", REPLY)
    newest = ws.versions.latest(reply)
    assert newest is not None
    assert set(ws.versions.content(newest.id).snippets) == {"policy", "voice"}
    assert [use.prompt_id for use in ws.snippets.uses()["policy"]] == [reply]
    assert [use.prompt_id for use in ws.snippets.uses()["voice"]] == [reply, policy]


def test_a_circle_is_refused_in_words_and_a_snippet_never_reads_a_file(ws: Workspace) -> None:
    a = ws.prompts.create("a", "", said("x"), kind="snippet")
    ws.prompts.create("b", "", said('{% include "a" %}'), kind="snippet")
    with pytest.raises(BadInput, match="cannot include itself: a includes b, which includes a"):
        ws.versions.save(a, said('{% include "b" %}'))
    assert [row.number for row in ws.versions.list(a)] == [1]
    problem = ws.check('First\n{% include "/etc/passwd" %}')
    assert problem is not None
    assert (problem.line, problem.message) == (2, "There is no snippet named /etc/passwd.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{% include "round" %}', "A circle: round includes back, which includes round."),
        ('{% include "broken" %}', "In the snippet broken, line 2: There is no filter nope here."),
        ("{% include name %}", 'An include names one snippet in quotes, as in {% include "refund_policy" %}.'),
        ('{% include "ok" ignore missing %}', "Behind the name of an included snippet nothing more can stand."),
        ('{% include "half" %}', "There is no snippet named absent, which half includes."),
        ('{% include "bomb0" %}', "The snippets included here make the template too long."),
        ('{% include "ok" %}', None),
    ],
)
def test_what_cannot_be_included_is_told_at_its_tag(text: str, message: str | None) -> None:
    known = {"round": "{% include 'back' %}", "back": "{% include 'round' %}", "broken": "a\n{{ b | nope }}", "ok": "fine"}
    known |= {"half": "{% include 'absent' %}"} | {f"bomb{i}": f"{{% include 'bomb{i + 1}' %}}" * 10 for i in range(9)} | {"bomb9": "x"}
    problem = templates.check(f"\n  {text}", known)
    assert (problem and problem.message) == message
    assert problem is None or (problem.line, problem.column) == (2, 6)


def test_a_snippet_sets_nothing_in_its_prompt_and_a_failure_inside_names_the_tag() -> None:
    known = {"sets": "{% set tone = 'cold' %}{{ tone }}", "fails": "\n\n{{ 1 / 0 }}"}
    assert templates.render_text("{% include 'sets' %} {{ tone }}", {"tone": "warm"}, known) == "cold warm"
    with pytest.raises(BadInput) as caught:
        templates.render_text("a\n{% include 'fails' %}", {}, known)
    assert caught.value.line == 2


def test_names_of_snippets_are_their_own_over_all_folders(ws: Workspace) -> None:
    ws.prompts.create("policy", "a", said("x"), kind="snippet")
    other = ws.prompts.create("other", "b", said("x"), kind="snippet")
    with pytest.raises(BadInput, match="already a snippet named policy"):
        ws.prompts.create("policy", "b", said("y"), kind="snippet")
    with pytest.raises(BadInput, match="already a snippet named policy"):
        ws.prompts.rename(other, "policy")
    with pytest.raises(BadInput, match="Quotes"):
        ws.prompts.rename(other, 'say "x"')
    assert ws.prompts.get(ws.prompts.duplicate(other)).name == "other copy"


def test_a_renamed_snippet_is_followed_by_unsaved_edits_and_old_versions_keep_its_name(ws: Workspace) -> None:
    policy = ws.prompts.create("policy", "", said("30 days."), kind="snippet")
    reply = ws.prompts.create("Reply", "", said("{%- include 'policy' -%} Policy: {{ policy }}"))
    other = ws.prompts.create("Other", "", REPLY)
    ws.versions.save_draft(other, said('Unsaved. {% include "policy" %}'))
    ws.branches.start(ws.versions.by_number(other, 1).id, "short")
    ws.versions.save(other, said('Short. {% include "policy" %}'))
    none = ws.prompts.create("None", "", said("The policy."))
    assert ws.prompts.rename(policy, "returns") == 2
    drafts = [ws.versions.draft(id, branch) for id, branch in ((reply, ""), (other, ""), (other, "short"), (none, ""))]
    assert [draft.content.messages[0].text if draft else None for draft in drafts] == [
        "{%- include 'returns' -%} Policy: {{ policy }}",
        'Unsaved. {% include "returns" %}',
        'Short. {% include "returns" %}',
        None,
    ]
    assert drafts[0] is not None
    assert drafts[0].content.snippets == {"returns": "30 days."}
    assert [use.name for use in ws.snippets.uses()["returns"]] == ["Other", "Reply"]
    assert ws.snippets.stale(drafts[0].content).gone == ()
    first = ws.versions.content(ws.versions.by_number(reply, 1).id)
    assert first.snippets == {"policy": "30 days."}
    saved = ws.versions.save(reply, drafts[0].content)
    assert ws.versions.content(saved.id).snippets == {"returns": "30 days."}
    assert ws.prompts.rename(policy, "policy") == 2
    back = [ws.versions.draft(id, branch) for id, branch in ((reply, ""), (other, ""), (other, "short"))]
    assert [draft.content.messages[0].text if draft else None for draft in back] == [
        "{%- include 'policy' -%} Policy: {{ policy }}",
        'Unsaved. {% include "policy" %}',
        None,
    ]


def test_a_renamed_snippet_is_followed_by_the_snippets_that_include_it(ws: Workspace) -> None:
    voice = ws.prompts.create("voice", "", said("Be warm."), kind="snippet")
    policy = ws.prompts.create("policy", "", said('{% include "voice" %} 30 days.'), kind="snippet")
    reply = ws.prompts.create("Reply", "", REPLY)
    assert ws.prompts.rename(voice, "tone") == 1
    draft = ws.versions.draft(policy)
    assert draft is not None
    assert draft.content.messages[0].text == '{% include "tone" %} 30 days.'
    ws.versions.save(policy, draft.content)
    taken = ws.snippets.take_in(reply)
    assert set(ws.versions.content(taken.id).snippets) == {"policy", "tone"}
    assert ws.render(ws.versions.content(taken.id), {"name": "Ann"})[0].text == "Hello Ann.\nBe warm. 30 days."


def test_a_comparison_file_finds_snippets_beside_it_else_in_the_workspace(ws: Workspace, tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    (lib / "snippets").mkdir(parents=True)
    (lib / "reply.yaml").write_text('prompt: Reply\nmessages:\n  - user: \'{% include "policy" %} {% include "voice" %}\'\n')
    file = lib / "reply.comparison.yaml"
    file.write_text("comparison: C\nprompts: [reply.yaml]\nmodels:\n  - name: x\n    base_url: http://127.0.0.1:9/v1\n")
    with pytest.raises(BadInput, match=r"There is no snippet named .*neither in a snippets folder beside this file nor in the workspace"):
        ws.sources.file(file)
    (lib / "snippets" / "p.yaml").write_text("prompt: policy\nkind: snippet\nmessages:\n  - user: From the file.\n")
    ws.prompts.create("voice", "", said("From the workspace."), kind="snippet")
    [variant] = ws.sources.file(file).spec.variants
    assert ws.render(variant.content, {})[0].text == "From the file. From the workspace."


def test_an_archived_snippet_stays_in_the_versions_that_have_it(ws: Workspace) -> None:
    policy = ws.prompts.create("policy", "", said("30 days."), kind="snippet")
    reply = ws.prompts.create("Reply", "", REPLY)
    ws.prompts.archive([policy])
    newest = ws.versions.latest(reply)
    assert newest is not None
    content = ws.versions.content(newest.id)
    assert ws.render(content, {"name": "Ann"})[0].text == "Hello Ann.\n30 days."
    assert ws.snippets.stale(content).gone == ("policy",)
    with pytest.raises(BadInput, match="There is no snippet named policy"):
        ws.render(REPLY, {"name": "Ann"})


def test_the_library_folder_carries_snippets_and_what_versions_saw_there_and_back(ws: Workspace, tmp_path: Path) -> None:
    ws.prompts.create("voice", "shared", said("Be warm.\n"), kind="snippet")
    policy = ws.prompts.create("policy", "shared", said('{% include "voice" %}30 days.'), kind="snippet")
    ws.prompts.create("Reply", "support", REPLY)
    ws.versions.save(policy, said('{% include "voice" %}14 days.'))
    ws.files.export(tmp_path / "one")
    assert (tmp_path / "one/snippets/shared/policy.yaml").is_file()
    other = Workspace.open(tmp_path / "other.db")
    report = other.files.import_paths([tmp_path / "one"])
    assert (report.rejected, report.not_carried) == ((), ())
    assert [row.kind for row in other.prompts.list()] == ["snippet", "snippet", "prompt"]
    assert other.snippets.stale_prompts()[other.prompts.find("Reply").id].changed == ("policy",)
    other.files.export(tmp_path / "two")
    again = other.files.import_paths([tmp_path / "one"])
    assert not again.imported
    other.close()
    files = {path.relative_to(tmp_path / "one"): path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path / "two"): path.read_bytes() for path in (tmp_path / "two").rglob("*") if path.is_file()}


def test_a_hand_written_prompt_takes_its_snippets_from_the_same_folder(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/a.yaml").write_text("""prompt: 'Hello {% include "policy" %}'\n""")
    (tmp_path / "snippets/policy.yaml").write_text("kind: snippet\nprompt: 30 days.\n")
    assert not ws.files.import_paths([tmp_path]).rejected
    newest = ws.versions.latest(ws.prompts.find("a").id)
    assert newest is not None
    assert ws.versions.content(newest.id).snippets == {"policy": "30 days."}
