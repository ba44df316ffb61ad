"""A home and its boxes, as processes of their own, on cables."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from programs import Shell, install, other_engines
from word_listeners import WORDS, Listener, listen, text_of

from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.testing.cable import Cable

RATES = 24_000, 22_050, 16_000
"""Of the boxes: so that it is heard who began."""
LOCAL_RATE = 11_025
BOX_VOICE, LOCAL_VOICE = "ada", "bea"
ENGINE = "from wyoming_voiceclone.testing.word_tones import ENGINE\n"

Settings = Mapping[str, object]


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
            listener = await listen(self.uri, text, Listener(), BOX_VOICE)
        listener.check(text)
        return listener

    @asynccontextmanager
    async def saying(self, words: Sequence[str] = WORDS[:24]) -> AsyncIterator[Listener]:
        """Meanwhile something may happen; checked at the end."""
        listener, text = Listener(), text_of(words)
        task = asyncio.create_task(listen(self.uri, text, listener, BOX_VOICE))
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
        await self.home.logged(f"(?s)(box {box.name} is here.*){{{seen + 1}}}", within_s=40)

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
