"""Text of own and foreign files to and from values: one module per format."""
