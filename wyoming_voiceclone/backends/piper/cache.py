"""Cut voices on disk: one folder per model file, made once and checked when it is made.

A missing, corrupt or foreign entry is a miss; a folder that cannot be written costs the cutting
at each start, and a warning.
"""

import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from wyoming_voiceclone.backends.piper.entry import Facts
from wyoming_voiceclone.errors import BackendUnavailable

REVISION = 1
"""Of the cutting: another number, another entry."""

_BROKEN = 3  # prepare.BROKEN; importing it would bring the onnx package in
_PREPARING_S = 600.0  # a high-quality voice on a Raspberry Pi takes about a minute
_LOG = logging.getLogger(__name__)


def find(model: Path, cache: Path) -> Path | None:
    """The entry of `model`, if there is a readable one."""
    folder = cache / _key(model)
    try:
        Facts.read(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder


@contextmanager
def made(model: Path, config: Path, cache: Path | None) -> Iterator[Path]:
    """Cut `model` now; the folder may be gone after the `with` block when nothing can be kept.

    Raises BackendUnavailable when the file is no model.
    """
    with tempfile.TemporaryDirectory(prefix="piper-", dir=_writable(cache)) as temporary:
        folder = Path(temporary) / "entry"
        folder.mkdir()
        final = _prepare(model, config, folder)
        if final and cache is not None and (kept := _keep(folder, cache / _key(model))) is not None:
            folder = kept
        yield folder


def forget(model: Path, cache: Path) -> None:
    """Remove what was derived from `model`."""
    with suppress(OSError):
        shutil.rmtree(cache / _key(model))


def _key(model: Path) -> str:
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{digest[:32]}-{REVISION}-{version('onnxruntime')}-{platform.machine()}"


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


def _prepare(model: Path, config: Path, folder: Path) -> bool:
    """Fill `folder`; False when the verdict may be another one next time."""
    command = [sys.executable, "-m", "wyoming_voiceclone.backends.piper.prepare"]
    root = str(Path(__file__).parents[3])  # also when this program runs from a checkout
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        done = subprocess.run(  # noqa: S603  our own module
            [*command, str(model.resolve()), str(folder), str(config.resolve())],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PREPARING_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        Facts(1.0, reason=f"it could not be cut: {error}").write(folder)
        return False
    if done.returncode == _BROKEN:
        fact = f"not a usable ONNX model ({done.stderr.strip()[:300]})"
        raise BackendUnavailable(f"{model}: {fact} — download it again")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        Facts(1.0, reason=f"it could not be cut: {lines[-1][:300]}").write(folder)
    return not done.returncode
