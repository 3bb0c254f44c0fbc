"""A library folder and the workspace kept in step: what changed on one side goes to the other, what changed on both is asked."""

from __future__ import annotations

from workbench.library.in_step.library_folder import LibraryFolder as LibraryFolder
