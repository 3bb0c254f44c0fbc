"""The compare screen: set up, watch, judge and read back comparisons."""
