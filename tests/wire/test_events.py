"""The wire: whatever bytes come, an event or a ProtocolError, at a bounded cost."""

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event, async_write_event

from wyoming_voiceclone.errors import ProtocolError
from wyoming_voiceclone.wire import Bounds, EventReader, encode

LIMITS = Bounds(header_bytes=4096, data_bytes=65_536, payload_bytes=4096)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
events = st.builds(
    Event,
    type=st.text(max_size=40),
    data=st.dictionaries(st.text(), values, max_size=5),
    payload=st.none() | st.binary(min_size=1, max_size=4096),
)


def read_all(raw: bytes, limits: Bounds = LIMITS) -> list[Event]:
    async def read() -> list[Event]:
        stream = asyncio.StreamReader(limit=limits.header_bytes)
        stream.feed_data(raw)
        stream.feed_eof()
        reader = EventReader(stream, limits)
        found: list[Event] = []
        while event := await reader.read(1):
            found.append(event)
        return found

    return asyncio.run(read())


def frame(header: dict[str, Any], rest: bytes = b"") -> bytes:
    return json.dumps(header).encode() + b"\n" + rest


@given(st.lists(events, max_size=4))
def test_what_we_write_is_what_we_read(sent: list[Event]) -> None:
    assert read_all(b"".join(map(encode, sent))) == sent


@given(events)
def test_the_wyoming_package_reads_what_we_write(sent: Event) -> None:
    async def read() -> Event | None:
        stream = asyncio.StreamReader()
        stream.feed_data(encode(sent))
        stream.feed_eof()
        return await async_read_event(stream)

    assert asyncio.run(read()) == sent


async def test_we_read_what_the_wyoming_package_writes() -> None:
    sent = [Event("synthesize", {"text": "größer 🙂"}, b"\x00\n"), Event("describe")]
    received: asyncio.Queue[Event | None] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        events = EventReader(reader, LIMITS)
        while event := await events.read(1):
            received.put_nowait(event)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for event in sent:
            await async_write_event(event, writer)
        writer.close()
        assert [await received.get(), await received.get()] == sent


def test_data_may_stand_in_the_header_and_in_a_block_that_wins() -> None:
    block = b'{"b": 2, "c": 3}'
    header = {"type": "x", "data": {"a": 1, "b": 1}, "data_length": len(block)}
    assert read_all(frame(header, block))[0].data == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type":"describe"}\n',
        b'  {"type":"describe"}  \n',
        b'{"type":"describe","data":null}\r\n',
        b'{"type":"describe","data_length":null,"payload_length":0}\n',
        frame({"type": "describe", "data_length": 4}, b"null"),
    ],
)
def test_what_minimal_clients_send_is_understood(raw: bytes) -> None:
    assert read_all(raw) == [Event("describe", {})]


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"\n", "header"),
        (b"GET / HTTP/1.1\r\n\r\n", "header"),
        (b"[]\n", "object"),
        (b'"x"\n', "object"),
        (b"null\n", "object"),
        (b"{}\n", "type"),
        (b'{"type": 5}\n', "type"),
        (b'{"type": "\xff"}\n', "UTF-8"),
        (b'{"type": "x", "data": []}\n', "data"),
        (b'{"type": "x", "data": "abc"}\n', "data"),
        (b'{"type": "x", "data_length": "5"}\n12345', "data_length"),
        (b'{"type": "x", "data_length": 2.0}\n{}', "data_length"),
        (b'{"type": "x", "data_length": true}\n1', "data_length"),
        (b'{"type": "x", "data_length": -1}\n', "data_length"),
        (b'{"type": "x", "data_length": 10000000000}\n', "limit"),
        (b'{"type": "x", "payload_length": 4097}\n', "limit"),
        (b'{"type": "x", "payload_length": []}\n', "payload_length"),
        (b'{"type": "x", "data_length": 2}\n[]', "data"),
        (b'{"type": "x", "data_length": 3}\n{"a', "data"),
        (b'{"type": "x", "data_length": 9}\n{}', "ended"),
        (b'{"type": "x", "payload_length": 9}\n123', "ended"),
        (b'{"type": "x"', "ended"),
        (b" " * 5000 + b"\n", "4096"),
        (b"x" * 5000, "4096"),
    ],
)
def test_broken_rules_are_named(raw: bytes, named: str) -> None:
    with pytest.raises(ProtocolError, match=named):
        read_all(raw)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: t.encode() + b"\n"))
def test_arbitrary_bytes_raise_nothing_but_a_protocol_error(raw: bytes) -> None:
    read_or_refused(raw)


@given(events, st.data())
def test_a_damaged_event_raises_nothing_but_a_protocol_error(
    event: Event, data: st.DataObject
) -> None:
    raw = bytearray(encode(event))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


def read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        read_all(raw)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_counted_exactly(opening: str, closing: str) -> None:
    def nested(levels: int) -> bytes:
        inside = opening * levels + "1" + closing * levels
        return b'{"type":"x","data":{"a":%s}}\n' % inside.encode()

    assert read_all(nested(LIMITS.json_depth - 2))
    with pytest.raises(ProtocolError, match="deeper"):
        read_all(nested(LIMITS.json_depth - 1))


@given(values)
def test_brackets_in_strings_and_side_by_side_are_not_depth(value: Any) -> None:
    data = {"a": [value, '[[{{"\\' * 50, [[]] * 100], "b\\[": "]"}
    deep = replace(LIMITS, json_depth=20)
    assert read_all(frame({"type": "x", "data": data}), deep)[0].data == data


@pytest.mark.parametrize(
    "raw", [b"[" * 500_000, b"[]" * 250_000, b'{"a":' * 100_000, b'["' * 200_000]
)
def test_a_megabyte_of_brackets_is_judged_without_a_stall(raw: bytes) -> None:
    header = {"type": "x", "data_length": len(raw)}
    began = time.process_time()
    with pytest.raises(ProtocolError):
        read_all(frame(header, raw), Bounds())
    assert time.process_time() - began < 0.25


async def test_an_event_that_trickles_in_is_refused_in_time() -> None:
    stream = asyncio.StreamReader()
    reader = EventReader(stream, replace(LIMITS, event_s=0.1))

    async def trickle() -> None:
        while True:
            stream.feed_data(b" ")
            await asyncio.sleep(0.01)

    trickling = asyncio.create_task(trickle())
    with pytest.raises(ProtocolError, match="complete"):
        await reader.read(1)
    trickling.cancel()


async def test_waiting_in_vain_loses_nothing() -> None:
    stream = asyncio.StreamReader()
    reader = EventReader(stream, LIMITS)
    with pytest.raises(TimeoutError):
        await reader.read(0.01)
    stream.feed_data(encode(Event("ping", {"text": "x"})))
    assert await reader.read(1) == Event("ping", {"text": "x"})
