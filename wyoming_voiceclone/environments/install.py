"""Installing an engine's libraries: an environment made by uv, whole or not at all."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends.declaration import Environment
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.environments.gpus import gpus_here, torch_in
from wyoming_voiceclone.environments.installed import (
    ENVIRONMENT,
    RECEIPT,
    Receipt,
    fault,
    home_of,
    packages_in,
    python_of,
    read_receipt,
    site_packages,
    uv_cache,
    write_receipt,
)
from wyoming_voiceclone.environments.linking import link_packages
from wyoming_voiceclone.environments.lock import locked
from wyoming_voiceclone.environments.needs import digest, own_requirements
from wyoming_voiceclone.environments.room import disk_errors, occupied
from wyoming_voiceclone.environments.torch_builds import INDEX, Gpu, choose, remark
from wyoming_voiceclone.environments.uv import Uv, UvError, index_flags
from wyoming_voiceclone.environments.uv_errors import unreachable
from wyoming_voiceclone.errors import InstallError

_CUDA_LIBRARIES = re.compile(r"^ \+ nvidia-(?!ml-py=)", re.MULTILINE)
"""In uv's plan. Our own binding to see GPUs is no such thing: every environment has it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants it, and how they are talked to."""

    say: Callable[[str], None]
    """Told what is done."""
    warn: Callable[[str], None]
    """Told what they should know."""
    agrees: Callable[[str], bool]
    """Asked before something that they may not want; called in a thread."""
    torch: str = "auto"
    """auto, cpu, cuda, or one of uv's names of builds."""
    anew: bool = False
    """Whether to make it anew even when it is whole."""


async def install_environment(engine: Engine, folders: Folders, wishes: Wishes) -> bool:
    """Make its environment; False if it was there. Raises InstallError.

    An interrupted one is made anew: what was downloaded is kept by uv.
    """
    if (environment := engine.environment) is None:
        return False
    home = home_of(engine, folders)
    async with AsyncExitStack() as stack:
        held = await asyncio.to_thread(stack.enter_context, locked(home))
        gpus = await gpus_here()
        choice = choose(wishes.torch, engine.declared.device, gpus)
        if not wishes.anew and await asyncio.to_thread(
            _is_there, engine, folders, wishes, choice.build
        ):
            return False
        uv = Uv(engine.name, uv_cache(folders), wishes.say, (held,))
        filling = _Filling(engine.name, environment, home, uv, wishes)
        if choice.note:
            wishes.warn(choice.note)
        if wishes.anew:
            await filling.forget_downloads()
        await filling.begin()
        build = await filling.fill(own_requirements(engine), choice.build)
        await filling.look_at_torch(gpus)
        await asyncio.to_thread(_finish, engine, home, build)
    return True


def _is_there(engine: Engine, folders: Folders, wishes: Wishes, build: str) -> bool:
    if fault(engine, folders) is not None:
        return False
    receipt = read_receipt(home_of(engine, folders))
    return wishes.torch == "auto" or (receipt is not None and receipt.has_build(build))


@dataclass(frozen=True, slots=True)
class _Filling:
    """An environment on its way."""

    name: str
    environment: Environment
    home: Path
    uv: Uv
    wishes: Wishes

    async def forget_downloads(self) -> None:
        """What is damaged here is so in uv's cache, too: they share their files."""
        receipt = await asyncio.to_thread(read_receipt, self.home)
        if receipt:
            await self.uv.run("cache", "clean", *receipt.packages, folder=self.home, shown=False)

    async def begin(self) -> None:
        """An empty one; from here on the old one does not count."""
        with disk_errors(self.home):
            await asyncio.to_thread((self.home / RECEIPT).unlink, missing_ok=True)
        await self.uv.run(
            *("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable),
            ENVIRONMENT,
            folder=self.home,
        )

    async def fill(self, own: Sequence[str], build: str) -> str:
        """Install everything; the build of torch that it came to be."""
        wanted = [*own, *self.environment.requirements]
        build = await self._possible(wanted, build)
        self.wishes.say(f"{self.name}: installing its libraries")
        await self._pip(*_backend(build), *wanted)
        if self.environment.bare:
            await self._pip("--no-deps", *self.environment.bare)
        return build

    async def look_at_torch(self, gpus: Sequence[Gpu]) -> None:
        """Warn where its build and the machine do not go together."""
        version = await asyncio.to_thread(_torch_version, self.home)
        if version is None or version.endswith("+cpu"):
            return
        self.wishes.say(f"{self.name}: asking torch {version} what it makes of this machine")
        inside = await torch_in(python_of(self.home))
        said = remark(inside, gpus) if inside else f"torch {version} cannot be imported here"
        if said:
            self.wishes.warn(said)

    async def _possible(self, wanted: Sequence[str], build: str) -> str:
        """The build, or the index's where PyTorch's own index is out of reach."""
        self.wishes.say(f"{self.name}: looking for its libraries")
        try:
            planned = await self._pip("--dry-run", *_backend(build), *wanted, shown=False)
        except UvError as error:
            host = unreachable(error.output)
            if build == INDEX or host is None or "pytorch" not in host:
                raise
            self.wishes.warn(f"{host} cannot be reached: torch comes from the package index")
            planned = await self._pip("--dry-run", *wanted, shown=False)
            await self._agreed(planned, build)
            return INDEX
        await self._agreed(planned, build)
        return build

    async def _agreed(self, planned: str, build: str) -> None:
        if build != "cpu" or not _CUDA_LIBRARIES.search(planned):
            return
        big = "with CUDA's libraries, gigabytes that are of no use on this machine"
        if not await asyncio.to_thread(self.wishes.agrees, f"It comes {big}. Install it?"):
            raise InstallError(f"{self.name}: it would come {big} — nothing was installed")

    async def _pip(self, *arguments: str, shown: bool = True) -> str:
        python = str(python_of(self.home))
        command = ("pip", "install", "--python", python, *index_flags(os.environ), *arguments)
        return await self.uv.run(*command, folder=self.home, shown=shown)


def _backend(build: str) -> Sequence[str]:
    return () if build == INDEX else ("--torch-backend", build)


def _torch_version(home: Path) -> str | None:
    site = site_packages(home)
    return packages_in(site).get("torch") if site else None


def _finish(engine: Engine, home: Path, build: str) -> None:
    """From here on it counts."""
    site = site_packages(home)
    if site is None or engine.environment is None:
        raise InstallError(f"{engine.name}: {home} was taken away meanwhile — install it again")
    with disk_errors(home):
        link_packages(engine, site)
        receipt = Receipt(
            requirements=digest(engine.environment),
            torch=build,
            python=site.parent.name.removeprefix("python"),
            packages=packages_in(site),
            bytes=occupied(home),
        )
        write_receipt(home, receipt)
