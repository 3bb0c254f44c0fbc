"""How many threads the engine is given."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def engine_threads() -> int:
    """One less than the physical cores this process may use, at least 1: ggml's threads spin, and the window needs a core."""
    return max(1, min(_physical_cores(), _usable()) - 1)


def _usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # a container's share
    return os.cpu_count() or 1


def _physical_cores() -> int:
    logical = os.cpu_count() or 1
    platform = str(sys.platform)  # as text: mypy would take the other systems' branches for unreachable
    if platform == "linux":
        try:
            text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
        except OSError:
            return logical
        found = set(re.findall(r"^physical id\s*:\s*(\d+)(?:\n.+)*?\ncore id\s*:\s*(\d+)", text, re.M))
        return len(found) or logical
    if platform == "darwin":
        try:
            done = subprocess.run(["/usr/sbin/sysctl", "-n", "hw.physicalcpu"], capture_output=True, text=True, timeout=2, check=True)
            return int(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            return logical
    return max(1, logical // 2)  # Windows counts hardware threads; most processors have two for a core
