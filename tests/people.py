"""A family in voices/, and the engines that learn them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from recordings import encoded, tone

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.voices import Voice
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache

EMMA = Voice("emma", ("en-GB", "en"))
KLARA = Voice("klara", ("de-DE", "de"))
STOCK = [EMMA, KLARA]


class Clinging(ScriptedCloner):
    """Holds on to states, as workers and boxes do."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []

    async def forget(self, keys: Collection[str]) -> None:
        self.forgotten += keys


def drop(folder: Path, name: str, hz: float = 300.0, toml: str = "") -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "reference.wav").write_bytes(encoded(tone(2, hz=hz)))
    (folder / name / "voice.toml").write_text(toml)
    for path in (folder / name).iterdir():
        os.utime(path, (time.time() - 60,) * 2)


@asynccontextmanager
async def cloning(
    folder: Path, patience_s: float = 3.0, language: str = "en"
) -> AsyncIterator[Cloning]:
    library = VoiceLibrary(folder, folder.parent / "cache/index.json")
    await asyncio.to_thread(library.rescan)
    speakers = SpeakerCache(folder.parent / "cache")
    try:
        yield Cloning(library, speakers, patience_s=patience_s, language=language)
    finally:
        await speakers.aclose()


def router(cloned: Cloning, *backends: Backend) -> Router:
    stock = ScriptedBackend("stock", voices=STOCK)
    leaves = [cloned.over(backend) for backend in (*backends, stock)]
    return Router(leaves, RouterLimits(first_chunk_s=1, next_chunk_s=1), cloned)


def said(voice: str, text: str = "one two three", language: str | None = None) -> SynthesisRequest:
    return SynthesisRequest(text, voice, language=language)


async def source(backend: Router, request: SynthesisRequest) -> str:
    async with await backend.synthesize(request) as stream:
        return stream.source
