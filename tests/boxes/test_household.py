"""Boxes come, go, move and come back; a home notices by itself, and nobody waits for it."""

import asyncio
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import pytest
from homes import house, lending, paired
from people import drop, said, source
from recordings import pitch

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.known import KnownBoxes
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.synthesis.learning import look, watch
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import state_key


@pytest.fixture
def grandma(tmp_path: Path) -> None:
    drop(tmp_path / "home/voices", "grandma", hz=330)


@pytest.mark.usefixtures("grandma")
async def test_a_paired_box_speaks_as_our_own_voices(tmp_path: Path) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home") as home,
    ):
        await paired(home, lender)
        assert await source(home.router, said("grandma")) == "csm@gpu/grandma"
        rate, samples = await speak(home.router, said("grandma"))
        assert pitch(samples, rate) == pytest.approx(330, abs=4)


@pytest.mark.usefixtures("grandma")
async def test_a_box_that_has_gone_is_refused_at_once_and_its_voices_stay(tmp_path: Path) -> None:
    async with house(tmp_path / "home") as home:
        async with lending(tmp_path / "box", ScriptedCloner("csm", voices=[ADA])) as lender:
            await paired(home, lender)
            await speak(home.router, said("grandma"))
        await home.until_state("gone")
        assert {"grandma", "ada"} <= home.voices
        began = time.monotonic()
        assert await source(home.router, said("grandma")) == "stock/emma"
        assert time.monotonic() - began < 0.3


@pytest.mark.usefixtures("grandma")
async def test_a_box_that_is_killed_inside_a_sentence_is_known_to_be_gone(tmp_path: Path) -> None:
    engine = ScriptedCloner("csm", chunk_s=0.2)
    async with lending(tmp_path / "box", engine) as lender, house(tmp_path / "home") as home:
        await paired(home, lender)
        async with await home.router.synthesize(said("grandma", "one two three four")) as stream:
            await anext(stream)
            for transport in list(lender.door._inside):
                transport.transport.abort()
            assert len([chunk async for chunk in stream]) >= 2
        await home.until_state("up")


@pytest.mark.usefixtures("grandma")
async def test_a_box_comes_back_at_another_address_by_itself(tmp_path: Path) -> None:
    async with house(tmp_path / "home") as home:
        async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
            home.boxes.announced("gpu", lender.announced())
            await home.pair(lender, placed=False)
            await home.until_state("up")
            first = home.box.address
        await home.until_state("gone")
        async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
            home.boxes.announced("gpu", lender.announced())
            await home.until_state("up")
            assert home.box.address != first
            assert await source(home.router, said("grandma")) == "csm@gpu/grandma"


@pytest.mark.usefixtures("grandma")
async def test_a_home_that_is_restarted_knows_its_boxes_also_those_asleep(tmp_path: Path) -> None:
    async with lending(tmp_path / "box", ScriptedCloner("csm", voices=[ADA])) as lender:
        async with house(tmp_path / "home") as home:
            await paired(home, lender)
        async with house(tmp_path / "home") as home:
            await home.until_state("up")
            assert await source(home.router, said("grandma")) == "csm@gpu/grandma"
    async with house(tmp_path / "home") as home:
        await home.until(lambda: "ada" in home.voices)
        assert home.box.state == "gone"
        assert "grandma" in home.voices


async def test_a_box_that_nobody_paired_is_not_even_asked(tmp_path: Path) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home") as home,
    ):
        home.boxes.announced("gpu", lender.announced())
        await asyncio.sleep(0.3)
        assert not home.boxes.all
        assert not lender.door._inside


async def test_a_forgotten_box_leaves_within_seconds(tmp_path: Path) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm", voices=[ADA])) as lender,
        house(tmp_path / "home") as home,
    ):
        await paired(home, lender)
        assert "ada" in home.voices
        await asyncio.to_thread(home.known.forget, "gpu")
        await home.until(lambda: not home.boxes.all)
        assert "ada" not in home.voices
        assert "csm@gpu" not in home.cloned.engines


async def test_engines_that_a_box_gains_or_loses_join_and_leave(tmp_path: Path) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home") as home,
    ):
        await paired(home, lender)
        added = lending(tmp_path / "spare", ScriptedCloner("pocket"))
        async with added as other:
            lender.engines["pocket"] = other.engines["pocket"]
            await home.until(lambda: "pocket@gpu" in home.cloned.engines)
            del lender.engines["pocket"]
            await home.until(lambda: "pocket@gpu" not in home.cloned.engines)
        assert [*home.cloned.engines] == ["csm@gpu"]


async def test_a_home_whose_key_is_taken_back_is_put_out_and_says_so(tmp_path: Path) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home") as home,
    ):
        await paired(home, lender)
        await asyncio.to_thread(lender.keyring.revoke, "house")
        await home.until_state("not paired")
        assert "pair it again" in home.box.reason
        await home.pair(lender)  # rotation: a new key for the same home
        await home.until_state("up")


@pytest.mark.usefixtures("grandma")
async def test_a_removed_voice_is_forgotten_also_by_a_box_that_was_away(tmp_path: Path) -> None:
    forgetting = Forgetting(tmp_path / "home")

    async def removed(digests: Collection[str]) -> None:
        await asyncio.to_thread(forgetting.removed, digests)

    async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
        async with house(tmp_path / "home") as home:
            await paired(home, lender)
            await speak(home.router, said("grandma"))
            digest = home.cloned.library.voices["grandma"].digest
            assert state_key(digest, "csm", "1") in lender.engines["csm"]._states
        # the home is off, the box is not; the voice is removed while they do not see each other
        async with house(tmp_path / "home") as home:
            home.cloned.removed = removed
            await asyncio.to_thread(shutil.rmtree, tmp_path / "home/voices/grandma")
            await look(home.cloned)
            await home.until(lambda: not lender.engines["csm"]._states)
            async with asyncio.timeout(5):
                pending = forgetting.pending
                while await asyncio.to_thread(pending, home.box.box_id):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)


async def test_a_damaged_list_of_boxes_leaves_them_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home") as home,
    ):
        await paired(home, lender)
        await asyncio.to_thread((tmp_path / "home/boxes.json").write_text, "{")
        await home.until(lambda: "boxes stay as they were" in caplog.text)
        assert home.box.state == "up"
    with pytest.raises(Exception, match="damaged"):
        await asyncio.to_thread(KnownBoxes(tmp_path / "home").read)


async def test_whoever_wants_a_sleeping_box_is_told_so_and_it_is_looked_for(
    tmp_path: Path,
) -> None:
    async with house(tmp_path / "home") as home:
        async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
            await paired(home, lender)
        await home.until_state("gone")
        missed: list[str] = []
        home.boxes._missed = lambda box: missed.append(box.name)
        dialer = home.box.dialer
        with pytest.raises(BackendUnavailable, match="gpu is not there now"):
            async with dialer.link("csm"):
                pass
        assert missed == ["gpu"]


@pytest.mark.usefixtures("grandma")
async def test_a_box_that_seems_gone_lets_go_of_whoever_listens_to_it(tmp_path: Path) -> None:
    engine = ScriptedCloner("csm", voices=[ADA], chunk_s=0.5)
    async with lending(tmp_path / "box", engine) as lender, house(tmp_path / "home") as home:
        await paired(home, lender)
        peer = home.boxes._joined["csm@gpu"].backend
        async with await peer.synthesize(said("ada", "one two three " * 5)) as stream:
            await anext(stream)
            for task in list(lender.door._watching):
                task.cancel()
            with pytest.raises(BackendError, match="broke off"):
                await asyncio.wait_for(_heard(stream), 2)


async def test_a_voice_added_while_a_box_slept_is_learnt_when_it_is_back(tmp_path: Path) -> None:
    engine = ScriptedCloner("csm")
    async with house(tmp_path / "home") as home, meanwhile(watch(home.cloned)):
        async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
            await paired(home, lender)
        await home.until_state("gone")
        drop(tmp_path / "home/voices", "grandpa", hz=200)
        await home.until(lambda: "grandpa" in home.voices)
        async with lending(tmp_path / "box", engine) as lender:
            await home.pair(lender)
            await home.until(lambda: engine.learnt)


async def _heard(stream: AudioStream) -> None:
    async for _ in stream:
        pass
