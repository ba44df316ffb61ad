"""Roster: the backends that are there now, the preferred one first."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from wyoming_voiceclone.backends import Backend, Capabilities
from wyoming_voiceclone.synthesis.standing import Standing
from wyoming_voiceclone.voices import engine_of

Rank = Callable[[str], float]
"""The place of a backend by its name; of two with one place, whoever came first is preferred."""


def by_names(names: Sequence[str]) -> Rank:
    """The rank that a list of names gives: `csm@gpu` just after `csm`, unnamed ones last."""
    places = {name: float(place) for place, name in enumerate(names)}

    def rank(name: str) -> float:
        if name in places:
            return places[name]
        return places.get(engine_of(name), float(len(places))) + 0.5

    return rank


class Roster:
    """Who is there, in order; and the standing of everybody who ever was."""

    def __init__(
        self,
        backends: Sequence[Backend],
        rank: Rank = lambda _: 0.0,
        most: Mapping[str, int] | None = None,
    ) -> None:
        """`most`: the sentences at once of some, by the name of the backend or its engine."""
        self._rank, self._most = rank, most or {}
        self._standings: dict[str, Standing] = {}
        self._backends: tuple[Backend, ...] = ()
        for backend in backends:
            self.join(backend)

    def __iter__(self) -> Iterator[Backend]:
        return iter(self._backends)

    def join(self, backend: Backend) -> None:
        """It may speak from now on, in the stead of one of the same name, and is not cooling."""
        those = {one.name: one for one in self._backends} | {backend.name: backend}
        self._backends = tuple(sorted(those.values(), key=lambda one: self._rank(one.name)))
        self.wake(backend.name)

    def leave(self, name: str) -> Backend | None:
        """It is asked no more; what it speaks now it may end. The caller closes it."""
        gone = next((one for one in self._backends if one.name == name), None)
        self._backends = tuple(one for one in self._backends if one is not gone)
        return gone

    def standing(self, name: str) -> Standing:
        """Also of one that has left: it may come back."""
        if name not in self._standings:
            most = self._most.get(name, self._most.get(engine_of(name)))
            self._standings[name] = Standing(name, most)
        return self._standings[name]

    def standings(self) -> Sequence[Standing]:
        """Of everybody, those who are there first."""
        return [*map(self.standing, (one.name for one in self._backends)), *self.gone()]

    def gone(self) -> Sequence[Standing]:
        here = {one.name for one in self._backends}
        return [one for name, one in self._standings.items() if name not in here]

    def wake(self, name: str) -> None:
        """There is news of it: it need not cool any longer."""
        if standing := self._standings.get(name):
            standing.health.wake()

    def capabilities(self) -> Capabilities:
        """Every voice of every backend; of two with one name, the preferred backend's."""
        offered = [backend.capabilities() for backend in self._backends]
        voices = {voice.name: voice for each in reversed(offered) for voice in each.voices}
        ordered = dict.fromkeys(voice.name for each in offered for voice in each.voices)
        return Capabilities(
            voices=tuple(voices[name] for name in ordered),
            clones=any(each.clones for each in offered),
        )
