"""Start, pause, resume, cancel, rerun and read back runs."""
