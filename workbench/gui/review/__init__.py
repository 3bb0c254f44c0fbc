"""The review screen: judge the answers of a run with the names hidden."""
