"""SSML in, spans of text and breaks out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape, unescape
from html.entities import html5
from xml.parsers import expat

from wyoming_voiceclone.text.ssml_content import MARKERS, CannotRead, read_as
from wyoming_voiceclone.text.ssml_values import break_seconds, rate
from wyoming_voiceclone.text.verbatim import unmarked

MAX_DEPTH = 64
MAX_NOTES = 20

_PROLOGUE = re.compile(
    r"\s*(?:<\?xml[^>]*\?>)?\s*(?P<type><!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>)?", re.IGNORECASE
)
_ENTITY = re.compile(r"&(#\d{1,7};|#x[0-9a-fA-F]{1,6};|\w{1,32};)?")
_NO_TAG = re.compile(r"<(?![A-Za-z/!?])")
_TAG = re.compile(r"<[^<>]*>")
_XML_ENTITIES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_PARAGRAPHS = frozenset(("p", "s", "paragraph", "sentence"))
_SILENT = frozenset(("metadata", "meta", "lexicon", "lookup", "desc", "title"))
_PLAIN = frozenset(("speak", "w", "token", "voice", "lang", "prosody"))
_REMARKS = {
    "emphasis": "emphasis is read without stress",
    "audio": "audio is not played; its alternative text is read",
    "mark": "mark is not reported back",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Text to say in one manner; it may hold `text.verbatim` marks."""

    text: str
    voice: str | None = None
    language: str | None = None
    """BCP-47."""
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Break:
    """Silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ssml:
    """What a document says, and what in it was not understood."""

    items: tuple[Span | Break, ...]
    ignored: tuple[str, ...] = ()
    """One short sentence each; never the text itself."""


def parse_ssml(document: str) -> Ssml:
    """Read an SSML document, or a piece of one; never raises.

    What is not well-formed is read without its tags. Entities are never declared or expanded.
    """
    reader = _Reader()
    source = _FORBIDDEN.sub("", unmarked(document))
    prologue = _PROLOGUE.match(source)
    if prologue is not None and prologue["type"]:
        reader.note("the document type is not read")
    source = source[prologue.end() :] if prologue else source
    try:
        reader.read(_ENTITY.sub(_entity, _NO_TAG.sub("&lt;", source)))
    except (expat.ExpatError, _TooDeep) as error:
        reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else error
        reader.note(f"not well-formed ({reason}): all tags are ignored")
        text = _without_tags(source)
        return Ssml((Span(text),) if text else (), tuple(reader.notes))
    return Ssml(tuple(reader.items()), tuple(reader.notes))


class _TooDeep(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Frame:
    """What holds inside one element."""

    manner: Span = field(default_factory=lambda: Span(""))
    silent: bool = False
    say: str | None = None
    """The element that reads its content in a way of its own."""
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self._items: list[Span | Break] = []
        self._stack: list[_Frame] = [_Frame()]
        self._content = ""

    def read(self, source: str) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._text
        # inside an element expat takes no document type, so that no entity can be declared
        parser.Parse(f"<voiceclone-root>{source}</voiceclone-root>", True)

    def items(self) -> list[Span | Break]:
        """What there is to say; spans of nothing but space left out."""
        return [item for item in self._items if isinstance(item, Break) or item.text.strip()]

    def note(self, remark: str) -> None:
        if remark not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(remark)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > MAX_DEPTH:
            raise _TooDeep(f"more than {MAX_DEPTH} elements inside each other")
        tag = name.lower()
        frame = self._stack[-1]
        if tag in _PARAGRAPHS:
            self._end_sentence()
        if tag == "break" and not frame.silent:
            self._break(attributes)
        elif tag in MARKERS and frame.say is None:
            self._content = ""
            frame = replace(frame, say=tag, attributes=attributes)
        elif tag not in {"break", "voiceclone-root", *_PLAIN, *_PARAGRAPHS, *_SILENT, *MARKERS}:
            self.note(_REMARKS.get(tag, f"<{name[:40]}> is unknown; its text is read"))
        manner = self._manner(tag, attributes, frame.manner)
        self._stack.append(replace(frame, manner=manner, silent=frame.silent or tag in _SILENT))

    def _close(self, name: str) -> None:
        frame = self._stack.pop()
        if name.lower() in _PARAGRAPHS:
            self._end_sentence()
        if frame.say is not None and self._stack[-1].say is None:
            try:
                said = read_as(frame.say, frame.attributes, " ".join(self._content.split()))
            except CannotRead as problem:
                self.note(str(problem))
                said = self._content
            self._say(said, self._stack[-1])

    def _text(self, text: str) -> None:
        frame, text = self._stack[-1], unmarked(text)
        if frame.say is not None:
            self._content += text
        else:
            self._say(re.sub(r"\s+", " ", text), frame)

    def _say(self, text: str, frame: _Frame) -> None:
        if frame.silent or not text:
            return
        last = self._items[-1] if self._items else None
        if isinstance(last, Span) and replace(last, text="") == frame.manner:
            self._items[-1] = replace(last, text=last.text + text)
        else:
            self._items.append(replace(frame.manner, text=text))

    def _end_sentence(self) -> None:
        if self._items and isinstance(last := self._items[-1], Span) and last.text.strip():
            self._items[-1] = replace(last, text=last.text.rstrip() + "\n\n")

    def _break(self, attributes: Mapping[str, str]) -> None:
        seconds, remark = break_seconds(attributes)
        if remark:
            self.note(remark)
        if seconds > 0:
            self._items.append(Break(seconds))
        else:
            self._say(" ", self._stack[-1])

    def _manner(self, tag: str, attributes: Mapping[str, str], manner: Span) -> Span:
        language = attributes.get("xml:lang") or attributes.get("lang") or manner.language
        manner = replace(manner, language=language)
        if tag == "voice":
            return replace(manner, voice=attributes.get("name") or manner.voice)
        if tag != "prosody":
            return manner
        for attribute in sorted(attributes.keys() - {"rate"}):
            self.note(f"prosody {attribute[:20]} is ignored; only rate is honoured")
        speed = rate(attributes.get("rate", "default"))
        if speed is None:
            self.note("a prosody rate was not understood; give slow, 80% or 1.2")
        return replace(manner, speed=min(4.0, max(0.25, manner.speed * (speed or 1.0))))


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    if name in _XML_ENTITIES or name.startswith("#"):
        return match[0]
    return escape(html5.get(name, f"&{name}"), quote=False)


def _without_tags(source: str) -> str:
    return unmarked(_FORBIDDEN.sub("", unescape(_TAG.sub(" ", source)))).strip()
