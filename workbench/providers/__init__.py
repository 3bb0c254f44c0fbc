"""One file per wire format; vendors are rows of data."""
