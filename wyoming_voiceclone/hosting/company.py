"""Company: everybody who can speak here, with those who come and go while the server runs."""

from collections.abc import Collection, Sequence

from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.roster import by_names
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.voices import engine_of

_APART = 1000.0
"""More than there are engines."""


class Ranks:
    """Who is preferred: by name, and by what it runs on."""

    def __init__(
        self, order: Sequence[str], likenesses: Collection[str], *, gpu_here: bool
    ) -> None:
        """`likenesses`: the engines that only convert what others speak."""
        self.plain = by_names(order)
        """For a voice that several have: the order that its owner wrote down, ours before boxes."""
        self._likenesses, self._gpu_here = frozenset(likenesses), gpu_here
        self._gpus: set[str] = set()

    def note(self, name: str, *, gpu: bool) -> None:
        """It runs on a machine with or without a GPU."""
        (self._gpus.add if gpu else self._gpus.discard)(name)

    def cloning(self, name: str) -> float:
        """For people's own voices: first on a GPU, then without, a likeness last."""
        engine = engine_of(name)
        has_gpu = self._gpu_here if name == engine else name in self._gpus
        group = 2 if engine in self._likenesses else 0 if has_gpu else 1
        return group * _APART + self.plain(name)


class Company:
    """Who joins is wrapped as everybody else (`boxes.joining.Joining`)."""

    def __init__(
        self, router: Router, cloning: Cloning, phrases: PhraseCache, ranks: Ranks
    ) -> None:
        self._router, self._cloning, self._phrases = router, cloning, phrases
        self._ranks = ranks

    def join(self, backend: PeerBackend, *, gpu: bool) -> None:
        self._ranks.note(backend.name, gpu=gpu)
        self._router.join(CachedBackend(self._cloning.over(backend), self._phrases))

    def arrived(self, name: str) -> None:
        self._router.wake(name)
        self._cloning.arrived()

    def leave(self, name: str) -> None:
        self._router.leave(name)
        self._cloning.leave(name)
