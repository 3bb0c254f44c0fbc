"""A run beside its baseline: pairing of columns and cases, verdicts, definition, and the verb `diff`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from tests.run_workspace import executed, fill
from tests.test_runs_execute import model as echo
from tests.test_runs_execute import spec
from workbench.analysis.regression import Regression, compare
from workbench.cli.frame import perform
from workbench.engine.events import Finished
from workbench.plan import Plan, PlanColumn
from workbench.runs.job_outputs import job_outputs
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Message, ModelSpec, NotFound, Part, Price, Score, Variant
from workbench.values.outputs import JobOutput
from workbench.workspace import Workspace, regressions

POLICY = Check("contains", "policy", "Policy")


def variant(version: int | None = 1, text: str = "Answer {{q}}", prompt: str = "Reply", **content: Any) -> Variant:
    return Variant(prompt, version, Content((Message("user", (Part(text=text),)),), **content), f"uid-{prompt}")


def model(name: str = "small", **fields: Any) -> ModelSpec:
    return ModelSpec(name, name.title(), "openai-chat", "http://127.0.0.1:1/v1", connection_uid="c1", **fields)


def plan(
    columns: Sequence[tuple[Variant, ModelSpec]], questions: str = "abcd", checks: tuple[Check, ...] = (POLICY,), **fields: Any
) -> Plan:
    cases = tuple(Case({"q": question}, name=f"case {question}") for question in questions)
    return Plan("Refunds", tuple(PlanColumn(*column) for column in columns), cases, checks=checks, **fields)


def outputs(verdicts: str, column: int = 0, texts: str = "", resolved: str = "small-1", first_job: int = 1) -> list[JobOutput]:
    """One answer per case: `+` passed, `-` failed its check, `!` the call failed, `.` not answered yet, `o` answered, nothing checked."""
    found = []
    for case, sign in enumerate(verdicts):
        scores = (Score(POLICY, sign == "+", float(sign == "+"), "" if sign == "+" else "no policy"),) if sign in "+-" else ()
        status = {"!": "failed", ".": "queued"}.get(sign, "done")
        text = texts[case] if texts else "same"
        error = "The server said no." if sign == "!" else ""
        found.append(JobOutput(first_job + case, column, case, 1, status, text, scores, error, resolved, Decimal("0.01"), 100.0 + case))
    return found


def kinds(found: Regression) -> list[str]:
    return [change.kind for change in found.cases]


def test_verdicts_that_turned_are_told_with_the_check_that_turned() -> None:
    one = plan([(variant(), model())])
    found = compare(one, one, outputs("+-+-", texts="abcd"), outputs("-++-", texts="abcx"))
    assert kinds(found) == ["better", "worse", "same", "same"]
    assert [change.reworded for change in found.cases] == [False, False, False, True]
    assert found.cases[1].reason == "Policy: no policy"
    assert found.cases[0].reason == "Policy: no policy", "what the baseline's answer failed"
    pair = found.pairs[0]
    assert (pair.counts["worse"], pair.counts["better"], pair.counts["same"], pair.reworded, pair.p_value) == (1, 1, 2, 1, 1.0)
    assert (pair.figures.pass_rate, pair.figures.p50_ms, pair.figures.cost_usd) == (0.5, 101.5, Decimal("0.04"))
    assert found.changed == ()
    assert found.unchanged == ("Reply v1", "Small", "1 check", "4 cases")


def test_a_failed_call_is_worse_and_a_missing_answer_cannot_be_compared() -> None:
    one = plan([(variant(), model())])
    found = compare(one, one, outputs("!.+o"), outputs("+++-"))
    assert kinds(found) == ["worse", "apart", "same", "apart"]
    assert found.cases[0].reason == "The server said no."
    assert found.cases[1].reason == "No answer yet."
    assert found.cases[3].reason.startswith("No verdict now")


def test_without_checks_only_answering_at_all_and_the_words_count() -> None:
    one = plan([(variant(), model())], checks=())
    found = compare(one, one, outputs("oo!o", texts="abcd"), outputs("oooo", texts="axcd"))
    assert kinds(found) == ["same", "same", "worse", "same"]
    assert [change.reworded for change in found.cases] == [False, True, False, False]
    assert found.cases[0].passed is None


def test_cases_are_found_again_by_their_values_whatever_their_place_or_name() -> None:
    old, new = plan([(variant(), model())], "abcd"), plan([(variant(), model())], "xdba")
    found = compare(new, old, outputs("++-+"), outputs("+-++"))
    assert [(change.case, change.before_case) for change in found.cases] == [(1, 3), (2, 1), (3, 0)]
    assert kinds(found) == ["same", "same", "same"]
    assert (found.only_run, found.only_baseline) == ((0,), (2,))
    assert [(change.what, change.before, change.after) for change in found.changed] == [("cases", "4", "4, 3 of them shared")]


def test_calls_that_were_refused_leave_the_cost_known_and_those_that_broke_off_do_not() -> None:
    one = plan([(variant(), model())])

    def cost(*last: JobOutput) -> Decimal | None:
        return compare(one, one, [*outputs("++"), *last], outputs("++++")).pairs[0].figures.cost_usd

    refused, broken = (replace(made, cost_usd=None, unpaid=unpaid) for made, unpaid in zip(outputs("..!!")[2:], (True, False), strict=True))
    assert cost(refused) == Decimal("0.02")
    assert cost(refused, broken) is None
    only = compare(one, one, [replace(refused, case=number) for number in range(4)], outputs("++++"))
    assert only.pairs[0].figures.cost_usd == 0


def test_calls_of_a_real_run_that_were_refused_are_told_as_unpaid_and_answers_that_broke_off_are_not(
    fakeprovider: Callable[..., FakeProvider], workspace: Workspace
) -> None:
    texts = ("fine", *(f"[[fake {fault}]]" for fault in ("status=429 retry_after=0.01", "status=500", "status=400", "drop=1")))
    priced = echo(fakeprovider().base_url, price=Price(Decimal(1), Decimal(1)))
    run_id = workspace.runs.prepare(replace(spec(priced), cases=tuple(Case({"q": text}) for text in texts)))
    asyncio.run(made_whole(workspace, run_id))
    found = list(job_outputs(workspace._database, workspace.runs, run_id))
    assert [(answer.status, answer.cost_usd is None, answer.unpaid) for answer in found] == [
        ("done", False, False), *[("failed", True, True)] * 3, ("failed", True, False),
    ]  # fmt: skip


def test_equal_cases_are_matched_one_to_one() -> None:
    found = compare(plan([(variant(), model())], "aab"), plan([(variant(), model())], "aba"), outputs("+-+"), outputs("++-"))
    assert [(change.case, change.before_case) for change in found.cases] == [(0, 0), (1, 2), (2, 1)]


def test_repeats_are_compared_by_the_share_that_passed() -> None:
    one = plan([(variant(), model())], "a", repeats=2)
    twice = [*outputs("+"), *outputs("-", first_job=9)]
    found = compare(one, one, twice, [*outputs("+"), *outputs("+", first_job=9)])
    assert (found.cases[0].kind, found.cases[0].passed, found.cases[0].before_passed) == ("worse", 0.5, 1.0)


def test_columns_are_paired_by_version_and_model_first_and_by_what_is_left_then() -> None:
    large = model("large")
    old = plan([(variant(6), model()), (variant(6), large)])
    new = plan([(variant(7, "Shorter {{q}}"), large), (variant(7, "Shorter {{q}}"), model())])
    found = compare(new, old, [], [])
    assert [(pair.column, pair.before) for pair in found.pairs] == [(0, 1), (1, 0)]
    both = plan([(variant(7, "Shorter {{q}}"), model()), (variant(6), model())])
    found = compare(both, plan([(variant(6), model())]), [], [])
    assert [(pair.column, pair.before) for pair in found.pairs] == [(1, 0)]
    assert found.unpaired == (0,)
    found = compare(plan([(variant(6), model("new"))]), plan([(variant(6), model("old"))]), [], [])
    assert [(change.what, change.before, change.after) for change in found.changed] == [("model", "Old", "New")]
    two = plan([(variant(8), model()), (variant(9), model())])
    found = compare(two, plan([(variant(6), model())]), [], [])
    assert found.pairs == (), "two versions could stand for one: none is guessed"


def test_what_changed_in_the_definition_is_told_in_words() -> None:
    cheap, dear = (Price(Decimal(price), Decimal(2)) for price in ("0.5", "1"))
    old = plan([(variant(6, parameters={"temperature": 0.2}), model(price=cheap))], dataset="Golden")
    new = plan(
        [(variant(7, "New {{q}}", parameters={"temperature": 0.7}), model(price=dear, parameters={"seed": 1}))], dataset="Golden", repeats=2
    )
    found = compare(new, old, outputs("++++", resolved="small-2"), outputs("++++"))
    assert [(change.what, change.before, change.after) for change in found.changed] == [
        ("Reply", "v6", "v7"),
        ("Reply v6 to v7", "", "prompt changed, temperature 0.2 to 0.7"),
        ("Small snapshot", "small-1", "small-2"),
        ("Small seed", "not set", "1"),
        ("Small price", "$0.5 in, $2 out per million", "$1 in, $2 out per million"),
        ("repeats", "1", "2"),
    ]
    assert found.unchanged == ("1 check", "Golden, 4 cases")


def test_other_checks_are_told() -> None:
    tone = Check("contains", "sorry", "Tone")
    found = compare(plan([(variant(), model())], checks=(tone,)), plan([(variant(), model())]), outputs("+++-"), outputs("++++"))
    assert [(change.what, change.before, change.after) for change in found.changed] == [("checks", "Policy", "Tone")]


# The verb, on real runs


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))


def run(folder: Path, prompt: str, words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    path = folder / "promptfooconfig.json"
    tests = [{"description": f"case {word}", "vars": {"q": word}} for word in words]
    asked = {"type": "icontains", "value": "please {{q}}"}
    path.write_text(
        json.dumps(
            {
                "description": "Ask",
                "prompts": [{"label": "Ask", "raw": prompt}],
                "providers": ["echo"],
                "defaultTest": {"assert": [asked]},
                "tests": tests,
            }
        ),
        "utf-8",
    )
    assert perform(["run", str(path), "--json"]) in (0, 1)
    return str(json.loads(capsys.readouterr().out)["run"]["id"])


def test_diff_tells_what_got_worse_and_its_exit_code_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(tmp_path, "Please {{q}}", ["sit", "go", "wait"], capsys)
    second = run(tmp_path, "{% if q != 'go' %}Please {% endif %}{{q}}!", ["sit", "go", "stay"], capsys)
    assert perform(["diff", second, first, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert (found["run"]["id"], found["baseline"]["id"]) == (second, first)
    assert found["counts"] == {"worse": 1, "better": 0, "same": 1, "apart": 0, "reworded": 1}
    worse = found["cases"][1]
    assert (worse["change"], worse["case"], worse["case_name"], worse["passed"], worse["baseline_passed"]) == ("worse", 2, "case go", 0, 1)
    assert "please go" in worse["reason"]
    assert found["cases"][0]["change"] == "reworded"
    assert (found["only_in_run"], found["only_in_baseline"]) == ([3], [3])
    assert found["columns"][0]["pass_rate"] == 0.5
    assert found["columns"][0]["baseline_pass_rate"] == 1.0
    assert perform(["diff", second, first, "--allow-worse", "1"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.startswith("  Ask")] == ["  Ask: prompt changed"]
    assert "1 worse, 0 better, 1 same (1 reworded). 1 against 0 could be chance (p = 1)." in said
    assert "worse: case 2 case go" in said
    assert "cases: 3 to 3, 2 of them shared" in said
    assert perform(["diff", first, second]) == 0
    reason = "before: icontains: please {{q}}: The answer does not contain “please go”."
    assert f"better: case 2 case go  {reason}" in capsys.readouterr().out


def test_diff_takes_the_run_before_where_no_baseline_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(tmp_path, "Please {{q}}", ["sit"], capsys)
    assert perform(["diff", first]) == 2
    assert "There is no run before Ask #1." in capsys.readouterr().err
    second = run(tmp_path, "Please {{q}}", ["sit"], capsys)
    assert perform(["diff", second, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["baseline"]["id"] == first
    assert perform(["diff", "Ask", "--json"]) == 0, "the newest run of a file is found by its name"
    assert json.loads(capsys.readouterr().out)["run"]["id"] == second
    assert perform(["diff", second, second]) == 2
    assert "not its own baseline" in capsys.readouterr().err
    assert perform(["diff", second, "nothing"]) == 2
    assert perform(["diff", second, first, "--allow-worse", "-1"]) == 2


def test_diff_takes_the_newest_run_of_a_comparison_that_is_named(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider], capsys: pytest.CaptureFixture[str]
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=2)
    for _ in range(2):
        executed(filled, settings)
    assert perform(["--workspace", str(filled.path), "diff", "Refunds", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["run"]["number"], found["baseline"]["number"]) == (2, 1)


@pytest.mark.both_stores
def test_a_run_that_goes_on_is_no_baseline_unless_it_is_named_and_then_that_is_said(workspace: Workspace) -> None:
    made = replace(spec(echo()), cases=tuple(Case({"q": f"case-{number}"}) for number in range(4)))
    first, second = workspace.runs.prepare(made), workspace.runs.prepare(made)
    asyncio.run(made_whole(workspace, second))
    seen: list[tuple[str, list[str], str]] = []

    async def go() -> None:
        async for event in workspace.runs.execute(first, concurrency=1):
            if isinstance(event, Finished) and not seen:
                with pytest.raises(NotFound) as refused:
                    workspace.regressions.compare(second)
                pair = workspace.regressions.compare(second, first)
                seen.append((str(refused.value), regressions.unfinished(pair), regressions.text(pair)))

    asyncio.run(go())
    [(why, said, told)] = seen
    assert "is finished: #1 is still going on. Wait until it has ended, or name the run to compare it with." in why
    assert said == [f"#1, the baseline, is still going on: {said[0].split(': ')[1]}"]
    assert said[0].endswith(" of 4 answers are here.")
    assert said[0] in told
    assert workspace.regressions.compare(second).baseline.id == first, "once it has ended it can be taken"
    assert not regressions.unfinished(workspace.regressions.compare(second))


def test_cases_that_could_not_be_compared_for_one_reason_are_told_in_one_line(workspace: Workspace) -> None:
    made = replace(spec(echo()), cases=tuple(Case({"q": f"case-{number}"}) for number in range(30)))
    first, second = workspace.runs.prepare(made), workspace.runs.prepare(made)
    asyncio.run(made_whole(workspace, first))
    pair = workspace.regressions.compare(second, first)
    columns = len(pair.regression.pairs)
    told = [line for line in regressions.text(pair).splitlines() if "apart" in line]
    assert told == ["  apart: 30 cases (1, 2, 3, 4, 5 and 25 more)  No answer yet."] * columns
    assert len(regressions.document(pair)["cases"]) == 30 * columns, "the JSON names every case"


@pytest.mark.both_stores
def test_a_run_that_is_not_finished_is_nobodys_baseline(workspace: Workspace) -> None:
    made = replace(spec(echo()), cases=tuple(Case({"q": f"case-{number}"}) for number in range(2)))
    first, second = workspace.runs.prepare(made), workspace.runs.prepare(made)
    assert workspace.regressions.baseline(second) is None, "nothing is answered yet"
    asyncio.run(made_whole(workspace, first))
    stopped, newest = workspace.runs.prepare(made), workspace.runs.prepare(made)
    for run_id in (second, stopped, newest):
        found = workspace.regressions.baseline(run_id)
        assert found is not None
        assert found.id == first
    asyncio.run(made_whole(workspace, newest))
    assert workspace.regressions.beside(newest) is not None


async def made_whole(workspace: Workspace, run_id: int) -> None:
    async for _ in workspace.runs.execute(run_id):
        pass
