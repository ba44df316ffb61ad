"""Joining: how backends of other machines become backends of ours."""

from typing import Protocol

from wyoming_voiceclone.backends.peer import PeerBackend


class Joining(Protocol):
    """Whoever looks after everybody that can speak."""

    def join(self, backend: PeerBackend, *, gpu: bool) -> None:
        """It may speak; again when what it runs on has changed."""
        ...

    def arrived(self, name: str) -> None:
        """It is there again."""
        ...

    def leave(self, name: str) -> None:
        """It speaks no more; whoever made it closes it."""
        ...
