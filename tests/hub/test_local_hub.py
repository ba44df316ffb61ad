"""The stand-in is believed only because the real client library takes it for the hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)

from wyoming_voiceclone.testing.hub import COMMIT, LocalHub

REPOSITORY = "owner/model"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        hub.folder.mkdir()
        (hub.folder / "config.json").write_text("{}\n")
        (hub.folder / "model.safetensors").write_bytes(b"0123456789" * 1000)
        yield hub


def download(local: LocalHub, tmp_path: Path, path: str, token: str | None = None) -> Path:
    return Path(
        hf_hub_download(
            REPOSITORY, path, cache_dir=tmp_path / "c", endpoint=local.url, token=token or False
        )
    )


def test_the_library_reads_its_listing(local: LocalHub) -> None:
    about = HfApi(endpoint=local.url, token=False).model_info(REPOSITORY, files_metadata=True)
    assert about.sha == COMMIT
    config, model = about.siblings or []
    assert (config.rfilename, config.size, config.lfs) == ("config.json", 3, None)
    assert config.blob_id == "0967ef424bce6791893e9a57bb952f80fd536e93"  # git hash-object
    assert model.lfs
    assert model.lfs["size"] == 10_000


@pytest.mark.parametrize("path", ["config.json", "model.safetensors"])
def test_the_library_downloads_from_it(local: LocalHub, tmp_path: Path, path: str) -> None:
    assert download(local, tmp_path, path).read_bytes() == local.folder.joinpath(path).read_bytes()


def test_the_library_knows_its_refusals(local: LocalHub, tmp_path: Path) -> None:
    with pytest.raises(RemoteEntryNotFoundError):
        download(local, tmp_path, "nothing.bin")
    with pytest.raises(RevisionNotFoundError):
        HfApi(endpoint=local.url, token=False).model_info(REPOSITORY, revision="nowhere")
    local.gated = True
    local.accounts = {"hf_late": "not agreed", "hf_good": "agreed"}
    for token in (None, "hf_late"):
        with pytest.raises(GatedRepoError):
            download(local, tmp_path, "config.json", token)
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        download(local, tmp_path, "config.json", "hf_wrong")
    assert download(local, tmp_path, "model.safetensors", "hf_good").stat().st_size == 10_000
