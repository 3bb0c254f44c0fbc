"""The palette: search or run a command (Ctrl+K)."""
