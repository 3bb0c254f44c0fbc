"""What a cap will keep from being asked, told before the start: a run that costs more, and models of which no call fits under it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from workbench import plan as plans
from workbench.plan import Estimate, Plan
from workbench.values import BadInput


def over_cap(plan: Plan, cap_usd: Decimal, found: Estimate, reused: Mapping[int, float]) -> list[str]:
    """A sentence for a run that is estimated to cost more than the cap, and for each model of which a single call may: estimates speak of
    usual answers, caps of the longest ones. `reused`: of each column, the share of its calls that are not made."""
    from workbench import providers  # for lists of runs both would be loaded in vain
    from workbench.engine.budget import told, worst_cost

    if not plan.cases:
        return []
    least: dict[str, Decimal] = {}
    looked_at = range(0, len(plan.cases), max(1, len(plan.cases) // plans.SAMPLED_CASES))
    shortest = min(looked_at, key=lambda index: sum(len(str(value)) for value in plan.cases[index].values.values()))
    for index, column in enumerate(plan.columns):
        model = column.model
        if model.by_hand or reused.get(index, 0.0) >= 1:
            continue
        try:
            asked = plans.request(plan, index, shortest)
        except BadInput:
            continue  # told as a problem of the prompt
        longest = providers.set_limit(model.wire_format, model.name, model.options) or model.longest
        worst = worst_cost(model.price, asked, longest)
        least[model.title] = min(worst, least.get(model.title, worst))
    cost = found.cost_usd or Decimal(0)
    passed = f"About ${told(cost)} is more than the cap of ${told(cap_usd)}: the run stops before all calls are made."
    return [passed] * (cost > cap_usd) + [
        f"One call of {title} may cost up to ${told(worst)}, and the cap of the run is ${told(cap_usd)}: none is sent. "
        "Set its longest answer (max_tokens), or a higher cap."
        for title, worst in least.items()
        if worst > cap_usd
    ]
