"""`gpu status`: who holds what, and what to set."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from programs import Shell

from wyoming_voiceclone.commands.gpu import look, show
from wyoming_voiceclone.config import read_settings
from wyoming_voiceclone.gpu import Device, Holder, Reading
from wyoming_voiceclone.gpu.ollama import LoadedModel
from wyoming_voiceclone.gpu.report import Wanted, advice, whose
from wyoming_voiceclone.testing.local_ollama import LocalOllama
from wyoming_voiceclone.testing.scripted_gpu import ScriptedGpu


def card(free_mb: int, total_mb: int = 24_000) -> Device:
    return Device(0, "RTX 3090", total_mb, free_mb)


def advised(
    device: Device, *engines: Wanted, models: tuple[LoadedModel, ...] = (), **held: int
) -> str:
    holders = tuple(Holder(int(pid[1:]), 0, mb) for pid, mb in held.items())
    return "\n".join(advice(Reading((device,), holders), engines, models, 300))


def csm(device: Device, *pids: int) -> Wanted:
    return Wanted("csm", 4500, device, frozenset(pids))


@pytest.mark.parametrize(
    ("free_mb", "models", "told"),
    [
        (20_000, (), "there is room"),
        (1000, (), "busy, 3800 MB too few"),
        (1000, (LoadedModel("gemma3", 6000),), "once Ollama has unloaded"),
    ],
)
def test_it_tells_whether_an_engine_could_come(
    free_mb: int, models: tuple[LoadedModel, ...], told: str
) -> None:
    assert told in advised(card(free_mb), csm(card(free_mb)), models=models)


def test_an_engine_that_waits_for_another_of_ours_is_told_so() -> None:
    device = card(1000)
    xtts = Wanted("xtts", 4000, device, frozenset({7}))
    assert "once our other engines are idle" in advised(device, xtts, csm(device), p7=4000)


def test_a_gpu_too_small_is_told_with_the_remedy() -> None:
    told = advised(card(4000, 4000), csm(card(4000, 4000)))
    assert "more than RTX 3090 has" in told
    assert "[gpu.memory_mb]" in told


def test_what_an_engine_really_holds_is_what_to_reckon_with() -> None:
    assert "[gpu.memory_mb] csm = 5300" in advised(
        card(9000), csm(card(9000), 7, 8), p7=5000, p8=213
    )
    assert advised(card(9000), csm(card(9000), 7), p7=4400) == ""


def test_ollama_is_to_leave_room_where_both_fit() -> None:
    told = advised(card(20_000), csm(card(20_000)), models=(LoadedModel("gemma3", 6000),))
    assert "OLLAMA_GPU_OVERHEAD=4800000000" in told
    small = card(1000, 8000)
    told = advised(small, csm(small), models=(LoadedModel("gemma3", 6000),))
    assert "one of at most 3200 MB" in told


def test_processes_are_ours_by_their_id_and_others_by_name() -> None:
    engines = [csm(card(1), 7)]
    assert whose(Holder(7, 0, 1), engines, {7: "python"}) == "csm (ours)"
    assert whose(Holder(8, 0, 1), engines, {8: "ollama"}) == "ollama"
    assert "outside this container" in whose(Holder(9, 0, 1), engines, {9: ""})


async def test_everything_is_gathered_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = ScriptedGpu(24_000)
    gpu.hold("us", 2000, pid=os.getpid())
    gpu.hold("nobody", 100, pid=2**22 + 1)
    async with LocalOllama(gemma3=6591) as server:
        flags = {"folders": {"data": tmp_path}, "gpu": {"ollama": server.url}}
        settings = await asyncio.to_thread(read_settings, flags, environment={})
        seen = await look(settings, gpu)
    show(seen)
    shown = capsys.readouterr().out
    assert "Scripted GPU 0" in shown
    assert "21900 of 24000 MB free" in shown
    assert re.search(rf"{os.getpid()} +py", shown)
    assert "Ollama: gemma3, 6591 MB, until 2026-11-20 16:47" in shown
    assert gpu.closed


def test_without_a_gpu_ollama_or_a_server_it_says_so(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.environment["WYOMING_VOICECLONE_GPU__OLLAMA"] = "http://127.0.0.1:9"
    run = shell.run("gpu", "status", "--data-dir", str(tmp_path / "data"))
    assert run.returncode == 0
    assert "Ollama at http://127.0.0.1:9" in run.stdout
    told = json.loads(shell.run("gpu", "status", "--json").stdout)
    assert bool(told["gpus"]) != bool(told["fault"])
    assert told["ollama"]["models"] == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "http://u:p@h", "http://h/x?y"])
def test_an_address_of_ollama_is_one_and_nothing_else(tmp_path: Path, url: str) -> None:
    shell = Shell(tmp_path)
    shell.environment["WYOMING_VOICECLONE_GPU__OLLAMA"] = url
    run = shell.run("gpu", "status")
    assert run.returncode == 1
    assert 'write "http://127.0.0.1:11434"' in run.stderr
