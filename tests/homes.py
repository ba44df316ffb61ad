"""A home with a voice of its own, and boxes for it, in one process with real connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from people import STOCK, cloning

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import Backend
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.boxes.box import Box
from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.door import Door
from wyoming_voiceclone.boxes.household import Boxes
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.discovery import Announced
from wyoming_voiceclone.hosting.company import Company, Ranks
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.speech import Speech

ORDER = ("piper", "pocket", "csm")


class Lender:
    """A box that runs; its keyring outlives it."""

    def __init__(self, keyring: Keyring, *engines: Backend, gpu: bool = True) -> None:
        self.keyring = keyring
        self.engines = {one.name: Extension(one) for one in engines}
        self.server = WyomingServer(Speech(Router(list(engines))))
        self.door = Door(keyring, self.server, self.engines, gpu=gpu)

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.door.port)

    def announced(self) -> Announced:
        txt = {"id": self.keyring.certificate.box_id}
        return Announced("gpu", self.door.port, ("127.0.0.1",), txt)


@asynccontextmanager
async def lending(folder: Path, *engines: Backend, gpu: bool = True) -> AsyncIterator[Lender]:
    lender = Lender(await asyncio.to_thread(Keyring, folder), *engines, gpu=gpu)
    await lender.door.open("127.0.0.1", 0)
    try:
        yield lender
    finally:
        await lender.door.aclose()
        await lender.server.aclose()


class House:
    """A home, and what tests want to know of it."""

    def __init__(self, folder: Path, router: Router, cloned: Cloning, boxes: Boxes) -> None:
        self.folder, self.router, self.cloned, self.boxes = folder, router, cloned, boxes
        self.known = KnownBoxes(folder)

    async def pair(self, lender: Lender, name: str = "gpu", *, placed: bool = True) -> None:
        key = await asyncio.to_thread(lender.keyring.issue, "house")
        box = KnownBox(name, key, lender.address if placed else None)
        await asyncio.to_thread(self.known.add, box)

    @property
    def box(self) -> Box:
        (box,) = self.boxes.all
        return box

    @property
    def voices(self) -> set[str]:
        return {voice.name for voice in self.router.capabilities().voices}

    async def until(self, wanted: Callable[[], object], within_s: float = 8.0) -> None:
        async with asyncio.timeout(within_s):
            while not wanted():  # noqa: ASYNC110 -- what is waited for has no event of its own
                await asyncio.sleep(0.02)

    async def until_state(self, state: str, within_s: float = 8.0) -> None:
        await self.until(lambda: [box.state for box in self.boxes.all] == [state], within_s)


@asynccontextmanager
async def house(folder: Path, *own: Backend, gpu_here: bool = False) -> AsyncIterator[House]:
    """With the voices in `folder`/voices, a stock engine, and `own` engines."""
    phrases = PhraseCache(folder / "phrases", 0)
    async with cloning(folder / "voices") as cloned, phrases:
        ranks = Ranks(ORDER, ["match"], gpu_here=gpu_here)
        cloned._rank = ranks.cloning
        stock = ScriptedBackend("stock", voices=STOCK)
        leaves = [CachedBackend(cloned.over(one), phrases) for one in (*own, stock)]
        limits = RouterLimits(first_chunk_s=3, next_chunk_s=3)
        router = Router(leaves, limits, cloned, rank=ranks.plain)
        company = Company(router, cloned, phrases, ranks)
        boxes = Boxes(folder, folder / "cache", company, look_s=0.05)
        async with meanwhile(boxes.run()):
            yield House(folder, router, cloned, boxes)


async def paired(home: House, lender: Lender) -> None:
    """Return when the box has joined."""
    await home.pair(lender)
    await home.until_state("up")
    await home.until(lambda: any("@gpu" in name for name in home.cloned.engines))
