"""What a stand-in of the hub tells of its files, as the real one describes them."""

import hashlib
import json
from pathlib import Path
from typing import Any

LFS = (".onnx", ".safetensors", ".pth", ".pt", ".bin", ".model")
"""Files that are kept outside git, as the hub's own `.gitattributes` has it."""

TOKEN_REFUSALS = {
    None: (401, "GatedRepo", "Access is restricted. You must be authenticated. Please log in."),
    "not agreed": (403, "GatedRepo", "Access is restricted, you are not in the authorized list."),
    "fine-grained": (403, "GatedRepo", "Please enable access in your fine-grained token settings."),
}
"""Status, `X-Error-Code` and `X-Error-Message` of a gated file, by what is known of the token."""


def is_lfs(path: str) -> bool:
    return path.endswith(LFS)


def git_blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 -- git's


def etag(content: bytes) -> str:
    return f'"{git_blob_id(content)}"'


def linked(content: bytes) -> dict[str, str]:
    """What the hub tells of a file when it sends people elsewhere for it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{sha256}"'}


def sibling(path: str, content: bytes) -> dict[str, Any]:
    """A file's entry in `/api/models/…?blobs=true`."""
    entry: dict[str, Any] = {
        "rfilename": path,
        "size": len(content),
        "blobId": git_blob_id(content),
    }
    if is_lfs(path):
        sha256 = hashlib.sha256(content).hexdigest()
        pointer = (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{sha256}\nsize {len(content)}\n"
        ).encode()
        entry["blobId"] = git_blob_id(pointer)
        entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": len(pointer)}
    return entry


def siblings(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [sibling(str(path.relative_to(folder)), path.read_bytes()) for path in paths]


def add_voice(root: Path, name: str, model: Path, config: Path, **fields: object) -> None:
    """Add a Piper voice to the folder and to its voices.json."""
    told = json.loads(config.read_bytes())
    code = told["language"]["code"]
    folder = f"{told['language']['family']}/{code}/{name.split('-')[1]}"
    files = {f"{name}.onnx": model, f"{name}.onnx.json": config}
    contents = {n: source.read_bytes() for n, source in files.items()}
    contents["MODEL_CARD"] = f"# Model card of {name}\n".encode()
    (root / folder).mkdir(parents=True, exist_ok=True)
    for each, content in contents.items():
        (root / folder / each).write_bytes(content)
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
    index = root / "voices.json"
    voices = json.loads(index.read_bytes()) if index.exists() else {}
    index.write_text(json.dumps(voices | {name: entry | fields}))


def _described(content: bytes) -> dict[str, object]:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"size_bytes": len(content), "md5_digest": md5}
