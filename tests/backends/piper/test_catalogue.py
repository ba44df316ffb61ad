"""The catalogue: believed only as far as it can be checked, kept for days without a network."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends.piper.catalogue import load_catalogue
from wyoming_voiceclone.backends.piper.downloads import newest_catalogue
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.testing.hub import COMMIT, LocalHub, unreachable_hub

FIXTURES = Path(__file__).parents[2] / "fixtures" / "voices"
NAME = "en_US-ada-low"
MULTI = FIXTURES / "random-tiny-multi.onnx", FIXTURES / "random-tiny-multi.onnx.json"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as local:
        local.publish(NAME, *MULTI, aliases=["en-us-ada"])
        yield local


@pytest.fixture
def nowhere() -> Iterator[str]:
    with unreachable_hub() as url:
        yield url


def hub_at(url: str) -> Hub:
    return Hub("rhasspy/piper-voices", "main", url, retry_s=0.01)


async def test_it_tells_what_there_is(tmp_path: Path, local: LocalHub) -> None:
    async with hub_at(local.url) as hub:
        catalogue = await newest_catalogue(hub, tmp_path / "catalogue.json")
    voice = catalogue.voices[NAME]
    assert (voice.language, voice.language_name) == ("en-US", "English (United States)")
    assert (voice.quality, voice.speakers, voice.dataset) == ("x_low", 4, "ada")
    assert [Path(file.path).name for file in voice.files] == [
        f"{NAME}.onnx",
        f"{NAME}.onnx.json",
        "MODEL_CARD",
    ]
    assert voice.files[0].size == MULTI[0].stat().st_size
    assert catalogue.find("en-us-ada") is voice
    assert catalogue.find("nobody") is None
    assert catalogue.commit == COMMIT


async def test_it_is_fetched_again_only_when_it_is_old(tmp_path: Path, local: LocalHub) -> None:
    kept = tmp_path / "catalogue.json"
    async with hub_at(local.url) as hub:
        await newest_catalogue(hub, kept)
        await newest_catalogue(hub, kept)
        assert local.requests == ["GET voices.json"]
        await newest_catalogue(hub, kept, older_than_s=0)
        assert len(local.requests) == 2


async def test_without_a_network_the_old_one_serves(
    tmp_path: Path, local: LocalHub, nowhere: str
) -> None:
    kept = tmp_path / "catalogue.json"
    async with hub_at(local.url) as hub:
        await newest_catalogue(hub, kept)
    async with hub_at(nowhere) as hub:
        catalogue = await newest_catalogue(hub, kept, older_than_s=0)
        assert NAME in catalogue.voices
        with pytest.raises(DownloadError, match="check the network"):
            await newest_catalogue(hub, tmp_path / "none.json")


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "HF_TOKEN"), (404, "revision"), (429, "later"), (503, "again")]
)
async def test_a_refusal_says_what_to_do(
    tmp_path: Path, local: LocalHub, status: int, remedy: str
) -> None:
    local.refusals["voices.json"] = status
    async with hub_at(local.url) as hub:
        with pytest.raises(DownloadError, match=remedy):
            await newest_catalogue(hub, tmp_path / "catalogue.json")


_FILE = {"size_bytes": 5, "md5_digest": "0" * 32}


def _entry(**changes: Any) -> dict[str, Any]:
    files = {f"en/{NAME}.onnx": _FILE, f"en/{NAME}.onnx.json": _FILE}
    return {"name": "ada", "language": {"code": "en_US"}, "files": files} | changes


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("../../etc/cron", _entry()),
        ("/etc/passwd", _entry()),
        (".x", _entry(files=dict.fromkeys(["a/.x.onnx", "a/.x.onnx.json"], _FILE))),
        ("", _entry()),
        (NAME, _entry(files=dict.fromkeys([f"../{NAME}.onnx", f"../{NAME}.onnx.json"], _FILE))),
        (NAME, _entry(files={})),
        (NAME, _entry(language={"code": "../en"})),
        (
            NAME,
            _entry(
                files={
                    f"a/{NAME}.onnx{end}": {"size_bytes": 10**15, "md5_digest": "0" * 32}
                    for end in ("", ".json")
                }
            ),
        ),
        (NAME, "surprise"),
    ],
)
async def test_an_entry_that_cannot_be_trusted_is_left_out(
    tmp_path: Path, local: LocalHub, name: str, entry: object
) -> None:
    index = local.folder / "voices.json"
    voices = {"en_US-good-low": json.loads(index.read_bytes())[NAME]}
    good = json.dumps(voices).replace(NAME, "en_US-good-low")
    index.write_text(json.dumps({name: entry} | json.loads(good)))
    async with hub_at(local.url) as hub:
        catalogue = await newest_catalogue(hub, tmp_path / "catalogue.json")
    assert [*catalogue.voices] == ["en_US-good-low"]


@pytest.mark.parametrize("content", [b"<html>Sign in to the hotel's network", b"[1]", b"[" * 9999])
async def test_what_is_no_catalogue_is_refused(
    tmp_path: Path, local: LocalHub, content: bytes
) -> None:
    (local.folder / "voices.json").write_bytes(content)
    async with hub_at(local.url) as hub:
        with pytest.raises(DownloadError, match="no catalogue"):
            await newest_catalogue(hub, tmp_path / "catalogue.json")


@pytest.mark.parametrize("content", ["", "{}", "[]", "[" * 9999, '{"index": 1, "commit": 2}'])
def test_a_broken_copy_on_disk_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalogue.json").write_text(content)
    assert load_catalogue(tmp_path / "catalogue.json") is None


async def test_a_disk_that_takes_nothing_costs_only_a_warning(
    tmp_path: Path, local: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    async with hub_at(local.url) as hub:
        catalogue = await newest_catalogue(hub, tmp_path / "file" / "catalogue.json")
    assert NAME in catalogue.voices
    assert "not kept" in caplog.text
