"""Small painted pieces used by more than one screen."""
