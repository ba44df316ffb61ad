"""The client of the Hugging Face hub: files fetched whole, going on where it stopped before."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx2
from huggingface_hub import constants, get_async_session, get_token, hf_hub_url
from huggingface_hub.errors import OfflineModeIsEnabled

from wyoming_voiceclone import __version__
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.files import RemoteFile
from wyoming_voiceclone.hub.parts import append, cut, is_whole, part_size, remove
from wyoming_voiceclone.hub.refusals import OFFLINE, refusal, trouble, wanted_pause_s

Progress = Callable[[int], None]
"""Told how many bytes came in addition; a negative number takes some back."""

_LOG = logging.getLogger(__name__)

_TIMEOUT = httpx2.Timeout(15.0, connect=10.0)
_ATTEMPTS = 5  # without one new byte
_LONGEST_PAUSE_S = 300.0  # the window in which the hub counts requests
_COMMIT_HEADER = "x-repo-commit"
_BROKEN = (httpx2.HTTPError, ConnectionError)


class Hub:
    """One repository on the hub. An async context manager."""

    def __init__(
        self, repository: str, revision: str, endpoint: str | None = None, *, retry_s: float = 0.5
    ) -> None:
        self.repository, self.revision = repository, revision
        self.address = (endpoint or constants.ENDPOINT).rstrip("/")
        self._retry_s = retry_s
        self._headers: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        try:
            self._client, self._headers = await asyncio.to_thread(_connect)
        except OSError as error:  # certificates, a token
            raise DownloadError(f"no way to {self.address} ({error}) — allow reading it") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def read(self, path: str, *, limit: int) -> tuple[bytes, str]:
        """A small file's content, and the commit it is of. Raises DownloadError at once."""
        try:
            return await self._read(path, self._url(path, self.revision), limit)
        except _BROKEN as error:
            raise DownloadError(trouble(self.address, error)) from error

    async def describe(self, revision: str, *, limit: int) -> bytes:
        """What the hub tells of the repository and its files, as JSON. Raises DownloadError."""
        what = f"{self.repository}/revision/{quote(revision, safe='')}"
        url = f"{self.address}/api/models/{what}?blobs=true"
        patience = _Patience(self._retry_s)
        while True:
            try:
                return (await self._read("", url, limit))[0]
            except _BROKEN as error:
                if isinstance(error, OFFLINE) or not await patience.bears(error):
                    raise DownloadError(trouble(self.address, error)) from error

    async def fetch(
        self, file: RemoteFile, part: Path, *, revision: str, progress: Progress
    ) -> None:
        """Complete `part` and check it. Raises DownloadError; `part` then is there to go on."""
        progress(before := await asyncio.to_thread(part_size, part))
        await self._complete(file, part, revision, progress)
        if await is_whole(part, file):
            return
        progress(-await asyncio.to_thread(part_size, part))
        await asyncio.to_thread(remove, part)
        if not before:
            raise DownloadError(_not_as_announced(file, "another checksum than announced"))
        # a power cut may have spoilt what lay here; what comes now has no such excuse
        await self.fetch(file, part, revision=revision, progress=progress)

    async def _complete(
        self, file: RemoteFile, part: Path, revision: str, progress: Progress
    ) -> None:
        patience = _Patience(self._retry_s)
        have = await asyncio.to_thread(part_size, part)
        while have < file.size:
            try:
                await self._append(file, part, have, revision=revision, progress=progress)
            except _BROKEN as error:
                after = await asyncio.to_thread(part_size, part)
                if after > have:
                    patience = _Patience(self._retry_s)
                if not await patience.bears(error):
                    kept = " (what has come is kept)" if after else ""
                    raise DownloadError(f"{trouble(self.address, error)}{kept}") from error
            have = await asyncio.to_thread(part_size, part)
        if not file.size:
            await asyncio.to_thread(cut, part, 0)

    async def _append(
        self, file: RemoteFile, part: Path, have: int, *, revision: str, progress: Progress
    ) -> None:
        async with self._get(file.path, self._url(file.path, revision), have) as response:
            _check_size(file, have, response)
            if response.status_code != httpx2.codes.PARTIAL_CONTENT and have:
                progress(-have)  # the hub, or something before it, starts all over
                have = 0
            await asyncio.to_thread(cut, part, have)
            async for piece in response.aiter_bytes():
                if (have := have + len(piece)) > file.size:
                    await asyncio.to_thread(remove, part)
                    raise DownloadError(_not_as_announced(file, "more than announced"))
                await asyncio.to_thread(append, part, piece)
                progress(len(piece))
        if have < file.size:
            raise ConnectionError(f"ended after {have} of {file.size} bytes")

    async def _read(self, path: str, url: str, limit: int) -> tuple[bytes, str]:
        content = bytearray()
        async with self._get(path, url) as response:
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > limit:
                    raise DownloadError(f"{url}: larger than {limit} bytes — check the hub")
            return bytes(content), self._commit(response)

    @asynccontextmanager
    async def _get(self, path: str, url: str, offset: int = 0) -> AsyncIterator[httpx2.Response]:
        headers = self._headers | ({"range": f"bytes={offset}-"} if offset else {})
        async with self._client.stream("GET", url, headers=headers, timeout=_TIMEOUT) as response:
            busy = response.status_code == httpx2.codes.TOO_MANY_REQUESTS
            if busy or response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                response.raise_for_status()
            if response.is_error:
                token = "authorization" in self._headers
                raise refusal(self.address, self.repository, path, response, with_token=token)
            kind = response.headers.get("content-type", "")
            if kind.startswith("text/html") and not path.endswith((".html", ".htm")):
                raise DownloadError(
                    f"{self.address} answered with a web page instead of {path or 'its listing'} "
                    "— a login page or a proxy stands before it: check the network and endpoint"
                )
            yield response

    def _url(self, path: str, revision: str) -> str:
        return hf_hub_url(self.repository, path, revision=revision, endpoint=self.address)

    def _commit(self, response: httpx2.Response) -> str:
        answers = [*response.history, response]  # the hub itself may have sent us to a mirror
        commits = [a.headers[_COMMIT_HEADER] for a in answers if _COMMIT_HEADER in a.headers]
        return commits[0] if commits else self.revision


class _Patience:
    """Bears failures in a row, each time waiting longer, or as long as the hub asks for."""

    def __init__(self, retry_s: float) -> None:
        self._retry_s, self._failures = retry_s, 0

    async def bears(self, error: Exception) -> bool:
        """False when it is enough; else waits before it says so."""
        self._failures += 1
        asked_s = 0.0
        if isinstance(error, httpx2.HTTPStatusError):
            asked_s = wanted_pause_s(error.response)
        forbidden = isinstance(error, OfflineModeIsEnabled)
        if forbidden or self._failures == _ATTEMPTS or asked_s > _LONGEST_PAUSE_S:
            return False
        if asked_s > self._retry_s:
            _LOG.info("the hub asks for a pause of %.0f s", asked_s)
        await asyncio.sleep(max(asked_s, self._retry_s * 2**self._failures))
        return True


def _connect() -> tuple[httpx2.AsyncClient, dict[str, str]]:
    headers = {"user-agent": f"wyoming-voiceclone/{__version__}", "accept-encoding": "identity"}
    if token := get_token():
        headers["authorization"] = f"Bearer {token}"
    return get_async_session(), headers


def _check_size(file: RemoteFile, have: int, response: httpx2.Response) -> None:
    """Refuse another file before it spoils what has come of the right one."""
    if response.status_code == httpx2.codes.PARTIAL_CONTENT:
        announced = response.headers.get("content-range", "")
        range_ = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", announced)
        if not range_ or int(range_[1]) != have:
            raise ConnectionError(f"asked from byte {have}, answered with {announced or 'nothing'}")
        size = range_[2]
    else:
        encoded = "content-encoding" in response.headers
        size = "*" if encoded else response.headers.get("content-length", "*")
    if size != "*" and int(size) != file.size:
        raise DownloadError(_not_as_announced(file, f"{size} bytes, {file.size} were announced"))


def _not_as_announced(file: RemoteFile, fact: str) -> str:
    return f"{file.path}: {fact} — if it stays so, check endpoint and revision"
