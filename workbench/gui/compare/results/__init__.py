"""The Results tab of a run: cards with a chart, the table behind it, and what may be said."""
