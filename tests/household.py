"""A home and its boxes, as processes of their own, on cables; listeners that hear each word."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from programs import Shell, install, other_engines
from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.pcm import from_pcm16
from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.testing.cable import Cable
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.testing.word_tones import WORD_S, heard_words, words_in

WORDS = (  # noqa: SIM905 -- to be read
    "amber apple arrow autumn badger bamboo banner basket beacon berry bishop blanket branch "
    "bronze butter button cabin camel canyon cedar cellar circle clever cobalt coffee copper "
    "coral cotton crystal diamond glacier harbour hazel honey jigsaw muffin pebble pepper pilot "
    "poppy quartz river saffron summer"
).split()
"""At least 28 Hz apart, so that each is told from every other."""
RATES = 24_000, 22_050, 16_000
"""Of the boxes: so that it is heard who began."""
LOCAL_RATE = 11_025
BOX_VOICE, LOCAL_VOICE = "ada", "bea"
ENGINE = "from wyoming_voiceclone.testing.word_tones import ENGINE\n"

Settings = Mapping[str, object]


def text_of(words: Sequence[str], a_sentence: int = 8) -> str:
    """Sentences of so many words."""
    parts = [words[at : at + a_sentence] for at in range(0, len(words), a_sentence)]
    return " ".join(f"{' '.join(part).capitalize()}." for part in parts)


class Program:
    """`serve` in a folder of its own, as often as it is started."""

    def __init__(self, folder: Path, role: str, settings: Settings) -> None:
        folder.mkdir(parents=True)
        self._shell, self._role, self._runs = Shell(folder), role, 0
        self.packages = folder / "packages"
        self.packages.mkdir()
        install(self.packages, "words", ENGINE)
        off = {f"engines__{name}__enabled": "false" for name in other_engines("words")}
        given = off | {"phrases__limit_mb": 0, "server__grace_s": 0} | dict(settings)
        self.set(given)
        path = [str(self.packages), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._shell.environment["PYTHONPATH"] = os.pathsep.join(path)
        self.process: asyncio.subprocess.Process | None = None
        self.port = 0

    @property
    def data(self) -> Path:
        return self._shell.folder / ".local/share/wyoming-voiceclone"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def log(self) -> str:
        """Of the run that is, or was last."""
        return self._log.read_text("utf-8")

    @property
    def _log(self) -> Path:
        return self._shell.folder / f"log-{self._runs}"

    def set(self, settings: Settings) -> None:
        for name, value in settings.items():
            self._shell.environment[f"WYOMING_VOICECLONE_{name.upper()}"] = str(value)

    async def start(self) -> None:
        """Return once it listens; at the port of the last time."""
        self._runs += 1
        with self._log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._shell.command("serve", "--role", self._role),
                cwd=self._shell.folder,
                env=self._shell.environment,
                stderr=log,
            )
        line = await self.logged(r"listening on \S+://127\.0\.0\.1:(\d+)", within_s=20)
        self.port = int(line[1])
        self.set({"boxes__port" if self._role == "box" else "server__port": self.port})

    async def logged(self, pattern: str, within_s: float = 10) -> re.Match[str]:
        """Where it says so, once it does."""
        deadline = time.monotonic() + within_s
        while not (found := re.search(pattern, self.log)):
            assert time.monotonic() < deadline, f"not {pattern!r} in {self.log}"
            await asyncio.sleep(0.02)
        return found

    async def kill(self) -> None:
        """-9, whatever it does."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def leave(self) -> None:
        """As it ends when somebody asks it to."""
        assert self.process
        self.process.terminate()
        async with asyncio.timeout(10):
            await self.process.wait()

    def freeze(self) -> None:
        """It computes nothing any more, and closes nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.thaw()
        await self.kill()


class BoxProgram(Program):
    """A box, and the cable to it."""

    def __init__(self, folder: Path, name: str, rate: int, settings: Settings) -> None:
        words = {"engines__words__voice": BOX_VOICE, "engines__words__rate": rate}
        pace = {"engines__words__real_time_factor": 0.3}
        super().__init__(folder, "box", {"boxes__port": 0} | words | pace | dict(settings))
        self.name, self.rate, self.cable = name, rate, Cable("127.0.0.1", 0)

    async def plug(self) -> Cable:
        """A cable to where it listens."""
        self.cable = Cable("127.0.0.1", self.port)
        return self.cable


@dataclass
class Listener:
    """One who plays what comes as it comes: what is heard, when, and how long there was nothing."""

    rate: int = 0
    starts: int = 0
    began: float = field(default_factory=time.monotonic)
    first_s: float = 0.0
    """Until the first sound."""
    silent_s: float = 0.0
    """The longest silence inside of the utterance, of one who plays at once."""
    total_s: float = 0.0
    ended: bool = False
    error: str = ""
    _pcm: bytearray = field(default_factory=bytearray)
    _dry_at: float = 0.0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds(self) -> float:
        return len(self._pcm) / 2 / self.rate if self.rate else 0.0

    def words(self, vocabulary: Sequence[str] = WORDS) -> list[str]:
        samples = from_pcm16(bytes(self._pcm))
        if not self.rate:
            return []
        return heard_words(_without_silence(samples, self.rate), self.rate, vocabulary)

    async def heard(self, words: int) -> None:
        """Return once so many words have come."""
        async with asyncio.timeout(20):
            while self.seconds < words * WORD_S and not self.ended:
                self._news.clear()
                await self._news.wait()

    def take(self, chunk: AudioChunk) -> None:
        now = time.monotonic()
        if not self._pcm:
            self.first_s, self._dry_at = now - self.began, now
        self._pcm += chunk.audio
        self._news.set()
        if any(chunk.audio):
            self.silent_s = max(self.silent_s, now - self._dry_at)
            self._dry_at = max(self._dry_at, now) + chunk.seconds

    def check(self, text: str) -> None:
        """The right words, once and in order, at one rate, and an ending."""
        assert not self.error, self.error
        assert self.words() == words_in(text)
        assert self.starts == 1
        assert self.ended, "no ending"


def _without_silence(samples: Chunk, rate: int) -> Chunk:
    """What is said: a listener who has to wait is sent silence."""
    loud = np.flatnonzero(samples)
    return np.concatenate(
        [samples[part[0] : part[-1] + 1] for part in _runs(loud, round(0.05 * rate)) if len(part)]
    )


def _runs(places: npt.NDArray[np.intp], apart: int) -> list[npt.NDArray[np.intp]]:
    return np.split(places, np.flatnonzero(np.diff(places) > apart) + 1)


async def listen(uri: str, text: str, into: Listener, voice: str = BOX_VOICE) -> Listener:
    """Have it said, and hear it to its end."""
    into.began = time.monotonic()
    async with HomeAssistant(uri).connected() as line:
        await line.send(Synthesize(text, SynthesizeVoice(name=voice)))
        while not into.ended and (event := await line.receive()):
            if AudioStart.is_type(event.type):
                into.starts, into.rate = into.starts + 1, AudioStart.from_event(event).rate
            elif AudioChunk.is_type(event.type):
                into.take(AudioChunk.from_event(event))
            elif Error.is_type(event.type):
                into.error = Error.from_event(event).text
            into.ended = event.type == "audio-stop"
    into.total_s = time.monotonic() - into.began
    into._news.set()
    return into


class Household:
    """A home and those of its boxes that are there."""

    def __init__(self, home: Program, boxes: Sequence[BoxProgram]) -> None:
        self.home, self.boxes = home, boxes

    @property
    def uri(self) -> str:
        return f"tcp://127.0.0.1:{self.home.port}"

    async def say(self, words: Sequence[str] = WORDS[:8]) -> Listener:
        """To the end, and checked."""
        text = text_of(words)
        async with asyncio.timeout(30):
            listener = await listen(self.uri, text, Listener())
        listener.check(text)
        return listener

    @asynccontextmanager
    async def saying(self, words: Sequence[str] = WORDS[:24]) -> AsyncIterator[Listener]:
        """Meanwhile something may happen; checked at the end."""
        listener, text = Listener(), text_of(words)
        task = asyncio.create_task(listen(self.uri, text, listener))
        try:
            yield listener
            async with asyncio.timeout(30):
                await task
        finally:
            task.cancel()
            await asyncio.wait([task])
        listener.check(text)

    async def used_to(self, times: int = 4) -> BoxProgram:
        """The box that speaks, once the home knows how soon it is."""
        for at in range(times):
            last = await self.say(WORDS[at : at + 8])
        return self.who(last)

    def who(self, listener: Listener) -> BoxProgram:
        """The box that began."""
        return next(box for box in self.boxes if box.rate == listener.rate)

    async def met(self, *boxes: BoxProgram) -> None:
        for box in boxes or self.boxes:
            await self.home.logged(f"box {box.name} is here")

    async def back(self, box: BoxProgram) -> None:
        """Start a box that was killed, and return once it is met again."""
        seen = self.home.log.count(f"box {box.name} is here")
        await box.start()
        await self.home.logged(f"(?s)(box {box.name} is here.*){{{seen + 1}}}", within_s=20)

    async def gone(self, box: BoxProgram) -> None:
        await self.home.logged(f"box {box.name} has gone")


async def pair(box: Program, home: Program, name: str, address: Address | None) -> None:
    """As `boxes pair` does, on both sides."""
    ring = await asyncio.to_thread(Keyring, box.data / "box")
    key = await asyncio.to_thread(ring.issue, "house")
    await asyncio.to_thread(KnownBoxes(home.data).add, KnownBox(name, key, address))


@asynccontextmanager
async def household(
    folder: Path, boxes: int = 3, *, box: Settings | None = None, home: Settings | None = None
) -> AsyncIterator[Household]:
    """All of them met. `box`, `home`: what is set otherwise there."""
    at_home, programs = await asyncio.to_thread(_made, folder, boxes, box or {}, home or {})
    async with AsyncExitStack() as stack:
        for one in programs:
            stack.push_async_exit(one)
        await asyncio.gather(*(one.start() for one in programs))
        for one in programs:
            cable = await stack.enter_async_context(await one.plug())
            await pair(one, at_home, one.name, Address("127.0.0.1", cable.port))
        house = Household(await stack.enter_async_context(at_home), programs)
        await house.met()
        yield house


def _made(
    folder: Path, boxes: int, box: Settings, home: Settings
) -> tuple[Program, Sequence[BoxProgram]]:
    local = {"engines__words__voice": LOCAL_VOICE, "engines__words__rate": LOCAL_RATE}
    local |= {"speech__default_voice": LOCAL_VOICE}
    programs = [
        BoxProgram(folder / name, name, rate, box)
        for name, rate in list(zip(("one", "two", "three"), RATES, strict=True))[:boxes]
    ]
    return Program(folder / "home", "home", local | dict(home)), programs


def report(scenario: str, *heard: Listener, expected: str) -> None:
    """A row of the table in docs/resilience.md; shown by `pytest -s`."""
    first = max(one.first_s for one in heard)
    silent = max(one.silent_s for one in heard)
    row = f"\n| {scenario} | {expected} | {first * 1e3:.0f} ms | {silent * 1e3:.0f} ms |"
    sys.stdout.write(row)
