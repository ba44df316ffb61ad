"""One repository's weights on the disk: parts, whole files, and the receipt. All of it blocks."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from wyoming_voiceclone.backends.weights import RECEIPT, Receipt, receipt_of
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.disk import disk_troubles, lock
from wyoming_voiceclone.hub.files import RemoteFile
from wyoming_voiceclone.hub.parts import settle
from wyoming_voiceclone.lru_folder import replace_file

_PARTIAL = ".partial"
_COMMIT = "commit"
_REMOVED = ".removed"


class WeightsStore:
    """The folder of one repository at one revision."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lock(self) -> Callable[[], None]:
        """Keep other processes from changing it until the result is called."""
        return lock(self.folder.with_name(f".{self.folder.name}.lock"), self.folder.name)

    def commit(self) -> str | None:
        """The one that what is here is of, also when it is not here whole yet."""
        if receipt := receipt_of(self.folder):
            return receipt.commit
        try:
            return (self.folder / _PARTIAL / _COMMIT).read_text("ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def begin(self, commit: str) -> None:
        """Later attempts go on with this commit, wherever its branch is by then."""
        path = self.folder / _PARTIAL / _COMMIT
        with disk_troubles(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, commit.encode())

    def part(self, file: RemoteFile) -> Path:
        """Where it grows: another content elsewhere, so that no file is ever made of two."""
        return self.folder / _PARTIAL / f"{file.checksum.kind}-{file.checksum.digest}"

    def target(self, file: RemoteFile) -> Path:
        """Where it belongs. Raises DownloadError for the names that are ours."""
        if PurePosixPath(file.path).parts[0] in {RECEIPT, _PARTIAL}:
            raise DownloadError(f"{file.path}: no name for weights — use another repository")
        return self.folder / file.path

    def place(self, file: RemoteFile) -> None:
        """Give a part that is whole its name, in one step."""
        part, target = self.part(file), self.target(file)
        settle(part)
        with disk_troubles(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)

    def finish(self, receipt: Receipt) -> None:
        with disk_troubles(self.folder):
            replace_file(self.folder / RECEIPT, receipt.model_dump_json(indent=1).encode())
            shutil.rmtree(self.folder / _PARTIAL, ignore_errors=True)

    def remove(self) -> None:
        """Take it all away; it is gone at once, also when this is interrupted."""
        with disk_troubles(self.folder):
            if self.folder.exists():
                leaving = tempfile.mkdtemp(_REMOVED, ".", self.folder.parent)
                self.folder.replace(leaving)
        for left in self.folder.parent.glob(f".*{_REMOVED}"):
            shutil.rmtree(left, ignore_errors=True)
