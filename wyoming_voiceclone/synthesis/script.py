"""The script of an utterance: the stream of text, cut into lines to say and breaks to keep."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace

from wyoming_voiceclone.aio import with_pauses
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.text.sentences import SentenceSplitter, split_clause
from wyoming_voiceclone.text.ssml import Break, Span, parse_ssml
from wyoming_voiceclone.text.verbatim import unmarked

_LOGGER = logging.getLogger(__name__)

PAUSE_S = 0.15
"""A text stream this long silent after a full stop has ended its sentence."""

PART_CHARS = 1_000
"""A long text is split part by part, so that nobody else has to wait (at worst 5 ms for each)."""

Line = Span | Break


async def read_script(
    request: UtteranceRequest, text: AsyncIterator[str], language: str, clause_chars: int
) -> AsyncGenerator[Line, None]:
    """Sentences and breaks, each as soon as it is certain.

    A first sentence longer than `clause_chars` comes in two parts, so that speech begins early.
    """
    lines = _ssml(text, language) if request.text_format == "ssml" else _plain(text, language)
    first = True
    async with aclosing(lines):
        async for line in lines:
            if first and isinstance(line, Span):
                first = False
                for part in _early(line, clause_chars):
                    yield part
            else:
                yield line


async def _plain(text: AsyncIterator[str], language: str) -> AsyncGenerator[Line, None]:
    splitter = SentenceSplitter(language)
    async with aclosing(with_pauses(text, PAUSE_S)) as pieces:
        async for piece in pieces:
            if piece is None:
                for sentence in splitter.pause():
                    yield Span(sentence)
            for part in _parts(unmarked(piece or "")):
                for sentence in splitter.feed(part):
                    yield Span(sentence)
                await asyncio.sleep(0)
    for sentence in splitter.finish():
        yield Span(sentence)


def _parts(text: str) -> Iterator[str]:
    for at in range(0, len(text), PART_CHARS):
        yield text[at : at + PART_CHARS]


async def _ssml(text: AsyncIterator[str], language: str) -> AsyncGenerator[Line, None]:
    document = "".join([piece async for piece in text])
    ssml = await asyncio.to_thread(parse_ssml, document)
    for note in ssml.ignored:
        _LOGGER.warning("SSML: %s", note)
    for item in ssml.items:
        if isinstance(item, Break):
            yield item
            continue
        splitter = SentenceSplitter(item.language or language)
        for part in _parts(item.text):
            for sentence in splitter.feed(part):
                yield replace(item, text=sentence)
            await asyncio.sleep(0)
        for sentence in splitter.finish():
            yield replace(item, text=sentence)


def _early(span: Span, clause_chars: int) -> list[Span]:
    if not 0 < clause_chars < len(span.text):
        return [span]
    parts = split_clause(span.text, at_least=clause_chars // 5, at_most=clause_chars)
    return [span] if parts is None else [replace(span, text=part) for part in parts]
