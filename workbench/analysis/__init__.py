"""What the numbers and texts of a workspace say: pure functions over values."""
