"""From a URI to listening sockets: `tcp://host:port` and `unix:///path`."""

import asyncio
import contextlib
import errno
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wyoming_voiceclone.errors import ConfigError

DEFAULT_PORT = 10200

_BACKLOG = 128
_SOCKET_MODE = 0o660
"""Whoever may open the file may speak; others on this machine may not."""
_PORT_TRIES = 8
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""A machine without IPv6; fine as long as another address is there."""

_Address = tuple[socket.AddressFamily, str]


@dataclass(frozen=True, slots=True)
class Listening:
    """One bound socket, and what to remove when it is closed."""

    socket: socket.socket
    path: Path | None = None
    inode: int = 0

    @property
    def uri(self) -> str:
        if self.path:
            return f"unix://{self.path}"
        host, port = self.socket.getsockname()[:2]
        return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"

    def remove(self) -> None:
        """Close, and remove the socket file unless somebody replaced it. Blocks."""
        self.socket.close()
        if self.path:
            with contextlib.suppress(FileNotFoundError):
                if self.path.stat().st_ino == self.inode:
                    self.path.unlink()


async def listen(uri: str) -> list[Listening]:
    """Bind every address of `uri`. Raises ConfigError."""
    parts = urlsplit(uri)
    if parts.scheme == "unix":
        return [await asyncio.to_thread(bind_unix, Path(parts.netloc + parts.path))]
    if parts.scheme != "tcp":
        raise ConfigError(f"{uri}: unknown kind of address — use tcp://host:port or unix:///path")
    try:
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError as error:
        raise ConfigError(f"{uri}: {error} — use a port from 0 to 65535") from None
    try:
        addresses = await _resolve(parts.hostname, port)
        return [Listening(bound) for bound in _bind_tcp(addresses, port)]
    except OSError as error:
        raise ConfigError(f"{uri}: {_why(error, port)}") from error


async def _resolve(host: str | None, port: int) -> list[_Address]:
    if host in {None, "", "*", "::"}:
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104  both families
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bind_tcp(addresses: list[_Address], port: int) -> list[socket.socket]:
    """All `addresses` on one port; with port 0, on one that is free for all of them."""
    for _ in range(_PORT_TRIES if port == 0 else 1):
        bound: list[socket.socket] = []
        try:
            _bind_all(addresses, port, bound)
        except OSError as error:
            for one in bound:
                one.close()
            if port or not bound or error.errno != errno.EADDRINUSE:
                raise
        else:
            return bound
    raise OSError(errno.EADDRINUSE, "no port is free for all addresses")


def _bind_all(addresses: list[_Address], port: int, bound: list[socket.socket]) -> None:
    absent: OSError | None = None
    for address in addresses:
        try:
            bound.append(_bind_one(address, bound[0].getsockname()[1] if bound else port))
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            absent = error
    if absent and not bound:
        raise absent


def _bind_one(address: _Address, port: int) -> socket.socket:
    family, host = address
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def bind_unix(path: Path, mode: int = _SOCKET_MODE) -> Listening:
    """Bind under another name, then rename: the file never has the wrong mode, nor is missing.

    Blocks. Raises ConfigError.
    """
    if not path.is_absolute():
        raise ConfigError(f"unix://{path}: not a full path — use unix:///run/voiceclone.sock")
    new = path.with_name(f"{path.name}.new")
    for name in (path, new):
        _refuse_if_taken(name)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        new.unlink(missing_ok=True)
        bound.bind(str(new))
        new.chmod(mode)
        bound.listen(_BACKLOG)
        inode = new.stat().st_ino
        new.replace(path)
    except OSError as error:
        bound.close()
        raise ConfigError(f"unix://{path}: {error} — choose another path") from error
    return Listening(bound, path, inode)


def _refuse_if_taken(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"unix://{path}: there is a file that is no socket — choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(1)
        try:
            trial.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return  # left behind by a program that was killed
        except OSError:
            pass
    raise ConfigError(
        f"unix://{path}: another server is listening there — "
        "stop it, or choose another path or [folders] data"
    )


def _why(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is in use — stop the other server, or choose another port"
        case errno.EACCES | errno.EPERM:
            return f"port {port} is not allowed for this user — choose one above 1023"
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return "this machine does not have that address — use tcp://0.0.0.0 for all it has"
    return f"{error.strerror or error} — check the host name"
