"""Checks: a case and a reply in, a score out."""
