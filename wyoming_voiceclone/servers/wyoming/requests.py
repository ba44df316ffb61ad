"""From a client's event to what it asks for."""

from collections.abc import Mapping
from typing import Any

from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.synthesis.utterance import TextFormat, UtteranceRequest


def utterance_request(data: Mapping[str, Any], name_chars: int) -> UtteranceRequest:
    """Read `voice` and `text_format` of `synthesize` and `synthesize-start`. Raises BadRequest."""
    voice = data.get("voice")
    if voice is None:
        voice = {}
    if not isinstance(voice, dict):
        got = type(voice).__name__
        raise BadRequest(f"voice is a {got} — send an object with name, language, speaker")
    return UtteranceRequest(
        voice=_name(voice, "name", name_chars),
        language=_name(voice, "language", name_chars),
        speaker=_name(voice, "speaker", name_chars),
        text_format=_text_format(data.get("text_format")),
    )


def text_of(data: Mapping[str, Any]) -> str:
    """The `text` of an event. Raises BadRequest."""
    text = data.get("text")
    if not isinstance(text, str):
        got = "missing" if text is None else f"a {type(text).__name__}"
        raise BadRequest(f"text is {got} — send a string")
    return text


def _name(voice: Mapping[str, Any], key: str, limit: int) -> str | None:
    value = voice.get(key)
    if type(value) is int:  # speakers have numbers, and clients send them as such
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequest(f"voice {key} is a {type(value).__name__} — send a string")
    if len(value) > limit:
        raise BadRequest(f"voice {key} has {len(value)} characters, the limit is {limit}")
    return value


def _text_format(value: Any) -> TextFormat:
    match value:
        case None | "text":
            return "text"
        case "ssml":
            return "ssml"
    shown = repr(value)[:40] if isinstance(value, str) else f"a {type(value).__name__}"
    raise BadRequest(f"text_format is {shown} — send text or ssml")
