"""LocalHub: a stand-in of the Hugging Face hub on this machine, which can be told to misbehave."""

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from wyoming_voiceclone.testing.hub_content import (
    TOKEN_REFUSALS,
    add_voice,
    etag,
    is_lfs,
    linked,
    siblings,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"

LISTING = ""
"""Stands for the listing where a path is asked for."""

_RESOLVE = re.compile(r"/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_API = re.compile(r"/api/models/(?P<repository>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?")
_CACHED = "/api/resolve-cache/models/"
_STORAGE = "/storage/"


class LocalHub:
    """Serves the files below `folder` as any repository's; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits = {COMMIT: folder}
        """Other commits may have other files."""
        self.branches = {"main": COMMIT}
        self.gated = False
        """Whether files are given only with a token whose account "agreed"."""
        self.accounts: dict[str, str] = {}
        """Known tokens: "agreed", "not agreed", or "fine-grained" without the right; {}: any."""
        self.extra: list[dict[str, Any]] = []
        """Entries that the listing tells besides, or instead of, the true ones."""
        self.requests: list[str] = []
        """`LIST main`, `GET voices.json`, `GET en/x.onnx bytes=100-`, in order."""
        self.refusals: dict[str, int] = {}
        """HTTP status instead of a file, by path."""
        self.failures: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
        """Status and headers of the next answers about a path, until the list is used up."""
        self.pages: set[str] = set()
        """Paths that something on the way answers with a web page of its own."""
        self.swapped: dict[str, bytes] = {}
        """What is sent in place of a path's content."""
        self.unsized: set[str] = set()
        """Paths whose answer does not tell how long it is."""
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

    @property
    def storage_url(self) -> str:
        """Large files are kept elsewhere, where a token for the hub has no business."""
        return f"http://localhost:{self._server.server_port}{_STORAGE}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def publish(self, name: str, model: Path, config: Path, **fields: object) -> None:
        """Add a voice to the folder and to its voices.json."""
        add_voice(self.folder, name, model, config, **fields)

    def commit_of(self, revision: str) -> str | None:
        commit = self.branches.get(revision, revision)
        return commit if commit in self.commits else None


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

    @property
    def hub(self) -> LocalHub:
        return self.server.hub

    def _answer(self) -> None:
        url = unquote(urlsplit(self.path).path)
        if url.startswith(_STORAGE):
            if "Authorization" in self.headers:
                return self._refuse(400)  # as the real one's does
            commit, _, path = url.removeprefix(_STORAGE).partition("/")
            return self._send_file(commit, path)
        if self.hub.accounts and (token := self._token()) and token not in self.hub.accounts:
            return self._refuse(401, "", "Invalid credentials in Authorization header")
        if url.startswith(_CACHED):
            _, _, commit, path = url.removeprefix(_CACHED).split("/", 3)
            return self._send_file(commit, path)
        # a branch may be called refs/pr/1: its slashes stay quoted until here
        return self._resolve_or_list(urlsplit(self.path).path)

    def _token(self) -> str | None:
        value = self.headers.get("Authorization")
        return value.removeprefix("Bearer ") if value else None

    def _resolve_or_list(self, url: str) -> None:
        listing, file = _API.fullmatch(url), _RESOLVE.fullmatch(url)
        match = listing or file
        if match is None:
            return self._refuse(404, "RepoNotFound")
        revision = unquote(match["revision"] or "main")
        commit = self.hub.commit_of(revision)
        if commit is None:
            return self._refuse(404, "RevisionNotFound")
        if listing:
            self.hub.requests.append(f"LIST {revision}")
            return self._list(match["repository"], commit)
        return self._resolve(match["repository"], commit, unquote(match["path"]))

    def _list(self, repository: str, commit: str) -> None:
        told = {each["rfilename"]: each for each in siblings(self.hub.commits[commit])}
        entries = list((told | {each["rfilename"]: each for each in self.hub.extra}).values())
        if "blobs" not in parse_qs(urlsplit(self.path).query):
            entries = [{"rfilename": each["rfilename"]} for each in entries]
        gated = "auto" if self.hub.gated else False
        about = {"id": repository, "sha": commit, "gated": gated, "siblings": entries}
        content = self.hub.swapped.get(LISTING, json.dumps(about).encode())
        self._send(LISTING, content, {"Content-Type": "application/json; charset=utf-8"})

    def _resolve(self, repository: str, commit: str, path: str) -> None:
        """Where a file is: git's own with the hub, large ones elsewhere."""
        standing = self.hub.accounts.get(self._token() or "")
        if self.hub.gated and standing != "agreed":
            return self._refuse(*TOKEN_REFUSALS[standing])
        file = self._file(commit, path)
        if file is None:
            return self._refuse(404, "EntryNotFound")
        if path in self.hub.refusals:
            return self._refuse(self.hub.refusals[path])
        content = file.read_bytes()
        if is_lfs(path):
            to = f"{self.hub.storage_url}{commit}/{path}"
            return self._redirect(302, to, commit, linked(content))
        return self._redirect(307, f"{_CACHED}{repository}/{commit}/{path}", commit, {})

    def _file(self, commit: str, path: str) -> Path | None:
        root = self.hub.commits[commit].resolve()
        file = (root / path).resolve()
        return file if file.is_file() and root in file.parents else None

    def _redirect(self, status: int, to: str, commit: str, more: Mapping[str, str]) -> None:
        headers = {"Location": to, "X-Repo-Commit": commit, "Content-Length": "0", **more}
        self._head(status, headers)

    def _refuse(self, status: int, code: str = "", message: str = "") -> None:
        told = {"X-Error-Code": code, "X-Error-Message": message}
        self._head(status, {"Content-Length": "0", **{n: v for n, v in told.items() if v}})

    def _send_file(self, commit: str, path: str) -> None:
        file = self._file(commit, path)
        if file is None:
            return self._refuse(404, "EntryNotFound")
        content = self.hub.swapped.get(path, file.read_bytes())
        return self._send(path, content, {"ETag": etag(content), "X-Repo-Commit": commit})

    def _send(self, path: str, content: bytes, headers: Mapping[str, str]) -> None:
        wanted = self.headers.get("Range")
        if path != LISTING:
            self.hub.requests.append(" ".join(filter(None, [self.command, path, wanted])))
        if self.hub.failures.get(path):
            status, more = self.hub.failures[path].pop(0)
            return self._head(status, {"Content-Length": "0", **more})
        if path in self.hub.pages:
            content, wanted = b"<html>Welcome to the hotel</html>", None
            headers = {"Content-Type": "text/html"}
        part = re.fullmatch(r"bytes=(\d+)-", wanted or "") if self.hub.ranges else None
        start = int(part[1]) if part else 0
        if part and start >= len(content):
            return self._refuse(416)
        told = {"Content-Length": str(len(content) - start), **headers}
        if part:
            told["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if path in self.hub.unsized:
            del told["Content-Length"]
        self._head(206 if part else 200, told)
        if self.command == "GET":
            self._body(path, content[start:])
        return None

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, path: str, body: bytes) -> None:
        if self.hub.cuts.get(path):
            body = body[: self.hub.cuts[path].pop(0)]
        until = self.hub.stalls.get(path, len(body))
        self.wfile.write(body[:until])
        if path in self.hub.stalls:
            self.hub.closing.wait()
