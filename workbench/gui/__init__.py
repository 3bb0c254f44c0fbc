"""The window: views that call verbs of the workspace and read again."""
