"""What a client asks for: all the sentences of one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wyoming_voiceclone.backends import Setting

TextFormat = Literal["text", "ssml"]


@dataclass(frozen=True, slots=True)
class UtteranceRequest:
    """How to speak; the text itself comes as a stream beside it."""

    voice: str | None = None
    """A voice's name; None = the best for `language`, or the default."""
    language: str | None = None
    """BCP-47; None = the voice's main one."""
    speaker: str | None = None
    """A speaker of a multi-speaker voice; the same as the voice `voice#speaker`."""
    text_format: TextFormat = "text"
    speed: float = 1.0
    sentence_silence_s: float | None = None
    """Between two sentences; None = the voice's own."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
