"""`boxes wake`, as people run it. Its packets for nobody's hardware address leave this machine."""

import asyncio
import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from homes import lending
from programs import Shell

from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes

MAC = "02:00:00:00:00:01"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    for name in ("data", "cache"):
        shell.environment[f"WYOMING_VOICECLONE_FOLDERS__{name.upper()}"] = str(tmp_path / name)
    return shell


async def run(shell: Shell, *arguments: str) -> CompletedProcess[str]:
    return await asyncio.to_thread(shell.run, "boxes", "wake", *arguments)


async def test_it_is_called_and_greeted_when_it_is_there(shell: Shell, tmp_path: Path) -> None:
    known = KnownBoxes(tmp_path / "data")
    async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
        key = await asyncio.to_thread(lender.keyring.issue, "house")
        await asyncio.to_thread(known.add, KnownBox("gpu", key, lender.address))
        unknown = await run(shell, "gpu")
        assert unknown.returncode == 1
        assert "its hardware address is not known" in unknown.stderr
        called = await run(shell, "gpu", "--mac", MAC.upper())
        assert f"gpu is being woken ({MAC})" in called.stdout
        assert "gpu is there, after" in called.stdout
    macs = await asyncio.to_thread((tmp_path / "data" / "macs.json").read_text)
    assert json.loads(macs) == {key.box_id: MAC}
    gone = await run(shell, "gpu", "--wait", "1")
    assert gone.returncode == 1
    assert "not there after 1 s — in its firmware" in gone.stderr


def test_what_cannot_be_woken_is_told(shell: Shell) -> None:
    assert "no box is called that here" in shell.run("boxes", "wake", "gpu").stderr
