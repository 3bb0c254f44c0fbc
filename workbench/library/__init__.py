"""Verbs on prompts, versions, datasets, connections, models and saved comparisons."""
