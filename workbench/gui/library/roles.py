"""The roles of messages as the window names them. Apart from the editor of a message, which the list of prompts does not wait for."""

ROLES = {"system": ("System", "settings-2"), "user": ("User", "user-round"), "assistant": ("Assistant", "bot"), "tool": ("Tool", "puzzle")}
"""Role to its name and icon."""
