"""The voices that lie beside a model, or in a folder of one's own: exported by pocket-tts."""

from collections.abc import Iterable
from pathlib import Path

from wyoming_voiceclone.backends.pocket.catalogue import MODELS
from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.voices import Voice

PREFIX = "pocket-"


class OwnVoices:
    """`pocket-alba` and the others. They are read when they speak: 6 MB take half a millisecond."""

    def __init__(self, files: Iterable[ModelFiles], manner: str = "") -> None:
        """Look into the folders. Blocks. `manner`: what else decides how they sound."""
        self._files = {one.name: one for one in files}
        self._paths = {name: _found(one.voices) for name, one in self._files.items()}
        names = dict.fromkeys(name for paths in self._paths.values() for name in paths)
        self.offered = tuple(self._voice(name, manner) for name in sorted(names))

    def path(self, voice: str, model: str) -> Path | None:
        """Where it lies; None: that model has no such voice."""
        return self._paths[model].get(voice)

    def _voice(self, name: str, manner: str) -> Voice:
        lying = {model: paths[name] for model, paths in self._paths.items() if name in paths}
        made = [f"{self._files[m].identity} {path.stat().st_mtime_ns}" for m, path in lying.items()]
        return Voice(
            name,
            tuple(MODELS[model].language for model in lying),
            description=f"{name.removeprefix(PREFIX).replace('_', ' ').title()} (Pocket-TTS)",
            attribution="Kyutai",
            attribution_url="https://huggingface.co/kyutai/tts-voices",
            revision=" ".join([*made, manner]),
        )


def _found(folders: Iterable[Path]) -> dict[str, Path]:
    """By name; the first folder that has it wins."""
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.safetensors")) if folder.is_dir() else ():
            paths.setdefault(f"{PREFIX}{path.stem}", path)
    return paths
