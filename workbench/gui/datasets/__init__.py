"""The datasets screen: test cases in a table, typed or imported."""
