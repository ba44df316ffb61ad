"""The voices that lie beside a model, or in a folder of one's own: exported by pocket-tts."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

from wyoming_voiceclone.backends.pocket.catalogue import MODELS
from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.state import Prompt, read_exported
from wyoming_voiceclone.voices import Voice

PREFIX = "pocket-"
_KEPT_BYTES = 128_000_000  # 20 voices of the usual size: read again, each takes 10 ms


class OwnVoices:
    """`pocket-alba` and the others. To be used from several threads."""

    def __init__(self, files: Iterable[ModelFiles]) -> None:
        """Look into the folders. Blocks."""
        self._paths = {one.name: _found(one.voices) for one in files}
        self._kept: OrderedDict[Path, Prompt] = OrderedDict()
        self._lock = threading.Lock()
        self.offered = self._offered({one.name: one.identity for one in files})

    def path(self, voice: str, model: str) -> Path | None:
        """Where it lies; None: that model has no such voice."""
        return self._paths[model].get(voice)

    def prompt(self, path: Path, like: tuple[int, int, int]) -> Prompt:
        """Blocks, the first time. Raises BackendUnavailable."""
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
            else:
                self._kept[path] = read_exported(path, like)
                while len(self._kept) > 1 and self._bytes() > _KEPT_BYTES:
                    self._kept.popitem(last=False)
            return self._kept[path]

    def _bytes(self) -> int:
        return sum(prompt.nbytes for prompt in self._kept.values())

    def _offered(self, identities: Mapping[str, str]) -> tuple[Voice, ...]:
        names = dict.fromkeys(name for paths in self._paths.values() for name in paths)
        return tuple(self._voice(name, identities) for name in sorted(names))

    def _voice(self, name: str, identities: Mapping[str, str]) -> Voice:
        models = [model for model, paths in self._paths.items() if name in paths]
        return Voice(
            name,
            tuple(MODELS[model].language for model in models),
            description=f"{name.removeprefix(PREFIX).replace('_', ' ').title()} (Pocket-TTS)",
            attribution="Kyutai",
            attribution_url="https://huggingface.co/kyutai/tts-voices",
            revision=" ".join(identities[model][:12] for model in models),
        )


def _found(folders: Iterable[Path]) -> dict[str, Path]:
    """By name; the first folder that has it wins."""
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.safetensors")) if folder.is_dir() else ():
            paths.setdefault(f"{PREFIX}{path.stem}", path)
    return paths
