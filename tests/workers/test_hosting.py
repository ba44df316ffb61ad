"""Hosting: real engines, their logs, their offers, their share of the machine."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends import Capabilities, Folders, SynthesisRequest
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.backends.peer.messages import Hello
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Voice
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan, in_worker
from wyoming_voiceclone.workers.compute import environment, usable_cores
from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.manifest import Manifest
from wyoming_voiceclone.workers.orders import Orders
from wyoming_voiceclone.workers.relayed_log import RelayedLog

HELLO = Hello("e", "r1", Capabilities((Voice("ada", ("en",), "größer"),), True, ("en",), False))


def plan(path: Path, **settings: Any) -> WorkerPlan:
    return WorkerPlan("an engine/1", Folders(path / "v", path / "d", path / "c"), settings)


async def test_an_installed_engine_is_hosted_by_its_name(tmp_path: Path) -> None:
    engine = (await asyncio.to_thread(installed_engines))["espeak"]
    where = Folders(tmp_path / "v", tmp_path / "d", tmp_path / "c")
    worker = await asyncio.to_thread(in_worker, engine, engine.settings(), where)
    try:
        await worker.warm([])
        voice = worker.capabilities().voices[0]
        rate, samples = await speak(worker, SynthesisRequest("Hello.", voice.name))
    finally:
        await worker.aclose()
    assert worker.name == "espeak"
    assert len(worker.capabilities().voices) > 50
    assert len(samples) > 0.2 * rate


@pytest.mark.parametrize(
    ("python", "named"),
    [("/no/such/python", "no process can be started"), ("/bin/false", "exit status 1")],
)
async def test_an_environment_that_is_broken_is_named(
    tmp_path: Path, python: str, named: str
) -> None:
    broken = WorkerPlan("espeak", plan(tmp_path).folders, python=Path(python))
    worker = await asyncio.to_thread(WorkerBackend, broken)
    try:
        with pytest.raises(BackendUnavailable, match=f"espeak: .*{named}"):
            await worker.warm([])
    finally:
        await worker.aclose()


async def test_an_environment_that_prints_before_it_works_is_understood(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "welcome to this machine"\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    talkative = WorkerPlan("espeak", plan(tmp_path).folders, python=python)
    worker = await asyncio.to_thread(WorkerBackend, talkative)
    try:
        await worker.warm([])
        assert worker.capabilities().voices
    finally:
        await worker.aclose()


async def test_an_engine_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    worker = await asyncio.to_thread(WorkerBackend, plan(tmp_path))
    try:
        with pytest.raises(BackendUnavailable, match=r"no engine is called an engine/1 .*espeak"):
            await worker.warm([])
    finally:
        await worker.aclose()


async def test_an_offer_is_kept_for_the_same_settings_only(tmp_path: Path) -> None:
    first = await asyncio.to_thread(Manifest, plan(tmp_path, size="small"))
    assert first.hello is None
    await first.learn(HELLO)
    kept = await asyncio.to_thread(Manifest, plan(tmp_path, size="small"))
    assert kept.hello == HELLO
    other = await asyncio.to_thread(Manifest, plan(tmp_path, size="large"))
    assert other.hello is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"mark": 1}', "null", "\x00"])
async def test_a_damaged_offer_is_none(tmp_path: Path, content: str) -> None:
    await (await asyncio.to_thread(Manifest, plan(tmp_path))).learn(HELLO)
    (file,) = (tmp_path / "c" / "workers").iterdir()
    file.write_text(content)
    assert (await asyncio.to_thread(Manifest, plan(tmp_path))).hello is None


async def test_an_offer_that_cannot_be_kept_is_known_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "c").write_text("a file where a folder should be")
    manifest = await asyncio.to_thread(Manifest, plan(tmp_path))
    await manifest.learn(HELLO)
    assert manifest.hello == HELLO
    assert "cannot be kept" in caplog.text


def test_orders_arrive_whole_and_nonsense_is_refused(tmp_path: Path) -> None:
    orders = Orders({"token": "größer", "n": 1}, plan(tmp_path).folders, "info", 7)
    assert Orders.read(orders.line()) == orders
    for nonsense in (b"", b"{}\n", b"[1]\n", orders.line()[:-20]):
        with pytest.raises(ConfigError):
            Orders.read(nonsense)


async def relayed(raw: bytes) -> RelayedLog:
    stream = asyncio.StreamReader()
    stream.feed_data(raw)
    stream.feed_eof()
    log = RelayedLog(Journal("csm"))
    await log.relay(stream)
    return log


async def test_log_messages_keep_their_level_and_prints_are_for_debugging(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = {"level": "warning", "message": "12 % too warm", "traceback": "Traceback …"}
    raw = json.dumps(message).encode() + b'\n 10%\r 20%\n{"level": 3}\nlast words'
    log = await relayed(raw)
    told = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert told == [
        (logging.WARNING, "12 % too warm\nTraceback …"),
        (logging.DEBUG, " 10%"),
        (logging.DEBUG, " 20%"),
        (logging.DEBUG, '{"level": 3}'),
        (logging.DEBUG, "last words"),
    ]
    assert log.last == "last words"
    assert {record.name for record in caplog.records} == {"wyoming_voiceclone.worker.csm"}


@pytest.mark.parametrize("depth", [1, 1_000, 4_000])
async def test_what_a_library_prints_never_ends_the_reading(
    caplog: pytest.LogCaptureFixture, depth: int
) -> None:
    about = {"level": "info", "message": "x", "traceback": ["no", "text"]}
    deep = '{"a":' + "[" * depth
    await relayed(f"{json.dumps(about)}\n{deep}\nlast words\n".encode())
    assert caplog.messages == [json.dumps(about), deep, "last words"]


async def test_a_line_without_an_end_costs_no_more_than_a_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await relayed(b"x" * 10_000_000)
    assert sum(len(record.getMessage()) for record in caplog.records) <= 8_192


def test_each_engine_has_its_share_and_the_users_word_is_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert environment("pocket")["OMP_NUM_THREADS"] == "1"
    assert environment("another")["OMP_NUM_THREADS"] == str(usable_cores())
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert environment("pocket")["OMP_NUM_THREADS"] == "3"


def test_libraries_of_installed_engines_fetch_nothing_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for engine in ("pocket", "kyutai", "csm", "xtts"):
        assert environment(engine)["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in environment("piper")
