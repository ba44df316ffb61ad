"""A removed voice is forgotten: by peers, by workers, and by boxes when they are there again."""

import asyncio
from pathlib import Path

import pytest
from homes import lending
from recordings import tone
from wyoming.event import Event

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.boxes.dialer import Dialer
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.boxes.pairing_key import new_key
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.servers.wyoming import Extension
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.testing.scripted_engine import HOSTED_AS
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan

SOMEBODY = Reference(tone(2, 16_000, hz=440), 16_000)
DIGESTS = [f"{number:064x}" for number in range(3)]


async def test_a_box_keeps_nothing_of_what_it_is_told_to_forget(tmp_path: Path) -> None:
    async with lending(tmp_path, ScriptedCloner("csm")) as lender:
        key = await asyncio.to_thread(lender.keyring.issue, "house")
        dialer = Dialer("gpu", key, lambda: lender.address)
        peer = PeerBackend("csm@gpu", "", dial=lambda: dialer.link("csm"))
        state = await peer.enroll(SOMEBODY)
        kept = lender.engines["csm"]._states
        assert [*kept] == [state.key]
        await peer.forget([*(f"{number}" for number in range(2_500)), state.key])
        assert not kept
        request = SynthesisRequest("one", "somebody", language="en", speaker_state=state)
        await speak(peer, request)  # it is sent again when it is wanted after all
        assert [*kept] == [state.key]
        await peer.aclose()
        await dialer.aclose()


async def test_a_box_that_cannot_be_told_says_so(tmp_path: Path) -> None:
    async with lending(tmp_path, ScriptedCloner("csm")) as lender:
        key = await asyncio.to_thread(lender.keyring.issue, "house")
        dialer = Dialer("gpu", key, lambda: lender.address)
        peer = PeerBackend("csm@gpu", "", dial=lambda: dialer.link("csm"))
        await peer.meet()
        with pytest.raises(BackendUnavailable, match="keys"):
            await peer.forget(["x" * 200])
        await peer.aclose()
        await dialer.aclose()


async def test_a_box_passes_it_on_to_the_process_of_its_engine(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")
    plan = WorkerPlan(HOSTED_AS, folders, {}, name="scripted")
    worker = await asyncio.to_thread(WorkerBackend, plan)
    try:
        await Extension(worker).forget(["any"])
        assert worker.status().pid is None, "nobody is started only to forget"
        state = await worker.enroll(SOMEBODY)
        assert await _asks_for(worker, state.key) is False
        await Extension(worker).forget([state.key])
        assert await _asks_for(worker, state.key) is True
    finally:
        await worker.aclose()


async def _asks_for(worker: WorkerBackend, key: str) -> bool:
    """Whether the process does not know the state."""
    peer = worker._supervisor.running
    assert peer
    async with peer._linked() as link:
        extras = {"raw": True, "speaker_state": key}
        voice = {"name": "somebody", "language": "en"}
        await link.send(Event("synthesize", {"text": "a", "voice": voice, "voiceclone": extras}))
        event = await link.receive(5)
        return event.data.get("code") == "unknown-state"


def test_what_boxes_have_to_be_told_survives_and_is_told_once(tmp_path: Path) -> None:
    forgetting = Forgetting(tmp_path)
    forgetting.add(["a" * 16, "b" * 16], DIGESTS)
    forgetting.add(["a" * 16], DIGESTS[:1])
    assert Forgetting(tmp_path).pending("a" * 16) == DIGESTS
    forgetting.told("a" * 16, DIGESTS[:2])
    assert forgetting.pending("a" * 16) == DIGESTS[2:]
    forgetting.drop("b" * 16)
    assert forgetting.pending("b" * 16) == []
    assert forgetting.pending("c" * 16) == []


def test_only_boxes_that_are_paired_are_told(tmp_path: Path) -> None:
    key = new_key(bytes(32))
    KnownBoxes(tmp_path).add(KnownBox("gpu", key))
    Forgetting(tmp_path).removed([DIGESTS[0], "../../etc/passwd"])
    assert Forgetting(tmp_path).pending(key.box_id) == DIGESTS[:1]


def test_a_folder_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    KnownBoxes(tmp_path).add(KnownBox("gpu", new_key(bytes(32))))
    (tmp_path / "forget").write_text("in the way")
    Forgetting(tmp_path).removed(DIGESTS)
    assert "restart your boxes" in caplog.text
