"""The Hugging Face hub: files fetched whole, going on where an earlier attempt stopped."""

import asyncio
import errno
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2
from huggingface_hub import constants, get_async_session, get_token, hf_hub_url

from wyoming_voiceclone import __version__
from wyoming_voiceclone.errors import DownloadError

Progress = Callable[[int], None]
"""Told how many bytes came in addition."""

_TIMEOUT = httpx2.Timeout(15.0, connect=10.0)
_ATTEMPTS = 5  # without one new byte
_COMMIT_HEADER = "x-repo-commit"
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub and what it must turn out to be."""

    path: str
    size: int
    """Bytes."""
    md5: str


class Hub:
    """One repository on the hub. An async context manager."""

    def __init__(
        self, repository: str, revision: str, endpoint: str | None = None, *, retry_s: float = 0.5
    ) -> None:
        self.repository, self.revision, self.endpoint = repository, revision, endpoint
        self._retry_s = retry_s
        self._headers: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        try:
            self._client, self._headers = await asyncio.to_thread(_connect)
        except OSError as error:  # certificates, a token
            raise DownloadError(
                f"no way to {self._address} ({error}) — allow reading it"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def read(self, path: str, *, limit: int) -> tuple[bytes, str]:
        """A small file's content, and the commit it is of. Raises DownloadError."""
        content = bytearray()
        try:
            async with self._get(path, self.revision) as response:
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > limit:
                        raise DownloadError(f"{path}: larger than {limit} bytes — check the hub")
                return bytes(content), self._commit(response)
        except (httpx2.HTTPError, ConnectionError) as error:
            raise DownloadError(self._trouble(error)) from error

    async def fetch(
        self, file: RemoteFile, part: Path, *, revision: str, progress: Progress
    ) -> None:
        """Complete `part` and check it. Raises DownloadError; `part` then is there to go on."""
        failures = 0
        progress(before := await asyncio.to_thread(_size, part))
        while before < file.size:
            try:
                await self._append(file, part, before, revision=revision, progress=progress)
            except (httpx2.HTTPError, ConnectionError) as error:
                after = await asyncio.to_thread(_size, part)
                failures = 0 if after > before else failures + 1
                if failures == _ATTEMPTS:
                    kept = " (what has come is kept)" if after else ""
                    raise DownloadError(f"{self._trouble(error)}{kept}") from error
                await asyncio.sleep(self._retry_s * 2**failures)
            before = await asyncio.to_thread(_size, part)
        if not file.size:
            await asyncio.to_thread(_truncate, part, 0)
        await asyncio.to_thread(_check, file, part)

    async def _append(
        self, file: RemoteFile, part: Path, have: int, *, revision: str, progress: Progress
    ) -> None:
        async with self._get(file.path, revision, have) as response:
            if response.status_code != httpx2.codes.PARTIAL_CONTENT and have:
                progress(-have)  # the hub, or something before it, starts all over
                have = 0
            await asyncio.to_thread(_truncate, part, have)
            async for piece in response.aiter_bytes():
                if (have := have + len(piece)) > file.size:
                    await asyncio.to_thread(_remove, part)
                    raise DownloadError(f"{file.path}: {_not_as_told(f'larger than {file.size}')}")
                await asyncio.to_thread(_write, part, piece)
                progress(len(piece))
        if have < file.size:
            raise ConnectionError(f"ended after {have} of {file.size} bytes")

    @asynccontextmanager
    async def _get(
        self, path: str, revision: str, offset: int = 0
    ) -> AsyncIterator[httpx2.Response]:
        url = hf_hub_url(self.repository, path, revision=revision, endpoint=self.endpoint)
        headers = self._headers | ({"range": f"bytes={offset}-"} if offset else {})
        async with self._client.stream("GET", url, headers=headers, timeout=_TIMEOUT) as response:
            if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                response.raise_for_status()
            if response.is_error:
                raise DownloadError(self._refusal(path, response.status_code))
            yield response

    def _commit(self, response: httpx2.Response) -> str:
        answers = [*response.history, response]  # the hub itself may have sent us to a mirror
        commits = [a.headers[_COMMIT_HEADER] for a in answers if _COMMIT_HEADER in a.headers]
        return commits[0] if commits else self.revision

    def _refusal(self, path: str, status: int) -> str:
        where = f"{self._address}: {self.repository}/{path}"
        if status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
            return f"{where}: not without an account ({status}) — set HF_TOKEN"
        if status == httpx2.codes.NOT_FOUND:
            return f"{where}: not there ({status}) — check repository, revision and endpoint"
        return f"{where}: refused ({status}) — try again later"

    @property
    def _address(self) -> str:
        return self.endpoint or constants.ENDPOINT

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, httpx2.HTTPStatusError):
            status = error.response.status_code
            return f"{self._address} has trouble of its own ({status}) — try again later"
        fact = _ERRNO.sub("", str(error)) or type(error).__name__
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return f"no connection to {self._address} ({fact}) — check the network"
        return f"the connection to {self._address} broke ({fact}) — check the network"


def _connect() -> tuple[httpx2.AsyncClient, dict[str, str]]:
    headers = {"user-agent": f"wyoming-voiceclone/{__version__}", "accept-encoding": "identity"}
    if token := get_token():
        headers["authorization"] = f"Bearer {token}"
    return get_async_session(), headers


def _size(part: Path) -> int:
    with disk_troubles(part):
        return part.stat().st_size if part.exists() else 0


def _truncate(part: Path, size: int) -> None:
    with disk_troubles(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            if file.tell() != size:
                file.truncate(size)


def _write(part: Path, piece: bytes) -> None:
    with disk_troubles(part), part.open("ab") as file:
        file.write(piece)


def _remove(part: Path) -> None:
    with disk_troubles(part):
        part.unlink(missing_ok=True)


@contextmanager
def disk_troubles(path: Path) -> Iterator[None]:
    """Turn whatever the disk refuses inside into a DownloadError."""
    try:
        yield
    except OSError as error:
        raise _told(path, error) from error


def _told(path: Path, error: OSError) -> DownloadError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DownloadError(f"{path}: the disk is full — free some space")
    return DownloadError(f"{path}: cannot be written ({error.strerror or error}) — allow it")


def _check(file: RemoteFile, part: Path) -> None:
    with disk_troubles(part), part.open("rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False))
    if digest.hexdigest() != file.md5:
        _remove(part)
        raise DownloadError(f"{file.path}: {_not_as_told('another checksum')}")


def _not_as_told(fact: str) -> str:
    return f"{fact} than the catalogue tells — if it stays so, check endpoint and revision"
