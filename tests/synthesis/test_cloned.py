"""Engines that clone speak as the library's voices: who, in which language, with which state."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from people import Clinging, cloning, drop, router, said, source
from recordings import pitch, tone

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.errors import (
    BackendUnavailable,
    CannotClone,
    NoBackend,
    UnknownVoice,
)
from wyoming_voiceclone.synthesis import learning
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.casting import Casting
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.voices.custom import CustomVoices
from wyoming_voiceclone.voices.roles import Roles


async def test_an_engine_speaks_as_everybody_in_the_library(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        for name, hz in (("grandma", 300), ("grandpa", 150), ("grandma", 300)):
            rate, samples = await speak(speaking, said(name))
            assert pitch(samples, rate) == pytest.approx(hz, abs=4)
    assert len(engine.learnt) == 2, "each is learnt once"


async def test_a_cloned_voice_is_a_voice_of_a_backend_like_any_other(folder: Path) -> None:
    async with cloning(folder) as cloned:

        async def make() -> Backend:
            return cloned.over(ScriptedCloner())

        await check_backend(make, "grandma")


async def test_a_person_is_offered_in_each_language_that_somebody_clones_in(folder: Path) -> None:
    async with cloning(folder) as cloned:
        speaking = router(
            cloned,
            ScriptedCloner("one", languages=["en", "de"]),
            ScriptedCloner("two", languages=["de", "pl"]),
        )
        offered = {v.name: v.languages for v in speaking.capabilities().voices if v.cloned}
        assert offered == {
            "grandma": ("en",),
            "grandma|de": ("de",),
            "grandma|pl": ("pl",),
            "grandpa": ("de-DE",),
        }
        assert await source(speaking, said("grandma")) == "one/grandma"
        assert await source(speaking, said("grandma|de")) == "one/grandma|de"
        assert await source(speaking, said("grandma|pl")) == "two/grandma|pl"
        assert await source(speaking, said("grandma", language="pl-PL")) == "two/grandma"


async def test_a_person_is_learnt_as_one_of_the_language_of_the_house_or_of_their_own(
    folder: Path,
) -> None:
    drop(folder, "ada", 220, 'languages = ["fr"]')
    engine = ScriptedCloner(languages=["en", "fr", "de"])
    async with cloning(folder, language="de-DE") as cloned:
        speaking = router(cloned, engine)
        for name in "grandma", "ada":
            await speak(speaking, said(name))
    assert [reference.language for reference in engine.learnt] == ["de", "fr"]


async def test_a_person_is_at_home_in_the_language_of_the_house(folder: Path) -> None:
    async with cloning(folder, language="de-DE") as cloned:
        speaking = router(cloned, ScriptedCloner(languages=["en", "fr", "de"]))
        offered = {v.name: v.languages for v in speaking.capabilities().voices if v.cloned}
    assert offered["grandma"] == ("de",)
    assert offered.keys() == {"grandma", "grandma|en", "grandma|fr", "grandpa"}


async def test_a_person_at_home_speaks_as_people_there_do(folder: Path) -> None:
    async with cloning(folder, language="en-US") as cloned:
        speaking = router(cloned, ScriptedCloner(languages=["en-GB", "de", "en-US"]))
        offered = {v.name: v.languages for v in speaking.capabilities().voices if v.cloned}
    assert offered["grandma"] == ("en-US",)
    assert offered.keys() == {"grandma", "grandma|de", "grandpa"}


async def test_a_persons_own_speed_and_settings_reach_the_engine(folder: Path) -> None:
    drop(
        folder,
        "ada",
        toml="speed = 2.0\n[settings.cloner]\nwarmth = 3\npace = 1\n[settings.other]\nx = 1",
    )
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        asked = SynthesisRequest("one", "ada", speed=1.5, settings={"pace": 7})
        await speak(router(cloned, engine), asked)
    (request,) = engine.spoken
    assert (request.speed, request.language) == (3.0, "en")
    assert request.settings == {"warmth": 3, "pace": 7}


async def test_a_voice_chooses_its_engines_in_order(folder: Path) -> None:
    drop(folder, "ada", toml='engines = ["two", "one"]')
    drop(folder, "bob", toml='engines = ["two"]')
    async with cloning(folder) as cloned:
        one, two = ScriptedCloner("one", refuse="x"), ScriptedCloner("two", refuse="xx")
        speaking = router(cloned, one, two)
        assert await source(speaking, said("ada")) == "two/ada"
        assert await source(speaking, said("ada", "xx")) == "stock/emma"
        assert await source(speaking, said("grandma")) == "one/grandma"
        assert await source(speaking, said("grandma", "x")) == "two/grandma"
        assert await source(speaking, said("bob", "xx")) == "stock/emma"
    assert not any(request.voice == "bob" for request in one.spoken)


async def test_nobody_becomes_somebody_elses_clone_unasked(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with cloning(folder) as cloned:
        engine = ScriptedCloner(refuse="no")
        speaking = router(cloned, engine)
        assert await source(speaking, said("grandpa", "no")) == "stock/klara"
    assert "grandpa cannot speak now: klara speaks instead" in caplog.messages
    async with cloning(folder) as cloned:
        alone = Router([cloned.over(ScriptedCloner(refuse="no"))], wishes=cloned)
        with pytest.raises(NoBackend, match="grandpa"):
            await alone.synthesize(said("grandpa", "no"))


@pytest.mark.parametrize(
    ("fallback", "language", "speaks"),
    [
        ("KLARA", "de", "stock/klara"),
        ("klara", "en", "stock/emma"),  # it does not speak English
        ("grandma", "en", "two/grandma"),
        ("nobody", "de", "stock/klara"),
    ],
)
async def test_a_voice_names_who_speaks_when_it_cannot(
    folder: Path, fallback: str, language: str, speaks: str
) -> None:
    drop(folder, "ada", toml=f'engines = ["one"]\nfallback = "{fallback}"')
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner("one", refuse=""), ScriptedCloner("two"))
        assert await source(speaking, said("ada", language=language)) == speaks


async def test_a_voice_that_changed_is_another_voice(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        before = {v.name: v.revision for v in speaking.capabilities().voices}
        await speak(speaking, said("grandma"))
        drop(folder, "grandma", hz=500)
        drop(folder, "grandpa", 150, "speed = 1.5")
        await learning.look(cloned)
        after = {v.name: v.revision for v in speaking.capabilities().voices}
        assert before["grandma"] != after["grandma"]
        assert before["grandpa"] != after["grandpa"], "cached phrases are of no use"
        rate, samples = await speak(speaking, said("grandma"))
        assert pitch(samples, rate) == pytest.approx(500, abs=4)
    assert len(list((folder.parent / "cache").glob("*.safetensors"))) == 1, "the old is purged"


async def test_a_sentence_spoken_before_needs_no_learning(folder: Path) -> None:
    async def once(engine: ScriptedCloner) -> Sequence[SynthesisRequest]:
        async with cloning(folder) as cloned, PhraseCache(folder.parent / "phrases") as phrases:
            speaking = Router([CachedBackend(cloned.over(engine), phrases)], wishes=cloned)
            await speak(speaking, said("grandma"))
            await phrases.settled()
            await cloned.speakers.clear()
        return engine.spoken

    assert len(await once(ScriptedCloner())) == 1
    assert len(await once(ScriptedCloner(enroll_s=60))) == 0
    assert len(await once(ScriptedCloner(revision="2"))) == 1


async def test_a_client_may_name_a_role_or_an_alias(folder: Path) -> None:
    async with cloning(folder) as cloned:
        casting = Casting(
            router(cloned, ScriptedCloner()),
            "alarm",
            "en",
            Roles({"alarm": "grandpa", "news": "oma|de", "book": "klara"}, cloned.library),
        )
        names = {name: casting.choose(name).name for name in ("Alarm", "news", "book", "OMA")}
        assert names == {
            "Alarm": "grandpa",
            "news": "grandma|de",
            "book": "klara",
            "OMA": "grandma",
        }
        assert [voice.name for voice in casting.voices()] == [
            "grandpa",
            "grandma",
            "grandma|de",
            "emma",
            "klara",
        ]


async def test_a_default_person_speaks_other_languages_too_and_nobody_else_unasked(
    folder: Path,
) -> None:
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        assert Casting(speaking, "grandma", "en").choose(None, "de").name == "grandma|de"
        assert Casting(speaking, None, "en").choose(None, "de").name == "klara"
        assert Casting(speaking, None, "en").choose(None).name == "emma"


async def test_a_person_of_two_languages_speaks_that_of_the_text(folder: Path) -> None:
    pytest.importorskip("py3langid")
    drop(folder, "ada", toml='languages = ["en", "de"]')
    engine = ScriptedCloner(languages=["en", "de", "fr"])

    async def said_in(voice: str, language: str | None = None) -> list[str | None]:
        async def text() -> AsyncIterator[str]:
            yield "Dinner is ready. OK. Kommt bitte zum Essen in die Küche. OK."

        engine.spoken.clear()
        async with cloning(folder) as cloned:
            speech = Speech(router(cloned, engine), spoken=cloned.spoken)
            async with await speech.speak(UtteranceRequest(voice, language), text()) as stream:
                assert [chunk async for chunk in stream]
        return [request.language for request in engine.spoken]

    assert await said_in("ada") == ["en", "en", "de", "de"]
    assert await said_in("ada|de") == ["de"] * 4
    assert await said_in("ada", "en") == ["en"] * 4
    assert await said_in("grandma") == ["en"] * 4, "nobody said that she changes hers"


async def test_a_custom_voice_speaks_and_is_never_written_down(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned, PhraseCache(folder.parent / "phrases") as phrases:
        backend = CachedBackend(cloned.over(engine), phrases)
        name = await cloned.customs.add(Reference(tone(2, hz=440), 16_000))
        for _ in range(2):
            rate, samples = await speak(backend, said(name))
            assert pitch(samples, rate) == pytest.approx(440, abs=4)
        await phrases.settled()
        stats = await cloned.speakers.stats()
        assert (stats.entries, stats.remembered) == (0, 0), "it lives and ends with the voice"
        assert phrases.stats.entries == 0
        await cloned.customs.remove(name)
        with pytest.raises(UnknownVoice):
            await backend.synthesize(said(name))
    assert len(engine.learnt) == 1


async def test_what_one_server_learnt_speaks_on_another(folder: Path) -> None:
    async with cloning(folder) as cloned:
        cloned.over(ScriptedCloner())
        name = await cloned.customs.add(Reference(tone(2, 16_000, hz=300), 16_000))
        file = await cloned.customs.export(name)
        with pytest.raises(UnknownVoice):
            await cloned.customs.export("custom:nobody")
        with pytest.raises(CannotClone):
            await cloned.customs.export(name, "nobody")
    engine = ScriptedCloner()
    async with cloning(folder.parent / "none") as cloned:
        with pytest.raises(BackendUnavailable, match="no engine called 'cloner' clones here"):
            cloned.customs.add_state(file)
        backend = cloned.over(engine)
        name = cloned.customs.add_state(file)
        rate, samples = await speak(backend, said(name))
        assert pitch(samples, rate) == pytest.approx(300, abs=4)
        with pytest.raises(BackendUnavailable, match="send a recording"):
            await cloned.over(ScriptedCloner("other")).synthesize(said(name))
    assert not engine.learnt


async def test_engines_let_go_of_a_custom_voice_that_made_way_for_another(folder: Path) -> None:
    engine = Clinging()
    async with cloning(folder) as cloned:
        cloned.over(engine)
        cloned.customs.voices = CustomVoices(limit_bytes=200_000)
        first = await cloned.customs.add(Reference(tone(2, 16_000, hz=440), 16_000))
        key = (await cloned.customs.export(first)).state.key
        await cloned.customs.sweep()
        assert engine.forgotten == []
        await cloned.customs.add(Reference(tone(2, 16_000, hz=220), 16_000))
        await cloned.customs.sweep()
        assert engine.forgotten == [key]
