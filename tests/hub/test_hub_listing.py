"""Listings: what a repository holds at a commit, and never more than may be believed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.files import Checksum, RemoteFile
from wyoming_voiceclone.hub.listing import _stays_inside, list_files
from wyoming_voiceclone.hub.refusals import NotOnHub
from wyoming_voiceclone.testing.hub import COMMIT, LISTING, LocalHub, unreachable_hub

OTHER = "f" * 40


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        (hub.folder / "voices").mkdir(parents=True)
        (hub.folder / "config.json").write_text("{}\n")
        (hub.folder / "model.safetensors").write_bytes(b"weights")
        (hub.folder / "voices" / "ada.safetensors").write_bytes(b"ada")
        yield hub


@pytest_asyncio.fixture
async def hub(local: LocalHub) -> AsyncIterator[Hub]:
    async with Hub("owner/model", "main", local.url, retry_s=0.001) as hub:
        yield hub


async def test_a_listing_tells_commit_sizes_and_checksums(hub: Hub) -> None:
    listing = await list_files(hub, ["*.json", "model.*"])
    assert listing.commit == COMMIT
    assert listing.files == (
        RemoteFile("config.json", 3, Checksum("git", "0967ef424bce6791893e9a57bb952f80fd536e93")),
        RemoteFile(
            "model.safetensors",
            7,
            Checksum("sha256", "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"),
        ),
    )
    assert listing.size == 10


async def test_a_star_matches_across_folders(hub: Hub) -> None:
    listing = await list_files(hub, ["*.safetensors"])
    assert [file.path for file in listing.files] == [
        "model.safetensors",
        "voices/ada.safetensors",
    ]


async def test_a_pattern_that_nothing_matches_is_named(hub: Hub) -> None:
    with pytest.raises(DownloadError, match=r"owner/model: has no tokenizer\.\* at 0123"):
        await list_files(hub, ["*.json", "tokenizer.*"])


async def test_a_branch_is_where_it_is_now_and_a_commit_stays(
    local: LocalHub, hub: Hub, tmp_path: Path
) -> None:
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "new.json").write_text("{}")
    local.commits[OTHER] = tmp_path / "later"
    local.branches |= {"main": OTHER, "refs/pr/1": OTHER}
    for revision in ("main", "refs/pr/1"):
        assert (await list_files(hub, ["*.json"], revision)).commit == OTHER
    assert (await list_files(hub, ["*.json"], COMMIT)).commit == COMMIT
    with pytest.raises(NotOnHub, match="check repository, revision and endpoint"):
        await list_files(hub, ["*.json"], "v9")


@pytest.mark.parametrize(
    "path",
    [
        "../outside.json",
        "a/../../outside.json",
        "/etc/outside.json",
        "a//b.json",
        "./a.json",
        "a\\..\\b.json",
        "a\n.json",
        "a\x1b[2J.json",
        "a\0.json",
    ],
)
async def test_a_file_that_would_lie_elsewhere_is_refused(
    local: LocalHub, hub: Hub, path: str
) -> None:
    local.extra.append({"rfilename": path, "size": 2, "blobId": "0" * 40})
    with pytest.raises(DownloadError, match="is no name for a file here"):
        await list_files(hub, ["*.json"])


@given(st.text(st.sampled_from("ab./\\~- \0\n"), max_size=12))
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_let_through_lies_below_its_folder(tmp_path: Path, path: str) -> None:
    if _stays_inside(path):
        placed = (tmp_path / path).resolve()
        assert placed != tmp_path.resolve()
        assert placed.relative_to(tmp_path.resolve()).as_posix() == path


@pytest.mark.parametrize(
    "entry",
    [
        {"size": None, "blobId": "0" * 40},
        {"size": 5},
        {"size": -1, "blobId": "0" * 40},
        {"size": 10**15, "blobId": "0" * 40},
        {"size": 5, "blobId": "../etc"},
        {"size": 5, "blobId": "0" * 40, "lfs": {"sha256": "x", "size": 5}},
        {"size": 5, "blobId": "0" * 40, "lfs": {"sha256": "0" * 64, "size": -5}},
    ],
)
async def test_a_file_is_not_wanted_without_a_size_and_a_checksum(
    local: LocalHub, hub: Hub, entry: dict[str, Any]
) -> None:
    local.extra.append({"rfilename": "config.json", **entry})
    with pytest.raises(DownloadError, match=r"no checksum of config\.json|no listing"):
        await list_files(hub, ["*.json"])


async def test_a_web_page_is_not_taken_for_a_listing(local: LocalHub, hub: Hub) -> None:
    local.pages.add(LISTING)
    with pytest.raises(DownloadError, match=r"a web page instead of its listing — a login page"):
        await list_files(hub, ["*.json"])


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"sha": "main", "siblings": []}'])
async def test_another_answer_is_not_taken_for_a_listing(
    hub: Hub, local: LocalHub, answer: bytes
) -> None:
    local.swapped[LISTING] = answer
    with pytest.raises(DownloadError, match="is no listing — check the endpoint"):
        await list_files(hub, ["*.json"])


async def test_a_listing_is_asked_for_again_when_the_hub_has_trouble(
    local: LocalHub, hub: Hub
) -> None:
    local.failures[LISTING] = [(503, {}), (500, {})]
    local.cuts[LISTING] = [20]
    assert (await list_files(hub, ["*.json"])).commit == COMMIT
    assert local.requests == ["LIST main"] * 4


async def test_without_a_network_it_is_told_at_once() -> None:
    with unreachable_hub() as nowhere:
        async with Hub("owner/model", "main", nowhere, retry_s=60) as hub:
            with pytest.raises(DownloadError, match=rf"no connection to {nowhere} .*network"):
                await list_files(hub, ["*"])
