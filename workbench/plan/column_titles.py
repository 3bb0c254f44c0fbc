"""What tells the columns of a run apart: the model, and what differs beside."""

from __future__ import annotations

from workbench.plan.frozen import Plan


def column_titles(plan: Plan) -> dict[int, str]:
    """The model where that tells all columns apart, else with the version, or with prompt and version where there are several prompts."""
    versions = [f"v{column.variant.version}" if column.variant.version is not None else column.variant.prompt for column in plan.columns]
    prompts = [
        column.variant.prompt if column.variant.version is None else f"{column.variant.prompt} v{column.variant.version}"
        for column in plan.columns
    ]
    models = [column.model.title for column in plan.columns]
    is_one_prompt = len({column.variant.prompt for column in plan.columns}) == 1
    for titles in (
        models,
        [f"{model}, {version}" for model, version in zip(models, versions, strict=True)] if is_one_prompt else (),
        [f"{model}, {prompt}" for model, prompt in zip(models, prompts, strict=True)],
        [f"{model}, {version}, column {number}" for number, (model, version) in enumerate(zip(models, versions, strict=True), 1)],
    ):
        if titles and len(set(titles)) == len(titles):
            break
    return dict(enumerate(titles))
