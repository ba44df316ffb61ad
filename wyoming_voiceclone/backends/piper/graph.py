"""Look-ups in an ONNX graph, and a place to write new nodes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

CHANNELS, TIME = 1, 2
"""Axes of a tensor that varies with time: [batch, channels, time]."""

LAST = np.iinfo(np.int64).max
"""`ends` of a Slice that goes to the end."""


class SplitError(ValueError):
    """The graph is not built as this method needs: speak with it whole."""


class Graph:
    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.nodes = list(model.graph.node)
        self.initializers = {tensor.name: tensor for tensor in model.graph.initializer}
        self.inputs = [i.name for i in model.graph.input if i.name not in self.initializers]
        self.producer = {out: node for node in self.nodes for out in node.output if out}
        self.consumers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def maker(self, tensor: str, what: str, *ops: str) -> NodeProto:
        """The node that makes `tensor`: one of `ops`, else SplitError."""
        node: NodeProto | None = self.producer.get(tensor)
        if node is None or node.op_type not in ops:
            found = node.op_type if node else "an input"
            raise SplitError(f"{what}: made by {found}, expected {' or '.join(ops)}")
        return node

    def back(self, tensor: str, *ops: str) -> str:
        """Go up by the first input while the producer is one of `ops`."""
        while (node := self.producer.get(tensor)) is not None and node.op_type in ops:
            tensor = node.input[0]
        return tensor

    def above(self, outputs: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """Every tensor that `outputs` depend on; `stop` and what lies above it left out."""
        seen: set[str] = set()
        known = {"", *stop}
        todo = [name for name in outputs if name not in known]
        while todo:
            seen.add(tensor := todo.pop())
            if (node := self.producer.get(tensor)) is not None:
                todo += (name for name in node.input if name not in seen and name not in known)
        return seen

    def making(self, tensors: set[str]) -> list[NodeProto]:
        """The nodes that make any of `tensors`, in the order of the graph."""
        return [node for node in self.nodes if not tensors.isdisjoint(node.output)]

    def constant(self, tensor: str) -> npt.NDArray[Any]:
        """The value of a tensor that is written in the file; SplitError for any other."""
        tensor = self.back(tensor, "Identity")
        node = self.producer.get(tensor)
        if node is not None and node.op_type == "Constant":
            return numpy_helper.to_array(node.attribute[0].t)
        if tensor in self.initializers:
            return numpy_helper.to_array(self.initializers[tensor])
        raise SplitError(f"{tensor} is computed, expected a constant")

    def weight_shape(self, conv: NodeProto) -> tuple[int, ...]:
        tensor = self.initializers.get(self.back(conv.input[1], "Identity"))
        if tensor is None:
            raise SplitError(f"the weight of a {conv.op_type} is computed, expected a constant")
        return tuple(tensor.dims)

    def extract(self, inputs: Sequence[ValueInfoProto], outputs: Sequence[str]) -> ModelProto:
        """The part between `inputs` and `outputs`; SplitError if it needs another input."""
        needed = self.above(outputs, stop=[i.name for i in inputs])
        if leaked := [name for name in self.inputs if name in needed]:
            raise SplitError(f"{list(outputs)} still depend on {leaked}")
        nodes = self.making(needed)
        used = {name for node in nodes for name in node.input}
        return self.part(
            nodes,
            [i for i in inputs if i.name in used],
            outputs,
            [tensor for name, tensor in self.initializers.items() if name in needed],
        )

    def part(
        self,
        nodes: Sequence[NodeProto],
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[str],
        initializers: Sequence[TensorProto],
    ) -> ModelProto:
        """A model of its own, with the operator set of this one."""
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(nodes, "part", inputs, made, initializers)
        model = helper.make_model(graph, opset_imports=list(self.model.opset_import))
        model.ir_version = self.model.ir_version
        return model


class Builder:
    """Writes nodes and constants whose names begin with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._prefix = prefix
        self._known: dict[tuple[int, ...], str] = {}

    def add(self, op: str, *inputs: str, **attributes: int | list[int]) -> str:
        name = f"{self._prefix}{len(self.nodes)}"
        node = helper.make_node(op, list(inputs), [name])
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(node)
        return name

    def array(self, value: npt.NDArray[Any]) -> str:
        name = f"{self._prefix}c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, *values: int) -> str:
        if values not in self._known:
            self._known[values] = self.array(np.array(values, np.int64))
        return self._known[values]

    def slice(self, tensor: str, start: str, stop: str, axis: int) -> str:
        return self.add("Slice", tensor, start, stop, self.ints(axis))


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    found = next((a for a in node.attribute if a.name == name), None)
    return default if found is None else helper.get_attribute_value(found)


def value_info(name: str, kind: int, shape: Sequence[int | str | None]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)
