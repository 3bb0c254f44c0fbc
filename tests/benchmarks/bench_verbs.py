"""How long each verb of the command line takes to start and end, and what Python alone takes: medians, in turn, in one sitting.

The verbs work on a workspace that holds the starter content and one finished run; `ask` asks a server that refuses at once.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
START = [sys.executable, "-c", "from workbench.cli import main; main()"]
STARTER = str(Path(__file__).resolve().parents[2] / "resources" / "starter")


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """(wall, CPU) in milliseconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="verbs-") as home:
        env = {
            **os.environ,
            "HOME": home,
            "XDG_DATA_HOME": home,
            "XDG_CONFIG_HOME": home,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        config = Path(home) / "promptfooconfig.json"
        config.write_text(json.dumps({"prompts": ["Say {{q}}"], "providers": ["echo"], "tests": [{"vars": {"q": "x"}}]}))
        subprocess.run([*START, "import", STARTER], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        subprocess.run([*START, "run", str(config)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        ask = ["ask", "x", "--api", "openai-chat", "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--max-retries", "0"]
        verbs = {
            "--version": ["--version"],
            "ask --help": ["ask", "--help"],
            "ask": ask,
            "list prompts": ["list", "prompts"],
            "list runs": ["list", "runs"],
            "show": ["show", "1"],
            "models": ["models"],
            "run (1 echo)": ["run", str(config)],
            "import (nothing new)": ["import", STARTER],
            "export": ["export", f"{home}/out"],
            "doctor --offline": ["doctor", "--offline"],
        }
        commands = {"python alone": [sys.executable, "-c", "pass"], **{name: [*START, *verb] for name, verb in verbs.items()}}
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                figures[name].append(timed(command, env))
    print(f"{'verb':22} {'wall ms':>8} {'CPU ms':>8}")
    for name, rows in figures.items():
        wall, cpu = (statistics.median(row[index] for row in rows) for index in (0, 1))
        print(f"{name:22} {wall:8.0f} {cpu:8.0f}")


if __name__ == "__main__":
    main()
