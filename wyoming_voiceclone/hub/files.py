"""A file on the hub, and what it must turn out to be."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Checksum:
    """What tells a file's content from any other."""

    kind: Literal["md5", "sha256", "git"]
    """`git`: the id of a git blob, which is what the hub tells of files that git keeps itself."""
    digest: str
    """Hexadecimal, lower case."""

    def begin(self, size: int) -> Any:
        """A hashlib object for a content of `size` bytes, which is to be given to it."""
        if self.kind == "sha256":
            return hashlib.sha256()
        if self.kind == "md5":
            return hashlib.md5(usedforsecurity=False)
        return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    path: str
    """Within its repository."""
    size: int
    """Bytes."""
    checksum: Checksum
