"""Events read within bounds, events written one after another.

One JSON line, then optional data (JSON, merged on top of the line's own), then an optional payload.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable
from typing import Any, TypeVar

from wyoming.event import Event
from wyoming.version import __version__ as wyoming_version

from wyoming_voiceclone.errors import ProtocolError, VoiceCloneError
from wyoming_voiceclone.wire.bounds import Bounds

T = TypeVar("T")

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


class PeerGone(VoiceCloneError):
    """Nobody is at the other end any more."""


class EventReader:
    """Reads what a peer sends; whatever that is, the cost stays within `bounds`."""

    def __init__(self, stream: asyncio.StreamReader, bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds

    @property
    def at_end(self) -> bool:
        """Whether the peer's input has ended and everything was read."""
        return self._stream.at_eof()

    async def read(self, wait_s: float) -> Event | None:
        """The next event; None at the end of input.

        Raises TimeoutError when none begins within `wait_s` (ask again: nothing is lost),
        ProtocolError when it is none, PeerGone when the connection is lost.
        """
        async with asyncio.timeout(wait_s):
            first = await _from_peer(self._stream.read(1))
        if not first:
            return None
        try:
            async with asyncio.timeout(self._bounds.event_s):
                return await self._event(first)
        except TimeoutError:
            slow = f"an event was not complete after {self._bounds.event_s:g} s"
            raise ProtocolError(f"{slow} — send events whole") from None

    async def discard(self) -> None:
        """Read to the end of input and keep nothing."""
        while await _from_peer(self._stream.read(65_536)):
            pass

    async def _event(self, first: bytes) -> Event:
        line = first if first == b"\n" else first + await self._line()
        header = _parse(line, "the header", self._bounds.json_depth)
        kind = header.get("type")
        if not isinstance(kind, str):
            raise ProtocolError(f"the header's type is {_kind(kind)} — it must be a string")
        data = _object(header.get("data"), "the header's data")
        if length := _length(header, "data_length", self._bounds.data_bytes):
            block = await self._exactly(length)
            data = data | _parse(block, "the data", self._bounds.json_depth)
        length = _length(header, "payload_length", self._bounds.payload_of(kind))
        return Event(kind, data, await self._exactly(length) if length else None)

    async def _line(self) -> bytes:
        try:
            return await _from_peer(self._stream.readuntil(b"\n"))
        except asyncio.LimitOverrunError:
            limit = self._bounds.header_bytes
            raise ProtocolError(f"a header of more than {limit} bytes — use data_length") from None

    async def _exactly(self, length: int) -> bytes:
        return await _from_peer(self._stream.readexactly(length))


class EventWriter:
    """Writes events whole, one after another, however many tasks write."""

    def __init__(self, stream: asyncio.StreamWriter, timeout_s: float) -> None:
        self._stream = stream
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        # a task of its own: cancelling wait_closed() cancels the future that asyncio itself uses
        self._closed = asyncio.ensure_future(_closed(stream))

    @property
    def is_closing(self) -> bool:
        return self._stream.is_closing()

    async def write(self, *events: Event) -> None:
        await self.write_frames(b"".join(map(encode, events)))

    async def write_frames(self, frames: bytes) -> None:
        """Send encoded events; returns when the peer keeps up. Raises PeerGone."""
        async with self._lock:
            if self._stream.is_closing():
                raise PeerGone("the connection is closed")
            self._stream.write(frames)
            try:
                async with asyncio.timeout(self._timeout_s):
                    await _from_peer(self._stream.drain())
            except TimeoutError:
                self._stream.transport.abort()
                raise PeerGone(f"nothing was read for {self._timeout_s:g} s") from None

    def write_last(self, *events: Event) -> None:
        """Send without waiting, for somebody who is being cancelled."""
        if not self._stream.is_closing():
            self._stream.write(b"".join(map(encode, events)))

    def end(self) -> None:
        """Write no more, and let the peer know, where that is possible: TLS has no such thing."""
        with contextlib.suppress(OSError):  # the peer was faster
            if self._stream.can_write_eof():
                self._stream.write_eof()

    async def lost(self) -> None:
        """Wait for the end of the connection, then raise PeerGone."""
        await asyncio.wait([self._closed])
        raise PeerGone("the connection is closed")

    async def aclose(self, linger_s: float) -> None:
        """Close; what was written has `linger_s` to leave."""
        self._stream.close()
        try:
            await asyncio.wait([self._closed], timeout=linger_s)
        finally:
            self._stream.transport.abort()
        await self._closed


def encode(event: Event) -> bytes:
    """The bytes of one event. Pure ASCII but for the payload: lone surrogates survive."""
    header: dict[str, Any] = {"type": event.type, "version": wyoming_version}
    data = json.dumps(event.data).encode() if event.data else b""
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return b"".join((json.dumps(header).encode(), b"\n", data, event.payload or b""))


async def _closed(stream: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await stream.wait_closed()


async def _from_peer(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except asyncio.IncompleteReadError:
        raise ProtocolError("the connection ended inside an event") from None
    except OSError as error:
        raise PeerGone(f"the connection is lost: {error}") from error


def _parse(raw: bytes, what: str, depth: int) -> dict[str, Any]:
    if _deeper_than(raw, depth):
        raise ProtocolError(f"{what} is nested deeper than {depth} levels, or unbalanced")
    try:
        parsed = json.loads(raw.decode())
    except ValueError as error:
        raise ProtocolError(f"{what} is not JSON in UTF-8: {type(error).__name__}") from None
    if parsed is None and what == "the data":
        return {}
    if not isinstance(parsed, dict):
        raise ProtocolError(f"{what} is {_kind(parsed)} — it must be an object")
    return parsed


def _deeper_than(raw: bytes, depth: int) -> bool:
    # Every step runs at C speed: a loop over a mebibyte of brackets would hold up everybody.
    if raw.count(b"[") + raw.count(b"{") <= depth:
        return False
    outside = _STRING.sub(b"", _ESCAPE.sub(b"", raw) if b"\\" in raw else raw)
    brackets = outside.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(depth):
        before, brackets = len(brackets), brackets.replace(b"[]", b"")  # the innermost level
        if len(brackets) == before:
            break
    return bool(brackets)


def _object(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProtocolError(f"{what} is {_kind(value)} — it must be an object")
    return value


def _length(header: dict[str, Any], key: str, limit: int) -> int:
    value = header.get(key)
    if value is None:
        return 0
    if type(value) is not int or value < 0:
        got = value if type(value) is int else _kind(value)
        raise ProtocolError(f"{key} is {got} — it must be a whole number, 0 or more")
    if value > limit:
        raise ProtocolError(f"{key} is {value}, the limit is {limit}")
    return value


def _kind(value: Any) -> str:
    return "missing" if value is None else f"a {type(value).__name__}"
