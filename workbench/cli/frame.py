"""From arguments to a verb and its exit code: global options, one line for wrong usage, and what each failure ends with.

Nothing heavy is imported here. A verb's module is loaded when the verb is known, and it loads the workspace when it needs it.

Exit codes: 0 done; 1 something failed in the work; 2 wrong usage or input; 3 the environment lacks something; 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.cli.arguments import Parser, Usage, everywhere
from workbench.cli.terminal import Terminal

# verb: (module under workbench.cli, what it does). The module has NAME_arguments(parser) and NAME_verb(options, terminal).
VERBS = {
    "app": ("window", "open the window (also without any verb)"),
    "demo": ("demo", "run the starter comparison on the built-in model and print the table"),
    "ask": ("ask", "one call to a model, streamed to stdout"),
    "run": ("run", "run a saved comparison, a *.comparison.yaml or a promptfooconfig.yaml"),
    "resume": ("run", "go on with an interrupted run"),
    "rerun": ("run", "run a comparison again as it was defined, as a new run"),
    "score": ("score", "ask other checks of a finished run's answers, without a call"),
    "judge": ("judge", "have model judges look at the answers of a run that wait for them"),
    "batch": ("batch", "hand a run's calls to a batch service at half price, and read the results back"),
    "packet": ("packet", "write a run's answers as one blind HTML file for a colleague to rate"),
    "diff": ("diff", "what got worse, better and stayed the same between two runs"),
    "show": ("show", "print a run"),
    "list": ("show", "list prompts, snippets, comparisons, runs, models or datasets"),
    "import": ("files", "read prompts, datasets, comparisons and ratings of packets from files"),
    "export": ("files", "write the library, prompts for other tools, a run or a dataset as files"),
    "sync": ("sync", "keep the library and a folder of files in step, both ways"),
    "rank": ("rank", "rank models from a table of pairwise votes"),
    "models": ("models", "the models that a comparison can use"),
    "connections": ("models", "add, list, test or remove connections"),
    "doctor": ("doctor", "check display, key store, workspace, built-in model and connections"),
}
INTERRUPTED = 130
_WITH_VALUE = ("--workspace",)
_FLAGS = ("--json", "--quiet")


def perform(arguments: Sequence[str]) -> int:
    """The exit code after doing what the arguments say. Failures are one line on stderr."""
    _prepare_streams()
    terminal = Terminal()
    try:
        code = _perform(list(arguments), terminal)
        sys.stdout.flush()
        return code
    except Usage as usage:
        terminal.complain(str(usage))
        return 2
    except KeyboardInterrupt:
        terminal.complain("Interrupted. What was finished is kept.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as failure:
        from workbench.values.problems import Damaged, NotFound, Problem, ReadOnly  # only failures need it

        if isinstance(failure, OSError) and failure.errno == errno.ENAMETOOLONG:
            terminal.complain(f"{failure.filename or 'A name'}: No file can have so long a name. Give a shorter one.")
            return 2
        if isinstance(failure, OSError) and not isinstance(failure, Problem):
            terminal.complain(_of_the_system(failure))
            return 1
        if isinstance(failure, (UnicodeEncodeError, NotFound)) and not all(map(_is_text, arguments)):
            terminal.complain("What was given holds bytes that are not UTF-8, so nothing here can have that name. Write it as UTF-8.")
            return 2
        if not isinstance(failure, Problem):
            raise
        remedy = ""
        if isinstance(failure, ReadOnly) and not failure.remedy:
            remedy = " Close it, or name another workspace with --workspace."
        elif isinstance(failure, Damaged) and not failure.remedy:
            remedy = " See its backups with workbench doctor, or name another workspace with --workspace."
        terminal.complain(f"{failure}{remedy}")
        return failure.exit_code
    finally:
        terminal.end_progress()


def _prepare_streams() -> None:
    """Text of any kind can be printed, also where a stream was closed before we began: then nobody reads it."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends a verb as Ctrl-C does: what is open is closed, and the exit code says so. Only the main thread gets signals."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background by a script
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _is_text(argument: str) -> bool:
    """False for an argument with bytes that are not text; Python hands them on as halves of surrogate pairs."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_the_system(error: OSError) -> str:
    """One sentence for what the operating system refused and nobody foresaw: a full disk behind stdout, a folder without permission."""
    place = error.filename if isinstance(error.filename, str) else "The output"
    return f"{place}: {error.strerror or error}. What was saved before is safe; mend this and try again."


def _perform(arguments: list[str], terminal: Terminal) -> int:
    given, verb, rest = _split(arguments)
    if given.get("help"):
        terminal.say(overview())
        return 0
    if given.get("version"):
        from workbench import __version__

        terminal.json = bool(given.get("json"))
        terminal.answer({"schema": 1, "version": __version__}, f"workbench {__version__}")
        return 0
    name = verb or "app"
    if name not in VERBS:
        raise Usage(f"There is no verb {name}.{_near(name)} See workbench --help.")
    module = import_module(f"workbench.cli.{VERBS[name][0]}")
    parser = Parser(prog=f"workbench {name}", description=VERBS[name][1][0].upper() + VERBS[name][1][1:] + ".", allow_abbrev=False)
    getattr(module, f"{name}_arguments")(parser)
    everywhere(parser)
    options = parser.parse_args(rest, argparse.Namespace(**{"workspace": None, "json": False, "quiet": False, **given}))
    options.workspace = options.workspace or os.environ.get("WORKBENCH_WORKSPACE") or None
    terminal.json, terminal.quiet = options.json, options.quiet
    with nullcontext() if name == "app" else _terminated_like_interrupted():  # the window ends in its own way
        return int(getattr(module, f"{name}_verb")(options, terminal))


def _split(arguments: list[str]) -> tuple[dict[str, Any], str | None, list[str]]:
    """(global options before the verb, the verb, what follows it)."""
    given: dict[str, Any] = {}
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        name, equals, value = argument.partition("=")
        if name in _WITH_VALUE:
            if not equals:
                at += 1
                if at == len(arguments) or arguments[at].startswith("--"):  # not a file of the name of the next option
                    raise Usage(f"{name} needs a value.")
                value = arguments[at]
            given[name[2:]] = value
        elif argument in _FLAGS:
            given[argument[2:]] = True
        elif argument in ("--help", "-h"):
            given["help"] = True
        elif argument == "--version":
            given["version"] = True
        elif argument.startswith("-") and argument != "-":
            raise Usage(f"There is no option {argument} before the verb. See workbench --help.")
        else:
            return given, argument, arguments[at + 1 :]
        at += 1
    return given, None, []


def overview() -> str:
    """The text of `workbench --help`."""
    width = max(map(len, VERBS))
    lines = ["usage: workbench [--workspace FILE_OR_URL] [--json] [--quiet] [--version] VERB ...", ""]
    lines += [f"  {name:{width}}  {text}" for name, (_, text) in VERBS.items()]
    lines += ["", "workbench VERB --help tells the rest. The workspace is workbench.db in your data folder unless named."]
    return "\n".join(lines)


def _near(name: str) -> str:
    from difflib import get_close_matches  # only for a typing error

    found = get_close_matches(name, VERBS, 1)
    return f" Did you mean {found[0]}?" if found else ""
