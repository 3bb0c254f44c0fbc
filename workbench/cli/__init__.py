"""The command line: one verb per verb of the workspace."""


def main() -> None:
    """Never returns: does what the arguments of this process say and ends it with the exit code."""
    import contextlib
    import gc
    import os
    import sys  # the console script imports this module before anything is known: it stays empty

    gc.disable()  # a start makes only what stays: looking through it again and again costs a tenth of it
    try:
        from workbench.cli.frame import perform

        code = perform(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the verb: there is nothing to keep and nothing to say
        code = 130
    if "PySide6" in sys.modules:
        sys.exit(code)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # everything is closed and printed; taking the interpreter apart would cost 50 ms more, for nothing
