"""The embedding model on this computer: loading, memory, texts per second by length. Its file: workbench models fetch embedding."""

from __future__ import annotations

import importlib.util
import sys
import time

if __name__ == "__main__":
    from workbench.providers import minilm

    if importlib.util.find_spec("onnxruntime") is None or not minilm.status().ready:
        print("skipped: the embedding model is not here")
        sys.exit()
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    model = minilm.MiniLM()
    print(f"load, its engine's import included    {time.perf_counter() - began:6.2f} s")
    for words in (6, 28, 120, 254):
        text = " ".join(["refund"] * words)
        model.embed([text])
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < 2:
            model.embed([text])
            count += 1
        print(f"texts of {words + 2:3} tokens                    {count / (time.perf_counter() - began):6.0f} a second")
    print(f"memory                                {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before:6.0f} MB more")
