"""Prints the path of promptfoo's program, which verdicts are held against; installs it below `build/` where npm can.

    program=$(python packaging/promptfoo_program.py)

Of the version that `tests/promptfoo_cells.json` was measured with. Where it is not here and cannot be had, a sentence on the error
stream says why, nothing is printed, and the exit code is 0 all the same: tests that need it are skipped then. Standard library only.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOP = ROOT / "build" / "promptfoo"
SECONDS = 600


def version() -> str:
    """The version whose verdicts the tests remember."""
    return str(json.loads((ROOT / "tests" / "promptfoo_cells.json").read_text("utf-8"))["promptfoo"])


def program(wanted: str, top: Path = TOP, seconds: float = SECONDS) -> Path:
    """The program of this version, installed where it is not here yet. Raises RuntimeError with the reason where it cannot be had."""
    made = top / wanted
    if not _in(made).exists():
        _install(wanted, made, seconds)
    return _in(made)


def _in(folder: Path) -> Path:
    return folder / "node_modules" / ".bin" / ("promptfoo.cmd" if os.name == "nt" else "promptfoo")


def _install(wanted: str, made: Path, seconds: float) -> None:
    """Beside its place, which it takes when it is whole: an installation that was broken off is never taken for one."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed")
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="promptfoo-", dir=made.parent) as folder:
        prefix = Path(folder, "new")
        prefix.mkdir()
        # Without what it can do without (a gigabyte), and without anybody's scripts. Its database it cannot do without, nor its reader of
        # SQL where it is asked about SQL.
        command = [npm, "install", "--prefix", ".", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", f"promptfoo@{wanted}"]
        environment = {
            **os.environ, "HOME": folder, "PROMPTFOO_CONFIG_DIR": str(Path(folder, "config")), "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1", "npm_config_update_notifier": "false", "npm_config_fetch_retries": "1",
            "npm_config_cache": str(Path(folder, "cache")),
        }  # fmt: skip
        _run(command, environment, prefix, seconds, "npm cannot install it")
        needed = [*_database(prefix), *_sql_reader(prefix)]
        _run([*command, *needed], environment, prefix, seconds, "npm cannot install its database and its reader of SQL")
        _run([str(_in(prefix)), "--version"], environment, prefix, seconds, "it does not start")
        try:
            prefix.rename(made)
        except OSError:
            if not _in(made).exists():  # unless another one was faster
                raise RuntimeError(f"{made} cannot be written") from None


def _run(command: list[str], environment: dict[str, str], folder: Path, seconds: float, otherwise: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, cwd=folder, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{otherwise}: it took more than {seconds:g} seconds") from None
    except OSError as error:
        raise RuntimeError(f"{otherwise}: {error.strerror}") from None
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        told = next((line for line in said if "rror" in line), said[0] if said else f"exit code {done.returncode}")
        raise RuntimeError(f"{otherwise}: {told[:200]}")


def _database(prefix: Path) -> list[str]:
    """The packages with the machine's own build of the database."""
    wanted = json.loads((prefix / "node_modules" / "libsql" / "package.json").read_text("utf-8")).get("optionalDependencies", {})
    arch = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    begins = f"@libsql/{sys.platform}-{arch}"
    return [f"{name}@{number}" for name, number in wanted.items() if name.startswith(begins)]


def _sql_reader(prefix: Path) -> list[str]:
    """The package that its checks of SQL read with, which it takes for optional."""
    wanted = json.loads((prefix / "node_modules" / "promptfoo" / "package.json").read_text("utf-8")).get("optionalDependencies", {})
    return [f"{name}@{number}" for name, number in wanted.items() if name == "node-sql-parser"]


def main() -> None:
    """Print the program, or say why there is none."""
    wanted = version()
    try:
        print(program(wanted))
    except (RuntimeError, OSError, ValueError) as problem:
        print(f"promptfoo {wanted} is not here, and {problem}. Tests against it are skipped.", file=sys.stderr)


if __name__ == "__main__":
    main()
