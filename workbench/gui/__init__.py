"""The window: views that call verbs of the workspace and read again."""

from workbench.gui.quick_import import read_no_sources

read_no_sources()  # before anything else here imports what it needs
