"""The child process that holds one built-in model: `python -m workbench.providers.builtin.server`.

Reads one line of JSON from standard input (model path, name, key, threads, context), loads the model, writes one line of JSON (address) to
standard output, and serves OpenAI-compatible HTTP on loopback until standard input closes. A native crash of the engine ends this
process and not the window. The key travels over the pipe, never in the arguments, which every user of a computer can read.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from workbench.tied_child import tie_to_parent


def main() -> int:
    """Serve until the parent ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the engine's own lines must not get between ours
    order = json.loads(_first_line())
    tie_to_parent()
    try:
        server = _serve(order)
    except Exception as error:
        _say(answers, {"error": f"{error}" or type(error).__name__})
        return 1
    _say(answers, {"address": server.listening_address})
    threading.Event().wait()  # the watching thread ends the process
    return 0


def _first_line() -> bytes:
    """One line of standard input, byte by byte, so that nothing behind it is taken from the watching thread."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(1)
        line += byte
    return line


def _serve(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["path"]
    params.model_alias = {order["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    params.n_parallel = 1  # the context is divided by it
    params.n_ctx = order["context"]
    params.n_predict = order["longest_answer"]
    params.cpuparams.n_threads = order["threads"]
    params.cpuparams_batch.n_threads = order["threads"]
    params.cache_ram_mib = 0  # its default may take 8 GB for old prompts
    params.use_jinja = True
    params.ui = False
    params.endpoint_slots = False  # it would show prompts to whoever asks
    params.verbosity = 0
    return xllamacpp.Server(params)


def _say(answers: Any, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
