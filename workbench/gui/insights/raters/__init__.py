"""Raters: model judges beside people."""
