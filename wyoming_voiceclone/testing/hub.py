"""LocalHub: a stand-in of the Hugging Face hub on this machine, which can be told to misbehave."""

import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"

_RESOLVE = re.compile(r"/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_STORAGE = "/storage/"


class LocalHub:
    """Serves the files below `folder` as any repository's; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        """`GET voices.json`, `GET en/x.onnx bytes=100-`, in order."""
        self.refusals: dict[str, int] = {}
        """HTTP status instead of a file, by path."""
        self.cuts: dict[str, list[int]] = {}
        """Each answer about a path ends after so many bytes, until the list is used up."""
        self.stalls: dict[str, int] = {}
        """The answer about a path hangs after so many bytes, until the hub is closed."""
        self.ranges = True
        """Whether a part of a file can be asked for."""
        self.closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def publish(self, name: str, model: Path, config: Path, **fields: object) -> None:
        """Add a voice to the folder and to its voices.json."""
        told = json.loads(config.read_bytes())
        code = told["language"]["code"]
        folder = f"{told['language']['family']}/{code}/{name.split('-')[1]}"
        files = {f"{name}.onnx": model, f"{name}.onnx.json": config}
        contents = {n: source.read_bytes() for n, source in files.items()}
        contents["MODEL_CARD"] = f"# Model card of {name}\n".encode()
        (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for each, content in contents.items():
            (self.folder / folder / each).write_bytes(content)
        entry: dict[str, object] = {
            "key": name,
            "name": name.split("-")[1],
            "language": told["language"],
            "quality": told["audio"]["quality"],
            "num_speakers": told.get("num_speakers", 1),
            "speaker_id_map": told.get("speaker_id_map", {}),
            "files": {f"{folder}/{n}": _described(content) for n, content in contents.items()},
            "aliases": [],
        }
        self._add(name, entry | fields)

    def _add(self, name: str, entry: dict[str, object]) -> None:
        index = self.folder / "voices.json"
        voices = json.loads(index.read_bytes()) if index.exists() else {}
        index.write_text(json.dumps(voices | {name: entry}))


@contextmanager
def unreachable_hub() -> Iterator[str]:
    """The address of a hub where nobody listens."""
    with socket.socket() as taken:  # bound, so nobody else's, but not listening
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them

    def __init__(self, hub: LocalHub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
        """Tests look at `LocalHub.requests`."""

    def _answer(self) -> None:
        url = unquote(urlsplit(self.path).path)
        path = self._path(url)
        file = (self.server.hub.folder / (path or "")).resolve()
        if not path or not file.is_file() or self.server.hub.folder.resolve() not in file.parents:
            self._refuse(404)
        elif path in self.server.hub.refusals:
            self._refuse(self.server.hub.refusals[path])
        elif file.suffix == ".onnx" and not url.startswith(_STORAGE):
            self._redirect(path, file)
        else:
            self._send(path, file.read_bytes())

    def _path(self, url: str) -> str | None:
        if url.startswith(_STORAGE):
            return url.removeprefix(_STORAGE)
        match = _RESOLVE.fullmatch(url)
        return match["path"] if match else None

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redirect(self, path: str, file: Path) -> None:
        """Large files are kept elsewhere."""
        content = file.read_bytes()
        self.send_response(302)
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Location", f"{self.server.hub.url}{_STORAGE}{path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: str, content: bytes) -> None:
        wanted = self.headers.get("Range")
        self.server.hub.requests.append(" ".join(filter(None, [self.command, path, wanted])))
        part = re.fullmatch(r"bytes=(\d+)-", wanted or "") if self.server.hub.ranges else None
        start = int(part[1]) if part else 0
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')  # noqa: S324 -- as git
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self._body(path, content[start:])

    def _body(self, path: str, body: bytes) -> None:
        hub = self.server.hub
        if hub.cuts.get(path):
            body = body[: hub.cuts[path].pop(0)]
        until = hub.stalls.get(path, len(body))
        self.wfile.write(body[:until])
        if path in hub.stalls:
            hub.closing.wait()


def _described(content: bytes) -> dict[str, object]:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"size_bytes": len(content), "md5_digest": md5}
