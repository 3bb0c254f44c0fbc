"""The page of spending: what was paid, by day, model, prompt and run."""
