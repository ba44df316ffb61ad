"""The conformance suite of the CloningBackend contract: all that learn voices pass it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import CloningBackend, SynthesisRequest
from wyoming_voiceclone.errors import BackendError, BadRecording
from wyoming_voiceclone.testing.conformance import BCP_47, OTHER, SENTENCE, speak, speak_in_turn
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, dump_speaker, parse_speaker

Make = Callable[[], Awaitable[CloningBackend]]

NOBODY = "nobody-in-particular"
"""The name of the person spoken as: no backend has such a voice of its own."""


@dataclass(frozen=True, slots=True)
class Persons:
    """Two recordings of different people."""

    ada: Reference
    bob: Reference


async def check_cloning(make: Make, persons: Persons | None = None, *, most_s: float = 120) -> None:
    """Raise AssertionError where a backend breaks the contract.

    `make` gives a fresh one; `persons` speak in it, where tones will not do.
    """
    persons = persons or Persons(_tone(220.0), _tone(330.0))
    for check in (
        _declares_itself,
        _learns_under_the_key,
        _tells_how_far_it_is,
        _speaks_as_whom_it_is_told,
        _a_state_survives_as_a_file,
        _listeners_do_not_hear_one_another,
        _learning_can_be_cancelled,
        _refuses_what_is_too_short,
        _refuses_a_strangers_state,
    ):
        backend = await make()
        try:
            async with asyncio.timeout(most_s):
                await check(backend, persons)
        finally:
            await backend.aclose()
        await _stays_closed(backend, persons)


async def _declares_itself(backend: CloningBackend, persons: Persons) -> None:
    capabilities = backend.capabilities()
    assert capabilities.clones
    assert capabilities.clone_languages, "in which languages does it clone?"
    assert all(BCP_47.fullmatch(tag) for tag in capabilities.clone_languages)
    assert backend.revision
    before = backend.revision
    await backend.enroll(persons.ada)
    assert backend.revision == before, "states made before would be of no use"


async def _learns_under_the_key(backend: CloningBackend, persons: Persons) -> None:
    for reference in (persons.ada, persons.bob):
        state = await backend.enroll(reference)
        assert state.key == state_key(reference, backend.name, backend.revision)
        assert state.tensors
        assert state.bytes > 0


async def _tells_how_far_it_is(backend: CloningBackend, persons: Persons) -> None:
    shares: list[float] = []
    await backend.enroll(persons.ada, shares.append)
    assert shares == sorted(shares), "progress goes back"
    assert all(0 <= share <= 1 for share in shares)


async def _speaks_as_whom_it_is_told(backend: CloningBackend, persons: Persons) -> None:
    ada, bob = [await backend.enroll(person) for person in (persons.ada, persons.bob)]
    first, other, again = [await _said(backend, SENTENCE, state) for state in (ada, bob, ada)]
    assert np.abs(first).max() > 1e-3, "silence"
    assert _differ(first, other), "two people sound the same"
    assert np.array_equal(first, again), "somebody else was spoken as, and left a trace"


async def _a_state_survives_as_a_file(backend: CloningBackend, persons: Persons) -> None:
    state = await backend.enroll(persons.ada)
    read = parse_speaker(dump_speaker(SpeakerFile(state))).state
    assert read.key == state.key
    before, after = [await _said(backend, SENTENCE, one) for one in (state, read)]
    assert np.array_equal(before, after), "a state read from a file speaks otherwise"


async def _listeners_do_not_hear_one_another(backend: CloningBackend, persons: Persons) -> None:
    states = [await backend.enroll(person) for person in (persons.ada, persons.bob)]
    sentences = [(text, state) for text, state in zip((SENTENCE, OTHER), states, strict=True)] * 2
    alone = [await _said(backend, *sentence) for sentence in sentences[:2]] * 2
    requests = [_request(backend, *sentence) for sentence in sentences]
    together = await asyncio.gather(*(speak_in_turn(backend, each) for each in requests))
    for expected, (_, heard) in zip(alone, together, strict=True):
        assert np.array_equal(expected, heard), "one listener hears another"


async def _learning_can_be_cancelled(backend: CloningBackend, persons: Persons) -> None:
    for delay_s in (0.0, 0.01):
        task = asyncio.ensure_future(backend.enroll(persons.ada))
        await asyncio.sleep(delay_s)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, "cancelling took longer than 10 s"
    await _learns_under_the_key(backend, persons)


async def _refuses_what_is_too_short(backend: CloningBackend, persons: Persons) -> None:
    blip = Reference(persons.ada.samples[: persons.ada.rate // 50], persons.ada.rate)
    try:
        await backend.enroll(blip)
    except BadRecording as error:
        assert str(error), "an error must say what is wrong"
    else:
        raise AssertionError("20 ms are nobody's voice")
    await _learns_under_the_key(backend, persons)


async def _refuses_a_strangers_state(backend: CloningBackend, persons: Persons) -> None:
    strange = SpeakerState("0" * 64, {"strange": np.arange(7, dtype=np.int64)})
    try:
        await _said(backend, SENTENCE, strange)
    except BackendError as error:
        assert str(error), "an error must say what is wrong"
    else:
        raise AssertionError("a state of another engine must be refused")
    await _speaks_as_whom_it_is_told(backend, persons)


async def _stays_closed(backend: CloningBackend, persons: Persons) -> None:
    try:
        await backend.enroll(persons.ada)
    except BackendError:
        return
    raise AssertionError("a closed backend must refuse to learn")


async def _said(backend: CloningBackend, text: str, state: SpeakerState) -> Chunk:
    return (await speak(backend, _request(backend, text, state)))[1]


def _request(backend: CloningBackend, text: str, state: SpeakerState) -> SynthesisRequest:
    language = backend.capabilities().clone_languages[0]
    return SynthesisRequest(text, NOBODY, language=language, speaker_state=state, seed=5)


def _differ(one: Chunk, other: Chunk) -> bool:
    size = min(len(one), len(other))
    return len(one) != len(other) or float(np.abs(one[:size] - other[:size]).max()) > 1e-3


def _tone(hz: float) -> Reference:
    time_s = np.arange(3 * 16_000) / 16_000
    harmonics = sum(np.sin(2 * np.pi * hz * n * time_s) / n for n in (1, 2, 3))
    return Reference((0.3 * np.asarray(harmonics)).astype(np.float32), 16_000, SENTENCE, "en")
