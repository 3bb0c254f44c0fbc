"""The models screen: connections as cards, models as a table, the dialog that connects a provider."""
