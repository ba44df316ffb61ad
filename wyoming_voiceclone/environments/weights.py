"""The weights of engines: fetched from the hub, kept whole, and taken away again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from wyoming_voiceclone.backends.declaration import Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.weights import (
    FetchedWeights,
    KeptFile,
    Receipt,
    receipt_of,
    weights_folder,
    whole,
)
from wyoming_voiceclone.environments.weights_store import WeightsStore
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.disk import check_room, held
from wyoming_voiceclone.hub.files import Checksum, RemoteFile
from wyoming_voiceclone.hub.listing import Listing, list_files
from wyoming_voiceclone.hub.parts import digest_of, is_whole, part_size
from wyoming_voiceclone.hub.refusals import NotOnHub

Progress = Callable[[int, int], None]
"""Told bytes there, bytes in all."""

_COMMIT_DIGITS = 40


async def fetch_weights(
    weights: Weights,
    folders: Folders,
    *,
    endpoint: str | None = None,
    progress: Progress | None = None,
) -> FetchedWeights:
    """Have them here, whole; what is here already is not fetched again. Raises DownloadError.

    Cancelled, failed or killed, it leaves what has come, to go on from. `endpoint`: of another
    hub; None = HF_ENDPOINT, or huggingface.co.
    """
    store = WeightsStore(weights_folder(weights, folders))
    receipt = await asyncio.to_thread(whole, store.folder, weights.files)
    if receipt is None:
        async with held(store.lock):
            receipt = await _fetch(weights, store, endpoint, progress or _nobody)
    return FetchedWeights(store.folder, receipt.commit)


async def wanted_bytes(weights: Weights, folders: Folders, *, endpoint: str | None = None) -> int:
    """How much `fetch_weights` would download. Asks the hub. Raises DownloadError."""
    store = WeightsStore(weights_folder(weights, folders))
    if await asyncio.to_thread(whole, store.folder, weights.files):
        return 0
    async with Hub(weights.repository, weights.revision, endpoint) as hub:
        listing = await _list(hub, weights, store)
    missing = await asyncio.to_thread(_missing, listing.files, store)
    return await asyncio.to_thread(_bytes_to_come, missing, store)


async def remove_weights(weights: Weights, folders: Folders) -> None:
    """Take them away, whole or not; what is not here is no error. Raises DownloadError."""
    store = WeightsStore(weights_folder(weights, folders))
    if await asyncio.to_thread(store.folder.exists):
        async with held(store.lock):
            await asyncio.to_thread(store.remove)


async def _fetch(
    weights: Weights, store: WeightsStore, endpoint: str | None, progress: Progress
) -> Receipt:
    if receipt := await asyncio.to_thread(whole, store.folder, weights.files):
        return receipt  # somebody else has just finished
    async with Hub(weights.repository, weights.revision, endpoint) as hub:
        listing = await _list(hub, weights, store)
        before = await asyncio.to_thread(receipt_of, store.folder)
        missing = [file for file in listing.files if not await is_whole(store.target(file), file)]
        needed = await asyncio.to_thread(_bytes_to_come, missing, store)
        await asyncio.to_thread(check_room, weights.repository, needed, store.folder.parent)
        await asyncio.to_thread(store.begin, listing.commit)
        count = _Count(listing.size, progress)
        count(listing.size - sum(file.size for file in missing))
        for file in missing:
            part = store.part(file)
            await hub.fetch(file, part, revision=listing.commit, progress=count)
            await asyncio.to_thread(store.place, file)
    kept = {file.path: await _kept(file, store) for file in listing.files}
    receipt = _added(before, listing.commit, weights.files, kept)
    await asyncio.to_thread(store.finish, receipt)
    return receipt


async def _list(hub: Hub, weights: Weights, store: WeightsStore) -> Listing:
    """At the commit that is here already, whole or in parts; else where the branch is now."""
    if begun := await asyncio.to_thread(store.commit):
        try:
            return await list_files(hub, weights.files, begun)
        except NotOnHub:  # its owner rewrote the branch
            if await asyncio.to_thread(receipt_of, store.folder):
                raise
    listing = await list_files(hub, weights.files)
    if len(weights.revision) == _COMMIT_DIGITS and listing.commit != weights.revision:
        raise DownloadError(
            f"{hub.address}: told of {hub.repository} at {listing.commit} when asked for "
            f"{weights.revision} — use another endpoint"
        )
    return listing


def _missing(files: Sequence[RemoteFile], store: WeightsStore) -> list[RemoteFile]:
    """Those that are not here by their size. Blocks."""
    return [file for file in files if part_size(store.target(file)) != file.size]


def _bytes_to_come(files: Sequence[RemoteFile], store: WeightsStore) -> int:
    """Of files that are not whole. Blocks."""
    return sum(max(0, file.size - part_size(store.part(file))) for file in files)


async def _kept(file: RemoteFile, store: WeightsStore) -> KeptFile:
    if file.checksum.kind == "sha256":
        return KeptFile(size=file.size, sha256=file.checksum.digest)
    as_sha256 = replace(file, checksum=Checksum("sha256", ""))
    return KeptFile(size=file.size, sha256=await digest_of(store.target(file), as_sha256))


def _added(
    before: Receipt | None, now: str, patterns: Sequence[str], kept: Mapping[str, KeptFile]
) -> Receipt:
    """Engines may share a repository and need different files of it."""
    if before is None:
        return Receipt(commit=now, patterns=tuple(patterns), files=dict(kept))
    all_patterns = tuple(dict.fromkeys([*(before.patterns or ()), *patterns]))
    return Receipt(commit=now, patterns=all_patterns, files={**before.files, **kept})


class _Count:
    """Adds up what has come, for whoever looks."""

    def __init__(self, of: int, progress: Progress) -> None:
        self._there, self._of, self._progress = 0, of, progress

    def __call__(self, more: int) -> None:
        self._there += more
        self._progress(self._there, self._of)


def _nobody(_there: int, _of: int) -> None:
    """Nobody looks."""
