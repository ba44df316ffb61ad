"""Every model that Kyutai publishes for pocket-tts 4.0.1, and where its files are."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from wyoming_voiceclone.backends.declaration import Licence, Weights

GATED = "kyutai/pocket-tts"
"""With the encoder that learns voices: for accounts that agreed to its terms."""
OPEN = "kyutai/pocket-tts-without-voice-cloning"
_COMMITS = {
    commit[:7]: commit
    for commit in (
        "00eac05ed3d16bdc3f6b5d598874019c34a89214",
        "08ffc58775e62aad9409511b9591c9af626270f3",
        "19f95fe2df36e79fbd9f10008595cc4c977a0fcc",
        "1e08e6a23401048648a9fdcfde2f89348215c2a7",
        "2dd944b099d06bb9edbd221fef138685711d9bf0",
        "39592ff23c9ef80098bb74895d104c26275fe2c9",
        "3e82814a68665eec246ff649b14c71331f955c06",
        "492522650173a0653b7575cdc25ae09810e5d741",
        "4e1e0a3e611c51c0b4ed8174fc10f32a54644303",
        "575d14372df89a4534bcb989870a34e77544b09f",
        "75cfe24e3142233bb81887fed3482e9652bb4a6e",
        "7f364c05d1be3faf2b234cdbe4cbb68a026d4218",
        "8843db76457a91db32077edf8dfcd1c0e3e755fd",
        "983151f13aaeab1b13c1e5e3c2c383d49a9edf3f",
        "a5ce31f3eba7a3b0cb9c24ba2015b098f278eaae",
        "a7056f505a4a8ca72d8b5fb1440071d6f1a35739",
        "d29db7978e464fb90cb3359ee0c69a273b9142cc",
        "db04f0e653473e5c7333c69686ac92b7460b0c1d",
        "e7205b6ee50e654a5ea19f0e9df2b0813b05e921",
        "e81d79e8194ad4c7ce879c87a4258ef20cbf2487",
    )
}
VOICES_COMMIT = _COMMITS["a7056f5"]
"""Of the published voices, whatever the model (`get_predefined_voice` in pocket-tts)."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    repository: str
    path: str
    commit: str


@dataclass(frozen=True, slots=True)
class PublishedModel:
    language: str
    """BCP-47."""
    cloning: PublishedFile
    """Its weights, with what learns voices."""
    plain: PublishedFile
    """Its weights without."""
    tokenizer: PublishedFile
    voices: PublishedFile
    """Its voices: their path is a pattern."""

    @property
    def voices_folder(self) -> str:
        return self.voices.path.rpartition("/")[0]


def _models() -> Mapping[str, PublishedModel]:
    rows = (line.split() for line in _TABLE.strip().splitlines())
    return {
        row[0]: _model(SimpleNamespace(**dict(zip(_COLUMNS, row, strict=True)))) for row in rows
    }


def _model(row: SimpleNamespace) -> PublishedModel:
    weights = f"languages/{row.name}/model.safetensors"
    voices = f"languages/{row.name}/embeddings/*.safetensors"
    return PublishedModel(
        _LANGUAGES[row.name.partition("_")[0]],
        PublishedFile(GATED, weights, _COMMITS[row.cloning]),
        PublishedFile(OPEN, weights, _COMMITS[row.plain]),
        PublishedFile(OPEN, row.tokenizer, _COMMITS[row.tokenizer_at]),
        PublishedFile(OPEN, voices, VOICES_COMMIT),
    )


USUAL = {
    "en": "english",
    "fr": "french",
    "de": "german",
    "pt": "portuguese",
    "it": "italian",
    "es": "spanish",
    "nl": "dutch",
}
"""The model of each language when nobody chooses: the ones with six layers."""
_LANGUAGES = {name: language for language, name in USUAL.items()}
_COLUMNS = ("name", "cloning", "plain", "tokenizer_at", "tokenizer")
_TABLE = """
dutch 3e82814 1e08e6a 4e1e0a3 languages/dutch/tokenizer.json
dutch_24l 2dd944b 4e1e0a3 4e1e0a3 languages/dutch_24l/tokenizer.json
english db04f0e a7056f5 00eac05 languages/english/tokenizer.json
english_18m_2026-10 db04f0e a7056f5 08ffc58 languages/english_18m_2026-10/tokenizer.model
english_18m_refl_2026-10 db04f0e a7056f5 08ffc58 languages/english_18m_refl_2026-10/tokenizer.model
english_2026-01 39592ff d29db79 00eac05 tokenizer.json
english_2026-04 19f95fe d29db79 00eac05 languages/english_2026-04/tokenizer.json
english_2026-04_24l 4925226 e81d79e 00eac05 languages/english_2026-04_24l/tokenizer.json
english_2026-09 983151f e7205b6 00eac05 languages/english_2026-09/tokenizer.json
english_2026-09_2 7f364c0 575d143 00eac05 languages/english_2026-09/tokenizer.json
english_2026-09_24l 983151f e7205b6 00eac05 languages/english_2026-09_24l/tokenizer.json
english_2026-10 db04f0e a7056f5 00eac05 languages/english_2026-09/tokenizer.json
english_2m_2026-10 db04f0e a7056f5 08ffc58 languages/english_2m_2026-10/tokenizer.model
english_2m_refl_2026-10 db04f0e a7056f5 08ffc58 languages/english_2m_refl_2026-10/tokenizer.model
english_7m_2026-10 db04f0e a7056f5 08ffc58 languages/english_7m_2026-10/tokenizer.model
english_7m_refl_2026-10 db04f0e a7056f5 08ffc58 languages/english_7m_refl_2026-10/tokenizer.model
english_drifting_26-09 75cfe24 a5ce31f 00eac05 languages/english_2026-09/tokenizer.json
french 3e82814 1e08e6a 8843db7 languages/french/tokenizer.json
french_24l 3e82814 1e08e6a 8843db7 languages/french_24l/tokenizer.json
german 3e82814 1e08e6a 4e1e0a3 languages/german/tokenizer.json
german_24l 2dd944b 4e1e0a3 4e1e0a3 languages/german_24l/tokenizer.json
italian 3e82814 1e08e6a 4e1e0a3 languages/italian/tokenizer.json
italian_24l 3e82814 1e08e6a 4e1e0a3 languages/italian_24l/tokenizer.json
portuguese 3e82814 1e08e6a 4e1e0a3 languages/portuguese/tokenizer.json
portuguese_24l 2dd944b 4e1e0a3 4e1e0a3 languages/portuguese_24l/tokenizer.json
spanish 3e82814 1e08e6a 4e1e0a3 languages/spanish/tokenizer.json
spanish_24l 2dd944b 4e1e0a3 4e1e0a3 languages/spanish_24l/tokenizer.json
"""

MODELS = _models()
"""By name, as pocket-tts calls them; a test compares them with the package's own files."""


def needed(names: list[str], *, cloning: bool, voices: bool) -> tuple[Weights, ...]:
    """What these models need from the hub: one entry for each repository at each commit."""
    files: dict[tuple[str, str], list[str]] = {}
    for model in (MODELS[name] for name in names):
        parts = [model.cloning if cloning else model.plain, model.tokenizer]
        for file in [*parts, model.voices] if voices else parts:
            paths = files.setdefault((file.repository, file.commit), [])
            if file.path not in paths:
                paths.append(file.path)
    return tuple(
        Weights(repository, tuple(paths), _licence(repository), commit, gated=repository == GATED)
        for (repository, commit), paths in files.items()
    )


def _licence(repository: str) -> Licence:
    return Licence(
        "CC-BY-4.0",
        gist="say that the voice comes from Kyutai's Pocket-TTS where you publish what it says",
        url=f"https://huggingface.co/{repository}",
    )
