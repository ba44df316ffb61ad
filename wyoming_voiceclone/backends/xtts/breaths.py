"""Breaths: a sentence cut into what the model says at once."""

import re
from collections.abc import Callable, Iterator, Sequence

from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.text.clauses import run_on_cut

Encode = Callable[[str], Sequence[int]]
_FEWEST_CHARS = 8


def breaths(text: str, most_chars: int) -> list[str]:
    """`text` cut at clauses, else between words; without those in which nothing is to be said."""
    text = re.sub(r"[\[\]\x00-\x1f]", " ", text)  # brackets are commands: [STOP], [en]
    found = []
    start = 0
    while len(text) - start > most_chars:
        cut = run_on_cut(text, start, start + most_chars)
        found.append(text[start:cut])
        start = cut
    pieces = (piece.strip().lower() for piece in [*found, text[start:]])
    return [piece for piece in pieces if any(char.isalnum() for char in piece)]


def encoded(piece: str, encode: Encode, most_tokens: int) -> Iterator[tuple[str, Sequence[int]]]:
    """The piece as the model reads it; in halves where it is too long: numbers, rare letters."""
    tokens = encode(piece)
    if len(tokens) <= most_tokens:
        yield piece, tokens
    elif len(piece) < _FEWEST_CHARS:
        raise BadRequest(f"{len(piece)} characters take {len(tokens)} tokens — write it in words")
    else:
        for half in breaths(piece, -(-len(piece) // 2)):
            yield from encoded(half, encode, most_tokens)
