"""Prompt Workbench: choose, adapt and keep watch over foundation models."""

__version__ = "0.1.0"
