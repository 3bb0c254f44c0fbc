from __future__ import annotations

import itertools
import json
import tracemalloc
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from workbench import plan
from workbench.plan import PastUse, model_key
from workbench.values import BadInput, Case, Check, Content, Message, ModelSpec, Price, Spec, Variant, canonical


def spec(**changes: Any) -> Spec:
    prompt = Content((Message.of("system", "Be {{ tone }}."), Message.of("user", "Say {{ q }}.")), {"temperature": 0, "top_p": 1})
    model = ModelSpec("m1", "M one", "openai-chat", "http://localhost/v1", "Local", parameters={"temperature": 0.5})
    base = Spec(
        name="Test",
        variants=(Variant("P", 1, prompt), Variant("P", 2, replace(prompt, parameters={}))),
        models=(model, replace(model, name="m2", title="M two", price=Price(Decimal(1), Decimal(2)))),
        cases=tuple(Case({"q": f"case {index}", "tone": "calm"}, name=f"C{index}") for index in range(3)),
        repeats=2,
        checks=(Check("contains", "{{ q }}"),),
        max_cost_usd=Decimal("1.50"),
        dataset="Golden",
    )
    return replace(base, **changes)


def test_columns_are_prompts_by_models() -> None:
    made = plan.make(spec())
    assert [(column.variant.version, column.model.name) for column in made.columns] == [(1, "m1"), (1, "m2"), (2, "m1"), (2, "m2")]
    assert made.calls == 24


def test_a_request_is_rendered_and_the_models_parameters_win() -> None:
    made = plan.make(spec())
    asked = plan.request(made, 0, 1)
    assert [message.text for message in asked.messages] == ["Be calm.", "Say case 1."]
    assert (asked.model, asked.parameters) == ("m1", {"temperature": 0.5, "top_p": 1})


def test_a_plan_survives_json() -> None:
    case = Case({"q": "ü", "tone": None}, "N", {"a": 1}, ("t",), 2.0, "note", (Check("regex", "x", "R", 0.5),))
    made = plan.make(spec(cases=(case,), reuse=True))
    again = plan.Plan.from_json(json.loads(json.dumps(made.to_json())))
    assert again == made
    assert len(made.to_json()["variants"]) == 2
    assert again.checks_for(0) == (Check("contains", "{{ q }}"), Check("regex", "x", "R", 0.5))


TRAP = '"cases":[{"values":{"q":"trap"}}]'


def test_the_cases_of_a_stored_plan_are_read_one_by_one_and_are_the_same() -> None:
    cases = tuple(Case({"q": f"{TRAP} ü {index}", "tone": "calm"}, name=TRAP, tags=("t",)) for index in range(300))
    own = Case({"q": "own"}, checks=(Check("regex", "x"),), only_own_checks=True)
    made = plan.make(spec(cases=(*cases, own), name=TRAP))
    again = plan.Plan.from_json(plan.read(canonical(made.to_json())))
    assert not isinstance(again.cases, tuple)
    assert again == made
    assert (again.cases[-1], again.cases[1:3], len(again.cases)) == (own, cases[1:3], 301)
    assert again.own_checks_at == made.own_checks_at == {300}
    assert [again.checks_for(index) for index in (0, 300)] == [(Check("contains", "{{ q }}"),), (Check("regex", "x"),)]
    assert [again.own_from(index) for index in (0, 300)] == [1, 0]
    assert [again.of_checks(len)(index) for index in (0, 300)] == [1, 1]
    assert plan.request(again, 0, 7) == plan.request(made, 0, 7)
    assert canonical(again.to_json()) == canonical(made.to_json())
    with pytest.raises(IndexError):
        again.cases[301]


def test_a_plan_written_otherwise_is_read_whole() -> None:
    made = plan.make(spec(name=TRAP))
    before: dict[str, Any] = {"a": {"cases": [{"values": {}}]}}
    for text in (json.dumps(made.to_json(), indent=1), json.dumps({**before, **made.to_json()}, separators=(",", ":"))):
        again = plan.Plan.from_json(plan.read(text))
        assert again == made


def test_a_case_of_a_stored_plan_takes_little_more_memory_than_its_text() -> None:
    text = canonical(plan.make(spec(cases=tuple(Case({"q": f"case {index}"}) for index in range(5_000)))).to_json())
    tracemalloc.start()
    read = plan.Plan.from_json(plan.read(text))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.cases) == 5_000
    assert held < 5_000 * 20, "beside the text: where each case begins"
    assert peak < 2 * len(text) + 5_000 * 20


def test_a_plan_holds_no_key() -> None:
    made = plan.make(spec())
    assert "key_env" in made.to_json()["models"][0]
    assert not hasattr(made.columns[0].model, "key")


def test_equal_calls_have_equal_fingerprints_and_others_differ() -> None:
    made = plan.make(spec())
    prints = {
        job: plan.fingerprint(made, job[0], plan.request(made, *job[:2]), job[2]) for job in itertools.product(range(4), range(3), (1, 2))
    }
    assert len(set(prints.values())) == len(prints) == 24
    again, job = plan.make(spec()), (0, 0, 1)
    assert plan.fingerprint(again, 0, plan.request(again, 0, 0), 1) == prints[job]
    same_text = plan.make(spec(variants=(Variant("Other name", 9, spec().variants[0].content),)))
    assert plan.fingerprint(same_text, 0, plan.request(same_text, 0, 0), 1) == prints[job]


def test_an_empty_comparison_is_refused() -> None:
    with pytest.raises(BadInput, match="no case"):
        plan.make(spec(cases=()))


def test_problems_name_all_variables_at_once_for_each_version() -> None:
    broken = Variant("Broken", 3, Content((Message.of("user", "a\n{{ x"),)))
    lacking = Variant("P", 1, Content((Message.of("user", "{{ a }} {{ b }} {{ q }} {{ c|default('') }}"),)))
    cases = (Case({"q": 1}), Case({"q": 1, "a": 2}))
    found = plan.problems(plan.make(spec(variants=(lacking, broken), cases=cases)))
    assert [problem.message for problem in found] == [
        "P v1: a and b have no value in dataset Golden.",
        "Broken v3: message 1 (user), line 2, column 4: Unexpected end of template, expected }}.",
    ]
    assert [problem.fatal for problem in found] == [True, True]
    one = plan.problems(plan.make(spec(variants=(lacking,), cases=(*cases, Case({"q": 1, "a": 1, "b": 1})))))
    assert one[0].message == "P v1: a and b have no value in 2 of 3 cases."
    assert not one[0].fatal
    assert plan.problems(plan.make(spec())) == ()


def test_an_estimate_without_history_says_what_it_stands_on() -> None:
    about = plan.estimate(plan.make(spec()))
    assert about.calls == 24
    assert about.input_tokens == round(24 * len("Be calm.Say case 1.") / 4)
    assert about.unknown_prices == ("M one",)
    assert about.cost_usd is not None
    assert about.seconds is None
    assert "4 characters" in about.basis


def test_an_estimate_uses_past_answers_of_each_model() -> None:
    made = plan.make(spec())
    history = {model_key(column.model): PastUse(100, 10.0, 2.0, 1.0) for column in made.columns}
    about = plan.estimate(made, history)
    assert about.input_tokens == 24 * 19
    assert about.output_tokens == 240
    assert about.cost_usd == (Decimal(12 * 19) + Decimal(120) * 2) / 1_000_000
    assert about.seconds == pytest.approx(24 * 2.0 / 4)
    assert "past answers" in about.basis


def test_a_model_in_two_columns_has_its_past_counted_once_and_the_built_in_one_answers_one_at_a_time() -> None:
    made = plan.make(spec())
    inside = replace(made.columns[0].model, place="builtin")
    made = replace(made, columns=tuple(replace(column, model=inside) for column in made.columns))
    about = plan.estimate(made, {model_key(inside): PastUse(100, 10.0, 2.0, 1.0)})
    assert "from 100 past answers" in about.basis
    assert about.seconds == pytest.approx(24 * 2.0)


@pytest.mark.parametrize(("limit", "tokens"), [(20, 20), (4000, 150), ("20", 150), (0, 150), (None, 150), ([], 150)])
def test_a_limit_that_is_no_number_does_not_stop_the_estimate(limit: Any, tokens: int) -> None:
    wanted = spec()
    wanted = replace(wanted, models=tuple(replace(model, parameters={"max_tokens": limit}) for model in wanted.models))
    about = plan.estimate(plan.make(wanted))
    assert about.output_tokens == 24 * tokens
    assert f"and {tokens} tokens for an answer" in about.basis
    mixed = replace(wanted, models=(wanted.models[0], replace(wanted.models[1], parameters={"max_tokens": 10})))
    assert f"and 10 to {tokens} tokens for an answer" in plan.estimate(plan.make(mixed)).basis


def test_more_calls_than_anybody_means_are_refused_before_a_row_is_written() -> None:
    assert plan.make(spec(repeats=plan.MOST_CALLS // 12)).calls <= plan.MOST_CALLS
    with pytest.raises(BadInput, match="This would be 12,000,000 calls; a run has at most 1,000,000"):
        plan.make(spec(repeats=plan.MOST_CALLS))


def test_an_estimate_of_many_short_calls_is_made_at_the_rate_of_short_calls() -> None:
    stepped = Price(Decimal(3), Decimal(15), tiers=((1_000, Price(Decimal(6), Decimal("22.5"))),))
    short, flat = spec(), Price(Decimal(3), Decimal(15))
    about = [
        plan.estimate(plan.make(replace(short, models=(replace(short.models[0], price=price),)))).cost_usd for price in (stepped, flat)
    ]
    assert about[0] == about[1], "a thousand calls are not one of a thousand times the length"
    long = replace(short, cases=(Case({"q": "x" * 20_000, "tone": "calm"}),))
    about = [plan.estimate(plan.make(replace(long, models=(replace(long.models[0], price=price),)))).cost_usd for price in (stepped, flat)]
    assert (about[0] or 0) > (about[1] or 0)
