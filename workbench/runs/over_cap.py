"""Models that a cap lets no call through for, told before the start: estimates speak of usual answers, caps of longest ones."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from workbench import plan as plans
from workbench.plan import Plan
from workbench.values import BadInput


def over_cap(plan: Plan, cap_usd: Decimal, reused: Mapping[int, float]) -> list[str]:
    """A sentence for each model of which a single call may cost more than the cap. `reused`: of each column, the share of its calls that
    are not made."""
    from workbench import providers  # for lists of runs both would be loaded in vain
    from workbench.engine.budget import told, worst_cost

    least: dict[str, Decimal] = {}
    shortest = min(range(len(plan.cases)), key=lambda index: sum(len(str(value)) for value in plan.cases[index].values.values()))
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
    return [
        f"One call of {title} may cost up to ${told(worst)}, and the cap of the run is ${told(cap_usd)}: none is sent. "
        "Set its longest answer (max_tokens), or a higher cap."
        for title, worst in least.items()
        if worst > cap_usd
    ]
