"""What tells the columns of a run apart: the model, and what differs beside."""

from __future__ import annotations

from workbench.plan import Plan


def column_titles(plan: Plan) -> dict[int, str]:
    """The model where that tells all columns apart, else with the version, else with the prompt too."""
    versions = [f"v{column.variant.version}" if column.variant.version is not None else column.variant.prompt for column in plan.columns]
    models = [column.model.title for column in plan.columns]
    for titles in (
        models,
        [f"{model}, {version}" for model, version in zip(models, versions, strict=True)],
        [f"{model}, {column.variant.prompt} {version}" for model, version, column in zip(models, versions, plan.columns, strict=True)],
        [f"{model}, {version}, column {number}" for number, (model, version) in enumerate(zip(models, versions, strict=True), 1)],
    ):
        if len(set(titles)) == len(titles):
            break
    return dict(enumerate(titles))
