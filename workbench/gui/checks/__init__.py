"""Checks as people edit them: rows, groups, and what they say of a stored answer. For every screen that has some."""
