"""From a client's event to what it asks for."""

from collections.abc import Mapping
from typing import Any

from wyoming_voiceclone.backends import Setting
from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.synthesis.utterance import TextFormat, UtteranceRequest

SPEED = (0.25, 4.0)
SILENCE_S = (0.0, 60.0)
MOST_SETTINGS = 32


def utterance_request(data: Mapping[str, Any], name_chars: int) -> UtteranceRequest:
    """Read how to speak from `synthesize` and `synthesize-start`. Raises BadRequest."""
    voice = _object(data, "voice", "name, language, speaker")
    manner = _object(data, "voiceclone", "speed, sentence_silence_s, settings")
    return UtteranceRequest(
        voice=_name(voice, "name", name_chars),
        language=_name(voice, "language", name_chars),
        speaker=_name(voice, "speaker", name_chars),
        text_format=_text_format(data.get("text_format")),
        speed=_number(manner, "speed", SPEED) or 1.0,
        sentence_silence_s=_number(manner, "sentence_silence_s", SILENCE_S),
        settings=_settings(_object(manner, "settings", "the engine's settings"), name_chars),
    )


def text_of(data: Mapping[str, Any]) -> str:
    """The `text` of an event. Raises BadRequest."""
    text = data.get("text")
    if not isinstance(text, str):
        got = "missing" if text is None else f"a {type(text).__name__}"
        raise BadRequest(f"text is {got} — send a string")
    return text


def _object(data: Mapping[str, Any], key: str, holds: str) -> Mapping[str, Any]:
    value = data.get(key)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{key} is a {type(value).__name__} — send an object with {holds}")
    return value or {}


def _number(manner: Mapping[str, Any], key: str, span: tuple[float, float]) -> float | None:
    if (value := manner.get(key)) is None:
        return None
    low, high = span
    if type(value) not in (int, float) or not low <= value <= high:
        raise BadRequest(f"{key} is {str(value)[:20]} — send a number from {low:g} to {high:g}")
    return float(value)


def _settings(settings: Mapping[str, Any], name_chars: int) -> dict[str, Setting]:
    if len(settings) > MOST_SETTINGS:
        raise BadRequest(f"there are {len(settings)} settings, the limit is {MOST_SETTINGS}")
    for key, value in settings.items():
        if not isinstance(value, str | int | float) or len(key) + len(str(value)) > name_chars:
            raise BadRequest(f"setting {key[:40]} is no short text, number or boolean")
    return dict(settings)


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
