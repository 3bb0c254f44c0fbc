"""Values that are no text: a chat's history, examples, pictures and files. Rendered, previewed, and sent in runs."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.picture_server import picture_for
from workbench.settings import Settings
from workbench.templates import preview, render, required
from workbench.values import BadInput, Case, Content, Definition, Message, Price, PromptRef, VariableSpec, turns
from workbench.workspace import Workspace

HISTORY = Content(
    (Message.of("system", "Be kind."), Message.of("user", "{{ history }}"), Message.of("user", "{{ question }}")),
    variables={"history": VariableSpec("messages", required=False)},
)
LOOK = Content((Message.of("user", "See {{ photo }} and say {{ this }}."),), variables={"photo": VariableSpec("image")})


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello\nthere"}],
        '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello\\nthere"}]',
        "user: Hi\nAssistant: Hello\nthere",
        "  User : Hi\n\nassistant:Hello\nthere\n",
    ],
)
def test_a_history_stands_as_messages_where_it_is_named(value: Any) -> None:
    found = render(HISTORY, {"history": value, "question": "And now?"})
    assert [(message.role, message.text) for message in found] == [
        ("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello\nthere"), ("user", "And now?"),
    ]  # fmt: skip


def test_no_history_is_no_message_and_the_default_stands_in() -> None:
    assert required(HISTORY) == ("question",)
    assert [message.text for message in render(HISTORY, {"question": "Q"})] == ["Be kind.", "Q"]
    assert [message.text for message in render(HISTORY, {"question": "Q", "history": ""})] == ["Be kind.", "Q"]
    pairs = [{"role": "user", "content": "{{ as it is }}"}, {"role": "assistant", "content": "B"}]
    examples = Content(HISTORY.messages, variables={"history": VariableSpec("messages", default=pairs)})
    assert [message.text for message in render(examples, {"question": "Q"})] == ["Be kind.", "{{ as it is }}", "B", "Q"]
    assert Content.from_json(examples.to_json()) == examples


@pytest.mark.parametrize(
    "value", ["Hello", "[1]", '[{"role": "boss", "content": "x"}]', 5, "[", [{"content": "x"}], [{"role": "user", "content": 3}]]
)
def test_what_is_no_list_of_messages_is_refused_with_its_name(value: Any) -> None:
    with pytest.raises(BadInput, match="The value of history is no list of messages"):
        render(HISTORY, {"history": value, "question": "Q"})
    assert VariableSpec("messages").misfit(value).startswith("is no list of messages")
    found = preview(HISTORY, {"history": value, "question": "Q"})
    assert found[1].problem is not None
    assert found[2].problem is None


def test_a_name_that_is_declared_as_text_stays_text() -> None:
    plain = Content(HISTORY.messages)
    assert [message.text for message in render(plain, {"history": "user: Hi", "question": "Q"})] == ["Be kind.", "user: Hi", "Q"]
    assert turns("") == []


def test_a_picture_stands_where_its_variable_does_also_behind_a_condition() -> None:
    data = picture_for("boots", 64)
    value = {"type": "image", "media_type": "image/png", "name": "boots.png", "data": data}
    (message,) = render(LOOK, {"photo": value, "this": "X"})
    assert [(part.kind, part.text) for part in message.parts] == [("text", "See "), ("image", ""), ("text", " and say X.")]
    assert message.attachments[0].data == data
    asked = Content(
        (Message.of("user", "A{% if photo %} {{ photo }}{% endif %}"),), variables={"photo": VariableSpec("image", required=False)}
    )
    assert [part.kind for part in render(asked, {"photo": value})[0].parts] == ["text", "image"]
    assert [part.text for part in render(asked, {})[0].parts] == ["A"]
    shown = preview(LOOK, {"photo": value, "this": "X"})[0]
    assert "".join(piece.text for piece in shown.pieces) == "See boots.png and say X."
    assert shown.attachments == message.attachments
    with pytest.raises(BadInput, match="photo is a file"):
        render(LOOK, {"photo": "boots.png", "this": "X"})


def test_a_run_sends_the_files_of_its_cases_and_a_missing_one_fails_alone(tmp_path: Path, workspace: Workspace, fakeprovider: Any) -> None:
    ws, server, data = workspace, fakeprovider(), picture_for("boots", 64)
    picture = tmp_path / "boots.png"
    picture.write_bytes(data)
    prompt = ws.prompts.create("Look", "", LOOK, note="First")
    dataset = ws.datasets.create("Photos")
    from workbench.workspace import read_attachment

    kept = ws.datasets.keep_file(read_attachment(picture))
    assert kept["sha256"] == hashlib.sha256(data).hexdigest()
    gone = str(tmp_path / "gone.png")
    ws.datasets.add_cases(dataset, [Case({"photo": value, "this": "it"}) for value in (str(picture), kept, gone)])
    connection = ws.connections.add("Stand-in", "other", server.base_url)
    model = ws.connections.add_model(connection, "fake-1", "Sees", price=Price())
    definition = Definition(
        "Look", (PromptRef(ws.prompts.get(prompt).uid),), (ws.connections.model(model).uid,), ws.datasets.get(dataset).uid
    )
    spec = ws.comparisons.resolve(definition)
    told = [problem.message for problem in ws.runs.problems(spec)]
    assert any(f"{gone} cannot be sent. There is no such file. So it is in 1 of 3 cases." in words for words in told)
    assert ws.runs.estimate(spec).basis.endswith("Pictures and files are not counted.")
    run = ws.runs.prepare(spec)
    picture.unlink()  # what was read when the run was prepared is what is sent

    async def execute() -> None:
        async for _ in ws.runs.execute(run):
            pass

    asyncio.run(execute())
    assert server.stats()["requests"] == 2
    cells = sorted(ws.runs.cells(run), key=lambda cell: cell.case_index)
    assert [cell.status for cell in cells] == ["done", "done", "failed"]
    for cell in cells[:2]:
        assert [part.data for part in ws.runs.attached(cell.output_id or 0)[0]] == [data]
    failed = ws.runs.output(cells[2].output_id or 0)
    assert failed.error is not None
    assert "There is no such file." in failed.error["message"]
    ((plan,),) = ws._database.query("SELECT plan FROM run WHERE id = ?", [run])
    assert '"data"' not in plan
    with closing(Workspace.open(ws.path, Settings())) as again:
        assert again.runs.plan(run).files == {kept["sha256"]: data}


def test_models_that_read_no_pictures_are_told_before_the_run(workspace: Workspace, tmp_path: Path) -> None:
    from workbench.values import ModelSpec, Spec, Variant

    blind = ModelSpec("m", "Blind", "openai-chat", "http://127.0.0.1:9/v1", price=Price(), reads=("text",))
    spec = Spec("Look", (Variant("Look", 1, LOOK),), (blind,), (Case({"photo": "x.png", "this": "it"}),))
    assert "Look v1: Blind does not take pictures. It is sent without." in [problem.message for problem in workspace.runs.problems(spec)]


def test_examples_are_drawn_from_a_dataset_by_a_seed(workspace: Workspace) -> None:
    dataset = workspace.datasets.create("Golden")
    cases = [Case({"ticket": f"T{n}"}, reference=f"R{n}" if n != 3 else None) for n in range(8)]
    workspace.datasets.add_cases(dataset, cases)
    found = workspace.datasets.examples(dataset, "ticket", "reference", 3, 7)
    assert [turn["role"] for turn in found] == ["user", "assistant"] * 3
    assert all(turn["content"][1:] == found[at + 1]["content"][1:] for at, turn in enumerate(found) if not at % 2)
    assert found == workspace.datasets.examples(dataset, "ticket", "reference", 3, 7)
    assert found != workspace.datasets.examples(dataset, "ticket", "reference", 3, 8)
    assert len(workspace.datasets.examples(dataset, "ticket", "reference", 20, 7)) == 14
    with pytest.raises(BadInput, match="No case of this dataset has both"):
        workspace.datasets.examples(dataset, "nothing", "reference", 3, 7)


def test_a_path_in_a_table_is_looked_up_beside_it_and_never_where_the_program_was_started(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    (folder / "in").mkdir(parents=True)
    elsewhere.mkdir()
    for place in (folder / "in" / "boots.png", tmp_path / "secret.png", elsewhere / "here.png"):
        place.write_bytes(picture_for(place.name, 16))
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    whole = str(tmp_path / "secret.png")
    table = folder / "table.csv"
    table.write_text(f"photo,this\nin/boots.png,a\n../secret.png,b\nlink.png,c\nhere.png,d\n{whole},e\n")
    monkeypatch.chdir(elsewhere)

    ws, wanted = workspace, [str(folder / "in" / "boots.png"), "../secret.png", "link.png", str(folder / "here.png"), whole]
    made = ws.datasets.import_table(table).imported[0].id
    assert [column.type for column in ws.datasets.get(made).columns] == ["image", "text"]
    assert [case.values["photo"] for case in ws.datasets.cases(made)] == wanted
    for value in wanted[1:4]:
        with pytest.raises(BadInput, match="cannot be sent"):
            ws.datasets.file(value)
    assert ws.datasets.file(wanted[0]).name == "boots.png"

    ws.prompts.create("Look", "", LOOK, note="First")
    connection = ws.connections.add("Stand-in", "other", "http://127.0.0.1:9/v1")
    model = ws.connections.add_model(connection, "fake-1", "Sees", price=Price())
    prompt = ws.prompts.find("Look")
    ws.comparisons.save(Definition("Look", (PromptRef(prompt.uid),), (ws.connections.model(model).uid,), ws.datasets.get(made).uid))
    source = ws.sources.with_cases(ws.sources.named("Look"), table)
    assert [("sha256" in case.values["photo"]) for case in source.spec.cases] == [True, False, False, False, True]
    assert len(source.spec.files) == 2
    told = [problem.message for problem in ws.runs.problems(source.spec)]
    assert any("../secret.png cannot be sent. It is no whole path" in words for words in told)
    assert all("boots.png" not in words for words in told)


def test_a_kept_file_comes_back_from_an_exported_table(tmp_path: Path, workspace: Workspace) -> None:
    from workbench.values.datasets import ColumnSpec
    from workbench.workspace import attachment

    dataset = workspace.datasets.create("Photos", [ColumnSpec("photo", "image")])
    kept = workspace.datasets.keep_file(attachment(picture_for("boots", 16), "boots.png"))
    workspace.datasets.add_cases(dataset, [Case({"photo": kept})])
    workspace.datasets.export_table(dataset, tmp_path / "out.csv")
    again = workspace.datasets.import_table(tmp_path / "out.csv", [ColumnSpec("photo", "image")], name="Again").imported[0].id
    assert [case.values for case in workspace.datasets.cases(again)] == [{"photo": kept}]


def test_the_preview_shows_each_message_of_a_history_by_itself_with_its_role() -> None:
    said = [
        {"role": "user", "content": "Hi\nthere"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "name": "look_up", "arguments": {"order": 7}}]},
        {"role": "tool", "content": "sent", "tool_call_id": "1"},
    ]
    shown = preview(HISTORY, {"history": said, "question": "Q"})
    assert [(row.role, row.is_turn, "".join(piece.text for piece in row.pieces)) for row in shown] == [
        ("system", False, "Be kind."),
        ("user", True, "Hi\nthere"),
        ("assistant", True, "calls look_up({'order': 7})"),
        ("tool", True, "sent"),
        ("user", False, "Q"),
    ]
    assert [row.message for row in shown] == [0, 1, 1, 1, 2]
    assert all(piece.variable == "history" and piece.filled for row in shown[1:4] for piece in row.pieces)
    empty = preview(HISTORY, {"history": "", "question": "Q"})
    assert [(row.is_turn, row.pieces == ()) for row in empty] == [(False, False), (True, True), (False, False)]
