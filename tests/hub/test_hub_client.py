"""Fetching: whatever happens on the way, a file comes whole or is told to be missing."""

import asyncio
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from huggingface_hub import constants
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.files import Checksum, RemoteFile
from wyoming_voiceclone.hub.listing import list_files
from wyoming_voiceclone.testing.hub import LocalHub

CONTENT = bytes(range(256)) * 400
MODEL = "model.safetensors"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        hub.folder.mkdir()
        (hub.folder / MODEL).write_bytes(CONTENT)
        (hub.folder / "config.json").write_bytes(b"{}\n" * 1000)
        yield hub


def fetch(local: LocalHub, part: Path, path: str = MODEL) -> list[int]:
    """What the progress was told."""
    return asyncio.run(_fetch(local, part, path))


async def _fetch(local: LocalHub, part: Path, path: str) -> list[int]:
    seen: list[int] = []
    async with Hub("owner/model", "main", local.url, retry_s=0.001) as hub:
        listing = await list_files(hub, [path])
        await hub.fetch(listing.files[0], part, revision=listing.commit, progress=seen.append)
    return seen


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "parts" / "part"


@pytest.mark.parametrize("path", [MODEL, "config.json"])
def test_a_file_comes_whole_wherever_the_hub_keeps_it(
    local: LocalHub, part: Path, path: str
) -> None:
    seen = fetch(local, part, path)
    assert part.read_bytes() == (local.folder / path).read_bytes()
    assert sum(seen) == part.stat().st_size


@given(
    cuts=st.lists(st.integers(0, len(CONTENT)), max_size=4),
    there=st.integers(0, len(CONTENT) + 10),
    spoilt=st.booleans(),
    ranges=st.booleans(),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_was_there_and_wherever_it_is_cut_it_comes_whole(
    local: LocalHub,
    part: Path,
    cuts: list[int],
    there: int,
    *,
    spoilt: bool,
    ranges: bool,
) -> None:
    local.cuts[MODEL], local.ranges = cuts, ranges
    part.parent.mkdir(exist_ok=True)
    before = (CONTENT + b"further on")[:there]
    part.write_bytes(bytes(len(before)) if spoilt else before)
    seen = fetch(local, part)
    assert part.read_bytes() == CONTENT
    assert sum(seen) == len(CONTENT)


def test_what_a_power_cut_spoilt_is_fetched_again_once(local: LocalHub, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(bytes(1000))
    fetch(local, part)
    assert local.requests == ["LIST main", f"GET {MODEL} bytes=1000-", f"GET {MODEL}"]
    assert part.read_bytes() == CONTENT


def test_another_content_is_refused_and_leaves_nothing(local: LocalHub, part: Path) -> None:
    local.swapped[MODEL] = bytes(len(CONTENT))
    with pytest.raises(DownloadError, match=f"{MODEL}: another checksum than announced"):
        fetch(local, part)
    assert not part.exists()


def test_an_answer_without_end_is_ended(local: LocalHub, part: Path) -> None:
    local.unsized.add(MODEL)
    local.swapped[MODEL] = CONTENT * 10
    with pytest.raises(DownloadError, match=f"{MODEL}: more than announced"):
        fetch(local, part)
    assert not part.exists()


@pytest.mark.parametrize("size", [0, 10, len(CONTENT) - 1, len(CONTENT) + 1])
@pytest.mark.parametrize("ranges", [True, False])
def test_another_size_is_refused_before_it_spoils_what_has_come(
    local: LocalHub, part: Path, size: int, *, ranges: bool
) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:500])
    local.swapped[MODEL], local.ranges = (CONTENT + b"!")[:size], ranges
    with pytest.raises(DownloadError, match=r"announced|shorter"):
        fetch(local, part)
    assert part.read_bytes() == CONTENT[:500]


def test_a_login_page_does_not_spoil_what_has_come(local: LocalHub, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:500])
    local.pages.add(MODEL)
    with pytest.raises(DownloadError, match=f"a web page instead of {MODEL} — a login page or"):
        fetch(local, part)
    assert part.read_bytes() == CONTENT[:500]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "1"},
        {"Retry-After": formatdate(time.time() + 3600)[:-5] + "GMT"},
        {"RateLimit": '"api";r=0;t=1'},
    ],
    ids=["seconds", "date", "rate limit"],
)
def test_a_hub_that_asks_for_a_pause_gets_it(
    local: LocalHub, part: Path, headers: dict[str, str]
) -> None:
    if "GMT" in headers.get("Retry-After", ""):
        headers = {"Retry-After": formatdate(time.time() + 2, usegmt=True)}
    local.failures[MODEL] = [(429, headers)]
    began = time.monotonic()
    fetch(local, part)
    assert 0.9 < time.monotonic() - began < 5
    assert part.read_bytes() == CONTENT


def test_a_hub_that_asks_for_an_hour_is_not_waited_for(local: LocalHub, part: Path) -> None:
    local.failures[MODEL] = [(429, {"Retry-After": "3600"})]
    with pytest.raises(DownloadError, match=r"asked too often \(429\) — try again in 60 minutes"):
        fetch(local, part)


def test_a_hub_with_lasting_trouble_is_given_up_and_what_came_is_kept(
    local: LocalHub, part: Path
) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:300])
    local.failures[MODEL] = [(502, {})] * 5
    with pytest.raises(DownloadError, match=r"trouble of its own \(502\).*what has come is kept"):
        fetch(local, part)
    assert part.read_bytes() == CONTENT[:300]
    assert len(local.requests) == 6


def test_a_firewall_before_the_storage_is_not_taken_for_a_missing_account(
    local: LocalHub, part: Path
) -> None:
    local.failures[MODEL] = [(403, {})]
    with pytest.raises(DownloadError, match=r"localhost: refused .*firewall or proxy"):
        fetch(local, part)


def test_a_file_is_not_waited_for_when_the_hub_is_forbidden(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RemoteFile(MODEL, 5, Checksum("sha256", "0" * 64))

    async def forbidden() -> None:
        async with Hub("owner/model", "main", "http://127.0.0.1:9", retry_s=60) as hub:
            await hub.fetch(file, part, revision="main", progress=lambda _: None)

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE is set — unset it"):
        asyncio.run(forbidden())
