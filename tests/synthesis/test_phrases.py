"""The phrase cache, through a backend that is wrapped by it."""

import logging
import os
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream, Capabilities, SynthesisRequest, Timing
from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.phrases import PhraseCache, phrase_key
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices import SpeakerState, Voice

HELLO = SynthesisRequest("Hello, the kitchen light is on.", "ada")
OTHER = SynthesisRequest("Tomorrow it will rain.", "ada")


class Loud:
    """A leaf whose samples pass 1, with timings: what engines give before levelling."""

    name = "loud"

    def __init__(self) -> None:
        self.spoken = 0

    def capabilities(self) -> Capabilities:
        return Capabilities((ADA,))

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        self.spoken += 1
        timings = [Timing(word, i, i + 1) for i, word in enumerate(request.text.split())]
        return await AudioStream.begin(24_000, self._tone(), timings=timings, full_scale=2.5)

    async def aclose(self) -> None:
        pass

    async def _tone(self) -> AsyncGenerator[Chunk, None]:
        for part in range(4):
            yield (2.5 * np.sin(np.arange(part * 2400, (part + 1) * 2400) / 9)).astype(np.float32)


class Grid(ScriptedBackend):
    """Scripted, on the grid of 16-bit samples, so that a replay can be exact."""

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        stream = await super().synthesize(request)

        async def rounded() -> AsyncGenerator[Chunk, None]:
            async with stream:
                async for chunk in stream:
                    yield np.rint(chunk * 32_768).astype(np.float32) / np.float32(32_768)

        return await AudioStream.begin(stream.rate, rounded())


def flacs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.flac"))


async def test_it_keeps_the_contract_of_a_backend(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path) as phrases:

        async def make() -> CachedBackend:
            await phrases.settled()
            return CachedBackend(Grid(), phrases)

        await check_backend(make)
    assert phrases.stats.hits > 0


async def test_a_sentence_heard_before_is_replayed_without_the_backend(tmp_path: Path) -> None:
    leaf = Loud()
    async with PhraseCache(tmp_path) as phrases:
        first = await speak(CachedBackend(leaf, phrases), HELLO)
        await phrases.settled()
        again = await speak(CachedBackend(leaf, phrases), HELLO)
    assert leaf.spoken == 1
    assert again[0] == first[0]
    assert np.abs(first[1]).max() > 2
    np.testing.assert_allclose(again[1], first[1], atol=1e-4)
    assert (phrases.stats.hits, phrases.stats.misses) == (1, 1)


async def test_a_new_process_replays_it_with_its_timings_and_full_scale(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path) as phrases:
        first = await speak(CachedBackend(Loud(), phrases), HELLO)
    leaf = Loud()
    async with PhraseCache(tmp_path) as phrases:
        async with await CachedBackend(leaf, phrases).synthesize(HELLO) as stream:
            again = np.concatenate([chunk async for chunk in stream])
        await speak(CachedBackend(leaf, phrases), HELLO)
    assert leaf.spoken == 0
    assert stream.full_scale == 2.5
    assert [timing.text for timing in stream.timings] == HELLO.text.split()
    assert stream.timings[1] == Timing("the", 1, 2)
    np.testing.assert_allclose(again, first[1], atol=1e-4)


@pytest.mark.parametrize("memory_bytes", [0, 16_000_000])
async def test_the_first_audio_of_a_hit_comes_within_10_ms(
    tmp_path: Path, memory_bytes: int
) -> None:
    words = SynthesisRequest(" ".join(["word"] * 100), "ada")
    leaf = ScriptedBackend(first_chunk_s=0.05)
    async with PhraseCache(tmp_path, memory_bytes=memory_bytes) as phrases:
        backend = CachedBackend(leaf, phrases)
        _, whole = await speak(backend, words)
        await phrases.settled()
        waits = []
        for _ in range(7):
            began = time.perf_counter()
            async with await backend.synthesize(words) as stream:
                await anext(stream)
                waits.append(time.perf_counter() - began)
    assert len(whole) == 220_500
    assert len(leaf.spoken) == 1
    assert min(waits) < 0.010


async def test_everything_that_changes_the_sound_changes_the_key() -> None:
    keys = {
        phrase_key("piper", "1", HELLO),
        phrase_key("espeak", "1", HELLO),
        phrase_key("piper", "2", HELLO),
        *(
            phrase_key("piper", "1", replace(HELLO, **change))
            for change in (
                {"text": "Hello."},
                {"voice": "ben"},
                {"language": "en-GB"},
                {"speed": 1.5},
                {"seed": 7},
                {"speaker_state": SpeakerState("abc", {})},
                {"settings": {"noise": 0.5}},
                {"settings": {"noise": "0.5"}},
            )
        ),
    }
    assert len(keys) == 11


def test_the_order_of_settings_does_not_change_the_key() -> None:
    one, two = {"a": 1, "b": True}, {"b": True, "a": 1}
    key = phrase_key("piper", "", replace(HELLO, settings=one))
    assert key == phrase_key("piper", "", replace(HELLO, settings=two))


async def test_a_new_revision_of_a_voice_is_computed_anew(tmp_path: Path) -> None:
    leaves = [ScriptedBackend(voices=[Voice("ada", ("en",), revision=r)]) for r in ("1", "2")]
    async with PhraseCache(tmp_path) as phrases:
        for leaf in leaves:
            await speak(CachedBackend(leaf, phrases), HELLO)
            await phrases.settled()
    assert [len(leaf.spoken) for leaf in leaves] == [1, 1]
    assert phrases.stats.entries == 2


async def test_a_sentence_that_was_not_heard_whole_is_not_kept(tmp_path: Path) -> None:
    leaf = ScriptedBackend(die="light", refuse="rain")
    async with PhraseCache(tmp_path) as phrases:
        backend = CachedBackend(leaf, phrases)
        with pytest.raises(BackendError):
            await speak(backend, HELLO)
        with pytest.raises(BackendUnavailable):
            await speak(backend, OTHER)
        async with await backend.synthesize(replace(HELLO, text="cut off by the listener")) as cut:
            await anext(cut)
        await phrases.settled()
    assert leaf.speaking == 0
    assert flacs(tmp_path) == []


async def test_closing_an_unheard_stream_stops_the_backend(tmp_path: Path) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path) as phrases:
        stream = await CachedBackend(leaf, phrases).synthesize(HELLO)
        assert leaf.speaking == 1
        await stream.aclose()
        assert leaf.speaking == 0


async def test_a_very_long_sentence_is_spoken_but_not_kept(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path, longest_s=0.5) as phrases:
        _, samples = await speak(CachedBackend(ScriptedBackend(), phrases), HELLO)
        await phrases.settled()
    assert len(samples) == 6 * 2205
    assert flacs(tmp_path) == []


@pytest.mark.parametrize("keep", [0, 10, 1000, -1])
async def test_a_corrupt_file_is_a_miss_and_is_replaced(tmp_path: Path, keep: int) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path) as phrases:
        await speak(CachedBackend(leaf, phrases), HELLO)
    (file,) = flacs(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:keep])
    async with PhraseCache(tmp_path) as phrases:
        await speak(CachedBackend(leaf, phrases), HELLO)
    assert len(leaf.spoken) == 2
    assert file.read_bytes() == whole


async def test_a_corrupt_file_is_removed_even_when_nothing_replaces_it(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path) as phrases:
        await speak(CachedBackend(ScriptedBackend(), phrases), HELLO)
    (file,) = flacs(tmp_path)
    file.write_bytes(b"fLaC, or so it says")
    async with PhraseCache(tmp_path) as phrases:
        with pytest.raises(BackendUnavailable):
            await speak(CachedBackend(ScriptedBackend(refuse="Hello"), phrases), HELLO)
    assert not file.exists()


async def test_a_disk_that_cannot_be_written_costs_one_warning_and_no_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "phrases"
    folder.write_text("a file where the folder should be")
    now = 1000.0
    leaf = ScriptedBackend()
    async with PhraseCache(folder, pause_s=60, clock=lambda: now) as phrases:
        backend = CachedBackend(leaf, phrases)
        for text in ("one", "two", "three"):
            await speak(backend, replace(HELLO, text=text))
            await phrases.settled()
            now += 100
        assert len(leaf.spoken) == 3
        await speak(backend, replace(HELLO, text="one"))  # still remembered
        assert len(leaf.spoken) == 3
        warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warnings) == 1
        assert str(folder) in warnings[0].getMessage()
        folder.unlink()
        await speak(backend, replace(HELLO, text="four"))
        await phrases.settled()
    assert len(flacs(folder)) == 1


async def test_a_failing_disk_is_left_alone_for_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "phrases"
    folder.write_text("")
    async with PhraseCache(folder, clock=lambda: 1000.0) as phrases:
        backend = CachedBackend(ScriptedBackend(), phrases)
        await speak(backend, HELLO)
        await phrases.settled()
        folder.unlink()
        await speak(backend, OTHER)
        await phrases.settled()
    assert flacs(folder) == []


async def test_the_longest_unheard_phrases_make_room(tmp_path: Path) -> None:
    texts = [f"sentence number {n}" for n in range(12)]
    async with PhraseCache(tmp_path) as phrases:
        backend = CachedBackend(ScriptedBackend(), phrases)
        for text in texts:
            await speak(backend, replace(HELLO, text=text))
            await phrases.settled()
    files = {path.stem: path for path in flacs(tmp_path)}
    keys = [phrase_key("scripted", "", replace(HELLO, text=text)) for text in texts]
    for age, key in enumerate(reversed(keys)):
        os.utime(files[key], (1e9 - age, 1e9 - age))
    limit = sum(path.stat().st_size for path in files.values()) // 2
    async with PhraseCache(tmp_path, 10 * limit) as phrases:  # hear the oldest again
        await speak(CachedBackend(ScriptedBackend(), phrases), replace(HELLO, text=texts[0]))
    async with PhraseCache(tmp_path, limit) as phrases:
        await speak(CachedBackend(ScriptedBackend(), phrases), replace(HELLO, text="new"))
        await phrases.settled()
        assert phrases.stats.bytes <= limit
        assert phrases.stats.entries == len(flacs(tmp_path))
    left = {path.stem for path in flacs(tmp_path)}
    assert keys[0] in left
    assert keys[-1] in left
    assert not left & set(keys[1:4])


async def test_a_phrase_heard_from_memory_is_not_the_oldest_on_disk(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path) as phrases:
        backend = CachedBackend(ScriptedBackend(), phrases)
        await speak(backend, HELLO)
        await phrases.settled()
        (file,) = flacs(tmp_path)
        os.utime(file, (1, 1))
        await speak(backend, HELLO)
    assert file.stat().st_mtime > 2


async def test_with_a_limit_of_0_nothing_is_kept_at_all(tmp_path: Path) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path / "phrases", 0) as phrases:
        for _ in range(2):
            await speak(CachedBackend(leaf, phrases), HELLO)
    assert len(leaf.spoken) == 2
    assert not (tmp_path / "phrases").exists()


async def test_the_memory_holds_no_more_than_its_limit(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path, memory_bytes=60_000) as phrases:
        backend = CachedBackend(ScriptedBackend(), phrases)
        for number in range(10):
            await speak(backend, replace(HELLO, text=f"this is number {number}"))
            await phrases.settled()
        kept = [phrase.recording.samples.nbytes for phrase in phrases._memory.values()]
    assert 0 < sum(kept) <= 60_000


async def test_two_processes_share_one_folder(tmp_path: Path) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path) as one, PhraseCache(tmp_path) as two:
        await speak(CachedBackend(leaf, one), HELLO)
        await one.settled()
        await speak(CachedBackend(leaf, two), HELLO)
        await one.clear()
        await speak(CachedBackend(leaf, two), OTHER)
        await two.settled()
        await speak(CachedBackend(leaf, one), OTHER)
    assert len(leaf.spoken) == 2


async def test_what_is_on_disk_is_counted_once_settled(tmp_path: Path) -> None:
    async with PhraseCache(tmp_path) as phrases:
        await speak(CachedBackend(ScriptedBackend(), phrases), HELLO)
    async with PhraseCache(tmp_path) as phrases:
        await phrases.settled()
        (file,) = flacs(tmp_path)
        assert (phrases.stats.entries, phrases.stats.bytes) == (1, file.stat().st_size)


async def test_clearing_forgets_every_phrase(tmp_path: Path) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path) as phrases:
        backend = CachedBackend(leaf, phrases)
        await speak(backend, HELLO)
        await phrases.clear()
        assert flacs(tmp_path) == []
        assert phrases.stats.entries == phrases.stats.bytes == 0
        await speak(backend, HELLO)
    assert len(leaf.spoken) == 2


async def test_a_list_spoken_beforehand_is_kept_to_the_last_sentence(tmp_path: Path) -> None:
    leaf = ScriptedBackend()
    async with PhraseCache(tmp_path, memory_bytes=0) as phrases:
        backend = CachedBackend(leaf, phrases)
        for _ in range(2):
            for number in range(30):
                await speak(backend, replace(HELLO, text=f"sentence {number}"))
                await phrases.settled()
        assert phrases.stats.entries == 30
    assert len(leaf.spoken) == 30


async def test_what_a_killed_process_left_half_written_is_removed_after_a_while(
    tmp_path: Path,
) -> None:
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / "old.1.tmp", tmp_path / "ab" / "new.2.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    async with PhraseCache(tmp_path) as phrases:
        await speak(CachedBackend(ScriptedBackend(), phrases), HELLO)
    assert (old.exists(), new.exists()) == (False, True)
