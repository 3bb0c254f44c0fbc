"""The welcome page of a new workspace."""
