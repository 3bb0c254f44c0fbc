"""The Log tab: what happened to a run, in order."""
