"""The insights screen: what a rerun did to the cases of its baseline."""
