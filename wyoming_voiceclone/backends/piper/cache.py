"""Cut voices on disk: one folder per model file, made once and checked when it is made.

A missing, corrupt or foreign entry is a miss; a folder that cannot be written costs the cutting
at each start, and a warning.
"""

import hashlib
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Event

from wyoming_voiceclone.backends.piper.entry import Facts
from wyoming_voiceclone.errors import BackendUnavailable

REVISION = 1
"""Of the cutting: another number, another entry."""

_MAKING = "piper-"
_AHEAD = 10  # of niceness: listeners come first, also the one who waits for another voice
_BROKEN = 3  # prepare.BROKEN; importing it would bring the onnx package in
_PREPARING_S = 600.0  # a high-quality voice on a Raspberry Pi takes about a minute
_ENTRY = re.compile(r"[0-9a-f]{32}-\d+-.+")
_LEFT_S = 3_600.0  # much longer than any cutting takes
_UNUSED_S = 30 * 86_400.0
_LOG = logging.getLogger(__name__)


def find(model: Path, cache: Path) -> Path | None:
    """The entry of `model`, if there is a readable one."""
    folder = cache / _key(model)
    try:
        Facts.read(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(folder)  # when it was used last: see `_tidy`
    return folder


def ensure(model: Path, config: Path, cache: Path, stop: Event) -> None:
    """Cut `model` unless that was done before. Blocking; raises BackendUnavailable."""
    if find(model, cache) is None:
        with made(model, config, cache, stop, nice=_AHEAD):
            pass


@contextmanager
def made(
    model: Path, config: Path, cache: Path | None, stop: Event | None = None, *, nice: int = 0
) -> Iterator[Path]:
    """Cut `model` now; the folder may be gone after the `with` block when nothing can be kept.

    Raises BackendUnavailable when the file is no model, or once `stop` is set.
    """
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=_writable(cache)) as temporary:
        folder = Path(temporary) / "entry"
        folder.mkdir()
        final = _prepare(model, config, folder, stop or Event(), nice)
        if final and cache is not None and (kept := _keep(folder, cache / _key(model))) is not None:
            folder = kept
            _tidy(cache)
        yield folder


def forget(model: Path, cache: Path) -> None:
    """Remove what was derived from `model`."""
    with suppress(OSError):
        shutil.rmtree(cache / _key(model))


def _key(model: Path) -> str:
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{digest[:32]}{_kind()}"


def _kind() -> str:
    return f"-{REVISION}-{version('onnxruntime')}-{platform.machine()}"


def _tidy(cache: Path) -> None:
    """Remove what killed processes left, and what other versions made and nobody uses."""
    now = time.time()
    with suppress(OSError):  # somebody else may tidy up, too
        for folder in cache.iterdir():
            foreign = _ENTRY.fullmatch(folder.name) and not folder.name.endswith(_kind())
            keep_s = _UNUSED_S if foreign else _LEFT_S
            removable = foreign or folder.name.startswith(_MAKING)
            if removable and now - folder.stat().st_mtime > keep_s:
                shutil.rmtree(folder, ignore_errors=True)


def _writable(cache: Path | None) -> Path | None:
    if cache is None:
        return None
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError as error:
        _LOG.warning("%s cannot be written (%s): voices are cut again at each start", cache, error)
        return None


def _keep(folder: Path, target: Path) -> Path | None:
    """Move a finished entry to its place; None when that cannot be done."""
    try:
        if target.exists():
            shutil.rmtree(target)
        folder.replace(target)
    except OSError as error:
        _LOG.debug("%s not kept: %s", target, error)
        return None
    return target


def _prepare(model: Path, config: Path, folder: Path, stop: Event, nice: int) -> bool:
    """Fill `folder`; False when the verdict may be another one next time."""
    try:
        status, said = _run(model, config, folder, stop, nice)
    except OSError as error:
        Facts(1.0, reason=f"it could not be cut: {error}").write(folder)
        return False
    if stop.is_set():
        raise BackendUnavailable("piper is being shut down — ask another backend")
    if status == _BROKEN:
        raise BackendUnavailable(
            f"{model}: not a usable ONNX model ({said[:300]}) — download the voice again"
        )
    if status:
        last = (said.splitlines() or [f"exit status {status}"])[-1]
        Facts(1.0, reason=f"it could not be cut: {last[:300]}").write(folder)
    return not status


def _run(model: Path, config: Path, folder: Path, stop: Event, nice: int) -> tuple[int, str]:
    """The exit status of `prepare`, and what it said; it is killed once `stop` is set."""
    command = [sys.executable, "-P", "-m", "wyoming_voiceclone.backends.piper.prepare"]
    root = str(Path(__file__).parents[3])  # also when this program runs from a checkout
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    arguments = [str(model.resolve()), str(folder), str(config.resolve()), str(nice)]
    deadline = time.monotonic() + _PREPARING_S
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603  our own module
            [*command, *arguments],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process,
    ):
        while process.poll() is None:
            if stop.wait(0.05) or time.monotonic() > deadline:
                process.kill()
        said.seek(0)
        return process.wait(), said.read(10_000).decode(errors="replace").strip()
