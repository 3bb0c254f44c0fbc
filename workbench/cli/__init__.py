"""The command line: one verb per verb of the workspace."""


def main() -> None:
    """Never returns: does what the arguments of this process say and ends it with the exit code."""
    import sys  # the console script imports this module before anything is known: it stays empty

    from workbench.cli.frame import perform

    sys.exit(perform(sys.argv[1:]))
