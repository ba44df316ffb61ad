"""What a repository holds at a revision: the commit, and every file with its size and checksum."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.files import Checksum, RemoteFile

_LISTING_BYTES = 50_000_000  # 200 bytes a file: some 250 000 files
_FILE_BYTES = 10**13


@dataclass(frozen=True, slots=True)
class Listing:
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


async def list_files(hub: Hub, patterns: Sequence[str], revision: str | None = None) -> Listing:
    """The files that match a pattern (`*` within and across folders) at a revision of the hub's.

    Raises DownloadError: also for a pattern that nothing matches, for a file whose checksum is not
    told, and for one that would lie outside its folder. NotOnHub: no such revision.
    """
    answer = await hub.describe(revision or hub.revision, limit=_LISTING_BYTES)
    try:
        told = await asyncio.to_thread(_Repository.model_validate_json, answer)
    except ValidationError as error:
        raise DownloadError(
            f"{hub.address}: what it tells of {hub.repository} is no listing — check the endpoint"
        ) from error
    wanted = [s for s in told.siblings if any(fnmatchcase(s.path, p) for p in patterns)]
    for pattern in patterns:
        if not any(fnmatchcase(sibling.path, pattern) for sibling in wanted):
            raise DownloadError(
                f"{hub.repository}: has no {pattern} at {told.sha} — check the revision"
            )
    return Listing(told.sha, tuple(_remote(sibling, hub.repository) for sibling in wanted))


class _Lfs(BaseModel):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, le=_FILE_BYTES)


class _Sibling(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    path: str = Field(alias="rfilename")
    size: int | None = Field(default=None, ge=0, le=_FILE_BYTES)
    blob: str | None = Field(default=None, alias="blobId", pattern=r"^[0-9a-f]{40}$")
    lfs: _Lfs | None = None


class _Repository(BaseModel):
    sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    siblings: list[_Sibling]


def _remote(told: _Sibling, repository: str) -> RemoteFile:
    if not _stays_inside(told.path):
        raise DownloadError(
            f"{repository}: {told.path!r} is no name for a file here — do not use this repository"
        )
    if told.lfs:
        return RemoteFile(told.path, told.lfs.size, Checksum("sha256", told.lfs.sha256))
    if told.size is None or told.blob is None:
        raise DownloadError(
            f"{repository}: no checksum of {told.path} is told — use another endpoint"
        )
    return RemoteFile(told.path, told.size, Checksum("git", told.blob))


def _stays_inside(path: str) -> bool:
    """Whether it is a plain path below the folder it is put in."""
    plain = path.isprintable() and "\\" not in path
    return plain and not {"", ".", ".."} & {*path.split("/")}
