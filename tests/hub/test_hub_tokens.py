"""Tokens: who may read what, what to do when not, and who never sees one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.listing import list_files
from wyoming_voiceclone.testing.hub import LocalHub

MODEL = "model.safetensors"


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))  # not the developer's
    with LocalHub(tmp_path / "hub") as hub:
        hub.folder.mkdir()
        (hub.folder / MODEL).write_bytes(b"weights")
        hub.accounts = {"hf_good": "agreed", "hf_late": "not agreed", "hf_fine": "fine-grained"}
        yield hub


def fetch(local: LocalHub, part: Path) -> bytes:
    asyncio.run(_fetch(local, part))
    return part.read_bytes()


async def _fetch(local: LocalHub, part: Path) -> None:
    async with Hub("sesame/csm-1b", "main", local.url) as hub:
        listing = await list_files(hub, ["*"])
        await hub.fetch(listing.files[0], part, revision=listing.commit, progress=lambda _: None)


def test_without_a_token_it_is_told_where_to_agree_and_how_to_log_in(
    local: LocalHub, tmp_path: Path
) -> None:
    local.gated = True
    with pytest.raises(DownloadError) as refused:
        fetch(local, tmp_path / "part")
    assert str(refused.value) == (
        f"sesame/csm-1b is given only to accounts that agreed to its terms: open "
        f"{local.url}/sesame/csm-1b, agree, make a token at {local.url}/settings/tokens (read), "
        "and set HF_TOKEN or run `hf auth login`"
    )


@pytest.mark.parametrize(
    ("token", "remedy"),
    [
        ("hf_late", "account of this token has not agreed .* open .*/sesame/csm-1b with that"),
        ("hf_fine", "this token may not .* allow it to read public gated repositories"),
        ("hf_wrong", "does not know the token .* make another one at .*/settings/tokens"),
    ],
)
def test_a_token_that_does_not_do_is_told_from_the_others(
    local: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, remedy: str
) -> None:
    local.gated = True
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(DownloadError, match=remedy) as refused:
        fetch(local, tmp_path / "part")
    assert token not in str(refused.value)


def test_a_token_opens_the_hub_and_is_not_shown_to_the_storage(
    local: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.gated = True
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert fetch(local, tmp_path / "part") == b"weights"  # the storage refuses tokens


def test_a_repository_that_is_hidden_may_be_somebodys_own(local: LocalHub, tmp_path: Path) -> None:
    local.failures[""] = [(401, {"X-Error-Code": "RepoNotFound"})]
    with pytest.raises(DownloadError, match=r"not there, or not public .* set HF_TOKEN"):
        fetch(local, tmp_path / "part")
