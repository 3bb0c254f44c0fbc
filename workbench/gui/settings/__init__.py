"""The settings screen, drawn from the table of declared settings."""
