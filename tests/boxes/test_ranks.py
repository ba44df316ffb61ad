"""Who speaks as somebody when several engines could, here and on boxes."""

from pathlib import Path

import pytest
from homes import house, lending, paired
from people import drop, said, source

from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.testing.conformance import speak


@pytest.fixture
def grandma(tmp_path: Path) -> None:
    drop(tmp_path / "home/voices", "grandma", hz=330)


@pytest.mark.usefixtures("grandma")
async def test_what_one_box_has_learnt_another_one_need_not_learn(tmp_path: Path) -> None:
    first, second = ScriptedCloner("csm"), ScriptedCloner("csm")
    async with house(tmp_path / "home") as home:
        async with lending(tmp_path / "a", first) as lender:
            await paired(home, lender)
            await speak(home.router, said("grandma"))
        await home.until_state("gone")
        async with lending(tmp_path / "b", second) as lender:
            await home.pair(lender, "attic")
            await home.until(lambda: "csm@attic" in home.cloned.engines)
            assert await source(home.router, said("grandma", "four five")) == "csm@attic/grandma"
    assert len(first.learnt) == 1
    assert not second.learnt


@pytest.mark.usefixtures("grandma")
async def test_a_gpu_elsewhere_comes_before_engines_here_and_a_likeness_last(
    tmp_path: Path,
) -> None:
    own = ScriptedCloner("match"), ScriptedCloner("pocket")
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm")) as lender,
        house(tmp_path / "home", *own) as home,
    ):
        assert home.cloned.order("grandma") == ("pocket", "match")
        await paired(home, lender)
        assert home.cloned.order("grandma") == ("csm@gpu", "pocket", "match")
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm"), gpu=False) as lender,
        house(tmp_path / "home", *own) as home,
    ):
        await paired(home, lender)
        assert home.cloned.order("grandma") == ("pocket", "csm@gpu", "match")


async def test_the_engines_of_a_voice_are_meant_wherever_they_run(tmp_path: Path) -> None:
    voices = tmp_path / "home/voices"
    drop(voices, "grandma", toml='engines = ["pocket", "csm"]')
    drop(voices, "grandpa", hz=200, toml='engines = ["csm@attic", "match"]')
    own = ScriptedCloner("match"), ScriptedCloner("pocket")
    async with (
        lending(tmp_path / "box", ScriptedCloner("csm"), ScriptedCloner("pocket")) as lender,
        house(tmp_path / "home", *own) as home,
    ):
        await paired(home, lender)
        assert home.cloned.order("grandma") == ("pocket@gpu", "pocket", "csm@gpu")
        assert home.cloned.order("grandpa") == ("match",)


async def test_a_plain_voice_of_a_box_does_not_shadow_ours(tmp_path: Path) -> None:
    own = ScriptedCloner("piper", voices=[ADA])
    async with (
        lending(tmp_path / "box", ScriptedCloner("piper", voices=[ADA])) as lender,
        house(tmp_path / "home", own) as home,
    ):
        await paired(home, lender)
        assert await source(home.router, said("ada")) == "piper/ada"
