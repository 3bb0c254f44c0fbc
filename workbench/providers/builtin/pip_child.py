"""Runs pip in a child that ends with the app: `python -m workbench.providers.builtin.pip_child download ...`."""

from __future__ import annotations

import runpy
import sys

from workbench.tied_child import tie_to_parent

if __name__ == "__main__":
    wheel = sys.argv.pop(1)
    if wheel:  # pip's own wheel, as Python brings it for new environments
        sys.path.insert(0, wheel)
    tie_to_parent()
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
