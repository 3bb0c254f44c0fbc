"""The library screen: prompts in folders, their messages, versions and parameters."""
