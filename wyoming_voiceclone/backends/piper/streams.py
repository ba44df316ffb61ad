"""The streams of a stateful graph: how far each one lags, and what must be kept of it."""

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, helper

from wyoming_voiceclone.backends.piper.entry import NEXT, State
from wyoming_voiceclone.backends.piper.graph import LAST, TIME, Builder

_FAR = 1 << 40  # beyond any length, and no overflow when something is subtracted


@dataclass(frozen=True, slots=True)
class Stream:
    delay: int
    """Moments at its own rate that come only with later frames."""
    rate: int
    """Moments per input frame."""
    channels: int


class Streams:
    """Every tensor that varies with time, and the nodes that keep what is needed again."""

    def __init__(self) -> None:
        self.new = Builder("s")
        self.known: dict[str, Stream] = {}
        self.states: list[State] = []
        self._views: dict[tuple[str, int], str] = {}

    def later(self, name: str, delay: int) -> str:
        """The stream `name`, held back until it lags by `delay`; what is no stream as it is."""
        stream = self.known.get(name)
        if stream is None or stream.delay == delay:
            return name
        wait = delay - stream.delay
        if (name, wait) not in self._views:
            held = self._held(name, initial=0, keep=wait)
            self._views[name, wait] = self._cut(held, self.new.ints(0), self._flag(-wait, _FAR))
        return self._views[name, wait]

    def padded(self, name: str, pad: int) -> str:
        """`name` with the moments before it, and zeros on both its outer ends."""
        held = self._held(name, initial=pad, keep=2 * pad)
        zeros = self.new.array(np.zeros((1, self.known[name].channels, pad), np.float32))
        tail = self._cut(zeros, self.new.ints(0), self._flag(0, pad))
        padded = self.new.add("Concat", held, tail, axis=TIME)
        # what a residual connection adds to the convolution's output costs no second state
        self._views[name, pad] = self._cut(padded, self.new.ints(pad), self.new.ints(-pad))
        return padded

    def before(self, name: str, count: int) -> str:
        """`name` with the `count` moments before it, which are zeros at the beginning."""
        return self._held(name, initial=count, keep=count)

    def without_edges(self, name: str, start: int, edge: int) -> str:
        """Cut `start` moments and an `edge` on both sides that belongs to other runs.

        Before the first run lies no other: its left edge is padding; so is the last one's right.
        """
        first = self.new.add("Add", self._flag(start, 0), self._flag(0, edge, "begin"))
        return self._cut(name, first, self._flag(-2 * edge, edge))

    def _held(self, name: str, *, initial: int, keep: int) -> str:
        """A new state followed by the stream; its last `keep` moments are the next state."""
        state = State(f"state{len(self.states)}", self.known[name].channels, initial)
        self.states.append(state)
        held = self.new.add("Concat", state.name, name, axis=TIME)
        kept = self._cut(held, self.new.ints(-keep), self.new.ints(LAST))
        self.new.nodes.append(node("Identity", [kept], [state.name + NEXT]))
        return held

    def _cut(self, name: str, start: str, stop: str) -> str:
        return self.new.slice(name, start, stop, TIME)

    def _flag(self, normally: int, more: int, flag: str = "end") -> str:
        """`normally`, and `more` added to it in the run where `flag` is 1."""
        scaled = self.new.add("Mul", flag, self.new.ints(more))
        return self.new.add("Add", scaled, self.new.ints(normally))


def node(op: str, inputs: list[str], outputs: list[str]) -> NodeProto:
    return helper.make_node(op, inputs, outputs)
