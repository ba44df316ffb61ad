"""The voices that espeak-ng brings along, read from its data folder without loading it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.voices import Voice

_HEADER_BYTES = 2_000  # the name and language lines are in the first few hundred
_NOT_LANGUAGES = {"xex"}  # a test
# What espeak-ng calls by names of its own, in BCP-47 (IANA language subtag registry)
_BCP_47 = {
    "ca-ba": "ca-x-balear",
    "ca-nw": "ca-x-nordoc",
    "ca-va": "ca-valencia",
    "cmn": "zh-CN",
    "en-us-nyc": "en-US-x-nyc",
    "piqd": "tlh",
    "ru-cl": "ru-x-classic",
    "yue": "zh-HK",
    "zh-cmn": "zh",
    "zh-yue": "yue",
}


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice of espeak-ng and the file, inside its data folder, that selects it."""

    voice: Voice
    identifier: str


def read_voices(data: Path) -> dict[str, EspeakVoice]:
    """Every voice that can speak, by name; of one language's voices the plain one comes first.

    Blocks: reads about 130 small files.
    """
    lang = data / "lang"
    headers = [_Header.read(path, lang) for path in sorted(lang.rglob("*")) if path.is_file()]
    known = [h for h in headers if h.codes and h.codes[0] not in _NOT_LANGUAGES]
    complete = [h for h in known if (data / f"{h.dictionary}_dict").is_file()]
    found: dict[str, EspeakVoice] = {}
    for header in sorted(complete, key=_Header.order):
        voice = header.voice(taken=found)
        found[voice.voice.name] = voice
    return found


def language_tags(codes: Iterable[str]) -> tuple[str, ...]:
    """BCP-47 tags of espeak-ng's language codes: the exact ones first, then the bare language."""
    tags = [_tag(code).split("-x-")[0] for code in codes]
    if _has_script(tags[0]):  # it reads no other script, so it is no choice for the language
        return (tags[0],)
    exact = sorted(tags, key=lambda tag: "-" not in tag)
    return tuple(dict.fromkeys([*exact, tags[0].split("-")[0]]))


@dataclass(frozen=True, slots=True)
class _Header:
    identifier: str
    name: str
    codes: tuple[str, ...]
    dictionary: str
    """Without it the voice is mute; espeakng-loader leaves some out."""
    priority: int
    """Of its last, most general, code: the smaller the sooner."""

    @classmethod
    def read(cls, path: Path, lang: Path) -> "_Header":
        with path.open("rb") as file:
            text = file.read(_HEADER_BYTES).decode(errors="replace")
        name = re.search(r"^name +([^/\n]+)", text, re.MULTILINE)
        found = re.findall(r"^language +(\S+)[ \t]*(\d*)", text, re.MULTILINE)
        dictionary = re.search(r"^dictionary\s+(\S+)", text, re.MULTILINE)
        base = found[0][0].split("-")[0] if found else ""
        return cls(
            identifier=path.relative_to(lang).as_posix(),
            name=(name[1] if name else path.name).strip(),
            codes=tuple(code.lower() for code, _ in found),
            dictionary=dictionary[1] if dictionary else base,
            priority=int(found[-1][1] or 5) if found else 5,
        )

    def order(self) -> tuple[str, bool, bool, int, str]:
        tag = _tag(self.codes[0])
        own = tag.count("-") - (re.fullmatch(r"[a-z]+-[A-Z]{2}|[a-z]+-\d{3}", tag) is not None)
        return (tag.split("-")[0], own > 0, "-" in tag, self.priority, self.identifier)

    def voice(self, taken: Iterable[str]) -> EspeakVoice:
        name = f"espeak-{self.codes[0]}"
        codes = self.codes
        if name in taken:  # yue has a second file, which reads latin letters
            own = Path(self.identifier).name.lower()
            name, codes = f"espeak-{own}", (own,)
        described = Voice(
            name=name,
            languages=language_tags(codes),
            description=f"{self.name}, espeak-ng",
            attribution="espeak-ng (GPL-3.0-or-later)",
            attribution_url="https://github.com/espeak-ng/espeak-ng",
        )
        return EspeakVoice(described, self.identifier)


def _tag(code: str) -> str:
    """`en-gb-x-rp` is en-GB-x-rp."""
    if code in _BCP_47:
        return _BCP_47[code]
    parts = code.lower().split("-")
    private = parts.index("x") if "x" in parts else len(parts)
    cased = [_cased(part) for part in parts[1:private] if part != "qaaa"]
    return "-".join([parts[0].replace("cmn", "zh"), *cased, *parts[private:]])


def _cased(subtag: str) -> str:
    if len(subtag) == 2:
        return subtag.upper()
    return subtag.title() if subtag in {"latn", "shaw"} else subtag


def _has_script(tag: str) -> bool:
    return any(part in {"Latn", "Shaw"} for part in tag.split("-"))
