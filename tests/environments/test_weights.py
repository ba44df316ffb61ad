"""Weights of engines: of one commit, whole, shared, and fetched no more than once."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.weights import FetchedWeights, fetched, weights_folder
from wyoming_voiceclone.environments.weights import fetch_weights, remove_weights, wanted_bytes
from wyoming_voiceclone.errors import BackendUnavailable, DownloadError
from wyoming_voiceclone.testing.hub import COMMIT, LocalHub, unreachable_hub

OTHER = "f" * 40
CONTENT = bytes(range(256)) * 1000
MODEL, CONFIG, VOICE = "model.safetensors", "config.json", "voices/ada.safetensors"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        publish(hub.folder, {MODEL: CONTENT, CONFIG: b"{}\n", VOICE: b"ada", "README.md": b"#"})
        yield hub


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


def publish(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def asked(*files: str, revision: str = "main") -> Weights:
    return Weights("owner/model", files, Licence("MIT"), revision)


WEIGHTS = asked("*.safetensors", "*.json")


def fetch(local: LocalHub | str, folders: Folders, weights: Weights = WEIGHTS) -> FetchedWeights:
    url = local if isinstance(local, str) else local.url
    return asyncio.run(fetch_weights(weights, folders, endpoint=url))


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def downloads(local: LocalHub) -> list[str]:
    return [request for request in local.requests if not request.startswith("LIST")]


def moved(local: LocalHub, root: Path, files: dict[str, bytes]) -> None:
    """The branch goes on to another commit."""
    publish(root / "later", files)
    local.commits[OTHER] = root / "later"
    local.branches["main"] = OTHER


def test_what_is_asked_for_comes_under_its_own_paths_with_a_receipt(
    local: LocalHub, folders: Folders
) -> None:
    seen: list[tuple[int, int]] = []
    weights = asyncio.run(
        fetch_weights(
            WEIGHTS, folders, endpoint=local.url, progress=lambda n, of: seen.append((n, of))
        )
    )
    assert weights == FetchedWeights(weights_folder(WEIGHTS, folders), COMMIT)
    assert fetched(WEIGHTS, folders, "csm") == weights
    assert files_in(folders.data) == {
        f"weights/owner--model@main/{path}" for path in (MODEL, CONFIG, VOICE, "fetched.json")
    }
    assert weights.folder.joinpath(MODEL).read_bytes() == CONTENT
    total = len(CONTENT) + 3 + 3
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    receipt = json.loads(weights.folder.joinpath("fetched.json").read_bytes())
    assert receipt["commit"] == COMMIT
    assert receipt["files"][CONFIG] == {"size": 3, "sha256": hashlib.sha256(b"{}\n").hexdigest()}
    assert receipt["files"][MODEL]["sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_what_is_here_whole_needs_no_network(local: LocalHub, folders: Folders) -> None:
    first = fetch(local, folders)
    with unreachable_hub() as nowhere:
        assert fetch(nowhere, folders) == first
        assert asyncio.run(wanted_bytes(WEIGHTS, folders, endpoint=nowhere)) == 0


def test_there_is_no_receipt_before_everything_is_here(local: LocalHub, folders: Folders) -> None:
    local.refusals[VOICE] = 404
    with pytest.raises(DownloadError, match="404"):
        fetch(local, folders)
    with pytest.raises(BackendUnavailable, match="or not whole"):
        fetched(WEIGHTS, folders, "csm")
    local.refusals.clear()
    local.requests.clear()
    fetch(local, folders)
    assert downloads(local) == [f"GET {VOICE}"]


def test_an_interrupted_file_goes_on_where_it_stopped(local: LocalHub, folders: Folders) -> None:
    local.cuts[MODEL] = [100_000]
    local.failures[MODEL] = []
    folder = weights_folder(WEIGHTS, folders)
    part = folder / ".partial" / f"sha256-{hashlib.sha256(CONTENT).hexdigest()}"
    publish(part.parent, {part.name: CONTENT[:100_000]})
    assert asyncio.run(wanted_bytes(WEIGHTS, folders, endpoint=local.url)) == (
        len(CONTENT) - 100_000 + 6
    )
    local.cuts.clear()
    fetch(local, folders)
    assert f"GET {MODEL} bytes=100000-" in local.requests
    assert not part.parent.exists()


def test_a_branch_stays_where_it_was_when_it_was_installed(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    fetch(local, folders)
    moved(local, tmp_path, {MODEL: b"new", CONFIG: b"{}\n", VOICE: b"new"})
    weights = fetch(local, folders)
    assert weights.commit == COMMIT
    weights.folder.joinpath(VOICE).unlink()
    assert fetch(local, folders).commit == COMMIT
    assert weights.folder.joinpath(VOICE).read_bytes() == b"ada"


def test_an_interrupted_installation_goes_on_with_its_commit(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    local.refusals[VOICE] = 404
    with pytest.raises(DownloadError):
        fetch(local, folders)
    local.refusals.clear()
    moved(local, tmp_path, {MODEL: b"new", CONFIG: b"{}\n", VOICE: b"new"})
    weights = fetch(local, folders)
    assert weights.commit == COMMIT
    assert weights.folder.joinpath(VOICE).read_bytes() == b"ada"


def test_an_interrupted_installation_of_a_rewritten_branch_takes_the_new_commit(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    local.refusals[VOICE] = 404
    with pytest.raises(DownloadError):
        fetch(local, folders)
    local.refusals.clear()
    moved(local, tmp_path, {MODEL: CONTENT, CONFIG: b"[]\n", VOICE: b"new"})
    del local.commits[COMMIT]
    local.requests.clear()
    weights = fetch(local, folders)
    assert weights.commit == OTHER
    assert weights.folder.joinpath(CONFIG).read_bytes() == b"[]\n"
    assert sorted(downloads(local)) == [f"GET {CONFIG}", f"GET {VOICE}"]


def test_a_commit_is_not_taken_for_another(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    moved(local, tmp_path, {MODEL: b"new", CONFIG: b"{}\n", VOICE: b"new"})
    assert fetch(local, folders, asked("*.json", revision=COMMIT)).commit == COMMIT
    local.branches["e" * 40] = OTHER  # a hub that answers with whatever it likes
    with pytest.raises(DownloadError, match="when asked for eeee"):
        fetch(local, folders, asked("*.json", revision="e" * 40))


def test_engines_may_need_different_files_of_one_repository(
    local: LocalHub, folders: Folders
) -> None:
    model, voices = asked("model.*", "*.json"), asked("voices/*", "*.json")
    fetch(local, folders, model)
    with pytest.raises(BackendUnavailable, match="or not whole"):
        fetched(voices, folders, "kyutai")
    local.requests.clear()
    fetch(local, folders, voices)
    assert downloads(local) == [f"GET {VOICE}"]
    for weights in (model, voices):
        assert fetched(weights, folders, "kyutai").commit == COMMIT
    weights_folder(model, folders).joinpath(MODEL).unlink()
    assert fetched(voices, folders, "kyutai")
    with pytest.raises(BackendUnavailable, match="or not whole"):
        fetched(model, folders, "csm")


@pytest.mark.parametrize("loss", ["gone", "shorter"])
def test_a_file_that_is_lost_is_not_whole_and_comes_again_alone(
    local: LocalHub, folders: Folders, loss: str
) -> None:
    path = fetch(local, folders).folder / MODEL
    path.unlink() if loss == "gone" else path.write_bytes(CONTENT[:10])
    with pytest.raises(BackendUnavailable, match="or not whole"):
        fetched(WEIGHTS, folders, "csm")
    local.requests.clear()
    fetch(local, folders)
    assert downloads(local) == [f"GET {MODEL}"]
    assert path.read_bytes() == CONTENT


def test_files_put_there_by_hand_are_used_when_they_are_the_right_ones(
    local: LocalHub, folders: Folders
) -> None:
    publish(weights_folder(WEIGHTS, folders), {MODEL: CONTENT, VOICE: b"eve"})
    weights = fetch(local, folders)
    assert downloads(local) == [f"GET {CONFIG}", f"GET {VOICE}"]
    assert weights.folder.joinpath(VOICE).read_bytes() == b"ada"


def test_what_is_removed_is_gone_with_its_parts(local: LocalHub, folders: Folders) -> None:
    asyncio.run(remove_weights(WEIGHTS, folders))  # nothing there is no error
    fetch(local, folders)
    publish(weights_folder(WEIGHTS, folders) / ".partial", {"sha256-0": b"half"})
    asyncio.run(remove_weights(WEIGHTS, folders))
    assert not list((folders.data / "weights").iterdir())
    with pytest.raises(BackendUnavailable, match="engines install csm"):
        fetched(WEIGHTS, folders, "csm")
