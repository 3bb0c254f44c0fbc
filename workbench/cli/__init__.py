"""The command line: one verb per verb of the workspace."""
