"""The window: views that call verbs of the workspace and read again."""

from workbench.gui.quick_import import import_compiled, read_no_sources

import_compiled()  # before anything else here imports PySide6
read_no_sources()  # before anything else here imports what it needs
