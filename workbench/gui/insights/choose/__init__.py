"""The page of Insights on which a model is chosen."""
