"""Advertising: the server tells the LAN by mDNS where it is, for as long as it is there."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from zeroconf import Error, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from wyoming_voiceclone.discovery.addresses import Interface, announced, local_interfaces
from wyoming_voiceclone.errors import ConfigError

_LOG = logging.getLogger(__name__)

WYOMING = "_wyoming._tcp.local."
"""What Home Assistant looks for."""

_LONGEST_NAME = 60
"""Bytes: a label has 63 (RFC 1035 2.3.4), and a renamed one grows by `-2`."""
_GOODBYE_S = 2.0
_SLOWEST = 5
"""Doublings of the interval while mDNS fails: zeroconf logs an error of its own each time."""


class Advertiser:
    """Announces one service; follows the machine's addresses; says goodbye when closed.

    Whatever goes wrong with the network is one warning, and is tried again.
    """

    def __init__(  # noqa: PLR0913 -- what is announced, and how
        self,
        name: str,
        hosts: Sequence[str],
        port: int,
        *,
        host_id: str,
        service_type: str = WYOMING,
        properties: Mapping[str, str] | None = None,
        interval_s: float = 20.0,
        interfaces: Callable[[], Sequence[Interface]] = local_interfaces,
        through: Sequence[str] | None = None,
    ) -> None:
        """`hosts`: the addresses the server is bound to; `host_id`: unique on the LAN.

        `interfaces` is asked in a thread every `interval_s`; mDNS goes `through` these addresses
        (None: the announced ones). Raises ConfigError for a name that cannot be announced.
        """
        if not name.strip() or len(name.encode()) > _LONGEST_NAME:
            raise ConfigError(f"discovery name {name!r}: needs 1 to {_LONGEST_NAME} bytes")
        self._asked_name, self._hosts, self._port = name, tuple(hosts), port
        self._host = f"voiceclone-{host_id}.local."
        self._type, self._properties = service_type, dict(properties or {})
        self._told: dict[str, str] = {}
        self._news = asyncio.Event()
        self._interval_s, self._interfaces, self._through = interval_s, interfaces, through
        self._addresses: tuple[str, ...] | None = None
        self._zeroconf: AsyncZeroconf | None = None
        self._info: ServiceInfo | None = None
        self._task: asyncio.Task[None] | None = None
        self._warned = False
        self._failures = 0

    @property
    def name(self) -> str | None:
        """The instance name that is announced, another one after a conflict; None while silent."""
        return None if self._info is None else self._info.name.removesuffix(f".{self._type}")

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is announced now."""
        return (self._addresses or ()) if self._info else ()

    def tell(self, properties: Mapping[str, str]) -> None:
        """Announce these from now on. Each change is a packet to everybody: not often."""
        self._properties = dict(properties)
        self._news.set()

    async def start(self) -> None:
        """Begin; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="advertise")

    async def aclose(self) -> None:
        """Say goodbye; takes a third of a second. Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _follow(self) -> None:
        try:
            while True:
                self._news.clear()
                await self._keep_up()
                with suppress(TimeoutError):
                    async with asyncio.timeout(
                        self._interval_s * 2 ** min(self._failures, _SLOWEST)
                    ):
                        await self._news.wait()
        finally:
            await self._withdraw()

    async def _keep_up(self) -> None:
        """Announce what is true now, if it is not what was announced."""
        try:
            addresses = announced(self._hosts, await asyncio.to_thread(self._interfaces))
            if addresses == self._addresses and self._properties == self._told:
                return
            if not addresses:
                await self._withdraw()
                self._warn("this machine has no network address that others can reach")
                return
            await (self._begin(addresses) if self._info is None else self._change(addresses))
        except (OSError, RuntimeError, ValueError, Error) as error:
            await self._withdraw()
            self._warn(str(error) or type(error).__name__)
            self._failures += 1
        else:
            level = logging.DEBUG if addresses == self._addresses else logging.INFO
            self._addresses = addresses
            self._failures, self._warned = 0, False
            where = ", ".join(addresses)
            _LOG.log(level, "announced as %s at %s port %d", self.name, where, self._port)

    async def _begin(self, addresses: Sequence[str]) -> None:
        through = list(self._through or addresses)
        self._zeroconf = AsyncZeroconf(interfaces=through, ip_version=_family(through))
        info = self._service(f"{self._asked_name}.{self._type}", addresses)
        announcing = await self._zeroconf.async_register_service(info, allow_name_change=True)
        self._info = info
        self._tell_new_name()
        await announcing

    def _service(self, name: str, addresses: Sequence[str]) -> ServiceInfo:
        self._told = dict(self._properties)
        return ServiceInfo(
            self._type,
            name,
            port=self._port,
            properties=self._told,
            server=self._host,
            parsed_addresses=list(addresses),
        )

    def _tell_new_name(self) -> None:
        if self.name != self._asked_name:
            _LOG.warning(
                "another server is announced as %s, so this one is %s - give each its own name",
                self._asked_name,
                self.name,
            )

    async def _change(self, addresses: Sequence[str]) -> None:
        assert self._zeroconf is not None  # noqa: S101 -- there is an info, so there is one
        assert self._info is not None  # noqa: S101
        if self._through is None and addresses != self._addresses:
            through = list(addresses)
            await self._zeroconf.async_update_interfaces(through, _family(through))
        self._info = self._service(self._info.name, addresses)
        await (await self._zeroconf.async_update_service(self._info))

    async def _withdraw(self) -> None:
        """Say goodbye, if anything was said."""
        self._info = self._addresses = None
        if self._zeroconf is None:
            return
        with suppress(OSError, RuntimeError, Error, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._zeroconf.async_close()
        self._zeroconf = None  # only now: a cancelled goodbye is said again

    def _warn(self, why: str) -> None:
        if not self._warned:
            _LOG.warning(
                "mDNS: cannot announce %s (%s), so Home Assistant will not find this server by"
                " itself - check the network (a container needs host networking), or add the"
                " Wyoming integration by hand with this machine's address and port %d",
                self._asked_name,
                why,
                self._port,
            )
        self._warned = True


def _family(addresses: Sequence[str]) -> IPVersion:
    versions = {":" in address for address in addresses}
    if len(versions) == 2:
        return IPVersion.All
    return IPVersion.V6Only if True in versions else IPVersion.V4Only
