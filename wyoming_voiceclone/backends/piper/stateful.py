"""Turns a convolutional graph into one that goes on where it stopped: no frame is computed twice.

Every tensor that varies with time becomes a stream that begins at time 0 and lags by a fixed
delay. Each convolution keeps the inputs it will need again; where streams of different delay
meet, the earlier one waits. All of that is state: inputs of one run that are outputs of the run
before. `begin` and `end` (0 or 1) mark the first and the last run, where the padding goes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference

from wyoming_voiceclone.backends.piper.convolution import padding, upsampling
from wyoming_voiceclone.backends.piper.entry import NEXT, State
from wyoming_voiceclone.backends.piper.graph import (
    CHANNELS,
    TIME,
    Graph,
    SplitError,
    attribute,
    value_info,
)
from wyoming_voiceclone.backends.piper.streams import Stream, Streams
from wyoming_voiceclone.backends.piper.streams import node as make_node

_POINTWISE = frozenset({"Neg", "Exp", "Tanh", "Sigmoid", "LeakyRelu", "Relu", "Identity"})
_KEEP_ZERO = frozenset({"LeakyRelu", "Relu", "Tanh", "Identity"})
_BINARY = frozenset({"Add", "Sub", "Mul", "Div"})
_UNIFORM: Mapping[str, Callable[[float], float]] = {"Neg": lambda x: -x, "Exp": np.exp}


@dataclass(frozen=True, slots=True)
class Stateful:
    model: ModelProto
    states: tuple[State, ...]
    rate: int
    """Output samples per input frame."""
    delay: int
    """Output samples that only come with the frames after them."""
    lead: int
    """Frames that the first run needs at least, unless it is also the last."""


def stateful(part: ModelProto, stream: str, uniform: Mapping[str, float]) -> Stateful:
    """Rewrite `part`, whose input `stream` [1, channels, frames] varies with time.

    `uniform`: inputs that hold one value everywhere. SplitError when an operator may look along
    time in a way that is not known here.
    """
    return _Surgery(part, stream, uniform).result()


class _Surgery:
    def __init__(self, part: ModelProto, stream: str, uniform: Mapping[str, float]) -> None:
        self._graph = Graph(part)
        self._stream = stream
        self._channels = _channels(part)
        self._uniform = dict(uniform)
        self._names: dict[str, str] = {}
        self._streams = Streams()
        self._streams.known[stream] = Stream(0, 1, self._channels[stream])
        for node in self._graph.nodes:
            self._convert(node)

    def result(self) -> Stateful:
        output = self._graph.model.graph.output[0].name
        last = self._streams.known.get(self._name(output))
        if last is None:
            raise SplitError(f"{output} does not depend on {self._stream}")
        lead = max(s.delay // s.rate + 1 for s in self._streams.known.values())
        return Stateful(
            self._model(output), tuple(self._streams.states), last.rate, last.delay, lead
        )

    def _model(self, output: str) -> ModelProto:
        nodes = self._streams.new.nodes
        nodes.append(make_node("Identity", [self._name(output)], [output + ".out"]))
        floats, ints = TensorProto.FLOAT, TensorProto.INT64
        kept = [i for i in self._graph.model.graph.input if i.name not in self._uniform]
        states = [value_info(s.name, floats, [1, s.channels, None]) for s in self._streams.states]
        flags = [value_info(name, ints, [1]) for name in ("begin", "end")]
        tensors = [*self._graph.initializers.values(), *self._streams.new.constants]
        outputs = [output + ".out", *(s.name + NEXT for s in self._streams.states)]
        whole = self._graph.part(nodes, [*kept, *states, *flags], outputs, tensors)
        return Graph(whole).extract(list(whole.graph.input), outputs)

    def _name(self, tensor: str) -> str:
        return self._names.get(tensor, tensor)

    def _convert(self, node: NodeProto) -> None:
        inputs = [self._name(name) for name in node.input]
        moving = [name for name in inputs if name in self._streams.known]
        if node.op_type == "ConstantOfShape":
            value = attribute(node, "value", None)
            fill = float(numpy_helper.to_array(value)[0]) if value is not None else 0.0
            self._uniform[node.output[0]] = fill
        elif node.op_type == "Shape" or (not moving and self._fold(node, inputs)):
            pass  # only ConstantOfShape may read a length; anything else will not find its input
        elif not moving:
            self._streams.new.nodes.append(_renamed(node, inputs))
        elif node.op_type == "Conv":
            self._conv(node, inputs)
        elif node.op_type == "ConvTranspose":
            self._conv_transpose(node, inputs)
        elif node.op_type in _BINARY and self._is_identity(node, inputs):
            self._names[node.output[0]] = moving[0]
        else:
            self._along(node, inputs)

    def _fold(self, node: NodeProto, inputs: list[str]) -> bool:
        """Compute a uniform tensor from a uniform one."""
        if node.op_type not in _UNIFORM or inputs[0] not in self._uniform:
            return False
        self._uniform[node.output[0]] = float(_UNIFORM[node.op_type](self._uniform[inputs[0]]))
        return True

    def _is_identity(self, node: NodeProto, inputs: list[str]) -> bool:
        """Whether it is x * 1, x / 1, x + 0 or x - 0: an export leaves masks and zeros behind."""
        neutral = 0.0 if node.op_type in ("Add", "Sub") else 1.0
        either = inputs if node.op_type in ("Add", "Mul") else inputs[1:]
        return any(self._uniform.get(name) == neutral for name in either)

    def _along(self, node: NodeProto, inputs: list[str]) -> None:
        """A node that treats each moment by itself."""
        if node.op_type == "Slice" and self._takes_all(inputs):
            self._names[node.output[0]] = inputs[0]
            return
        self._require_pointwise(node, inputs)
        inputs = [self._constant_if_uniform(name) for name in inputs]
        moving = [self._streams.known[name] for name in inputs if name in self._streams.known]
        if len({s.rate for s in moving}) > 1:
            raise SplitError(f"{node.op_type} of streams with different rates")
        delay = max(s.delay for s in moving)
        self._streams.new.nodes.append(
            _renamed(node, [self._streams.later(name, delay) for name in inputs])
        )
        for name in node.output:
            self._streams.known[name] = Stream(delay, moving[0].rate, self._channels[name])

    def _require_pointwise(self, node: NodeProto, inputs: list[str]) -> None:
        if node.op_type in _POINTWISE or node.op_type in _BINARY:
            return
        if node.op_type in ("Split", "Concat") and attribute(node, "axis", 0) in (1, -2):
            return
        if node.op_type == "Slice":
            axes = self._graph.constant(node.input[3]).tolist() if len(inputs) > 3 else [TIME]
            if set(axes) <= {0, CHANNELS}:
                return
        raise SplitError(f"{node.op_type} may look along time")

    def _takes_all(self, inputs: list[str]) -> bool:
        """Whether a Slice leaves everything as it is."""
        constants = [self._graph.constant(name).tolist() for name in inputs[1:]]
        starts, ends = constants[:2]
        steps = constants[3] if len(constants) > 3 else [1] * len(starts)
        far = np.iinfo(np.int32).max
        return all(s == 0 for s in starts) and all(e >= far for e in ends) and set(steps) == {1}

    def _constant_if_uniform(self, name: str) -> str:
        if name not in self._uniform:
            return name
        return self._streams.new.array(np.full((1, 1, 1), self._uniform[name], np.float32))

    def _conv(self, node: NodeProto, inputs: list[str]) -> None:
        pad = padding(self._graph, node)
        source, between = self._before_activations(inputs[0])
        # zeros stay zeros in these activations, so they may come after the padding; what the
        # residual connection reads then lies in the same state as what the convolution reads
        padded = self._streams.padded(source, pad) if pad else source
        for activation in between:
            padded = self._again(activation, padded)
        self._streams.new.nodes.append(_renamed(node, [padded, *inputs[1:]], pads=[0, 0]))
        stream, name = self._streams.known[source], node.output[0]
        after = Stream(stream.delay + pad, stream.rate, self._channels[name])
        self._streams.known[name] = after

    def _before_activations(self, name: str) -> tuple[str, list[NodeProto]]:
        """The stream before the activations that made `name`, and these, first one first."""
        between: list[NodeProto] = []
        while (maker := self._graph.producer.get(name)) is not None:
            if maker.op_type not in _KEEP_ZERO:
                break
            between.insert(0, maker)
            name = self._name(maker.input[0])
        return name, between

    def _again(self, activation: NodeProto, source: str) -> str:
        copy = _renamed(activation, [source])
        copy.name = ""  # the original keeps it
        copy.output[0] = f"{source}.{activation.op_type}"
        self._streams.new.nodes.append(copy)
        return str(copy.output[0])

    def _conv_transpose(self, node: NodeProto, inputs: list[str]) -> None:
        kernel, stride, pad = upsampling(self._graph, node)
        stream, name = self._streams.known[inputs[0]], node.output[0]
        count = -(-kernel // stride) - 1
        held = self._streams.before(inputs[0], count) if count else inputs[0]
        copy = _renamed(node, [held, *inputs[1:]], pads=[0, 0])
        if pad:
            copy.output[0] = name + ".edges"
            self._names[name] = self._streams.without_edges(copy.output[0], count * stride, pad)
        self._streams.new.nodes.append(copy)
        after = Stream(stream.delay * stride + pad, stream.rate * stride, self._channels[name])
        self._streams.known[self._name(name)] = after


def _channels(part: ModelProto) -> dict[str, int]:
    """The size of the channel axis of every tensor where it is known."""
    inferred = shape_inference.infer_shapes(part).graph
    sizes: dict[str, int] = {}
    for info in (*inferred.input, *inferred.value_info, *inferred.output):
        dims = info.type.tensor_type.shape.dim
        if len(dims) == 3 and dims[CHANNELS].HasField("dim_value"):
            sizes[info.name] = dims[CHANNELS].dim_value
    return sizes


def _renamed(node: NodeProto, inputs: list[str], pads: list[int] | None = None) -> NodeProto:
    """A copy of `node` that reads `inputs`, with other `pads` if given."""
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = inputs
    if pads is not None:
        kept = [a for a in node.attribute if a.name != "pads"]
        del copy.attribute[:]
        copy.attribute.extend([*kept, helper.make_attribute("pads", pads)])
    return copy
