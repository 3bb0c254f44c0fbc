"""The tests: one file per station and topic, names are sentences."""
