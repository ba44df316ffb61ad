"""The windowed relative attention of a Piper text encoder, exact and cheap.

The export pads its small table of relative embeddings (2w+1 rows, w = 4) with zeros to 2L-1 rows,
L being the number of phoneme ids, and multiplies by all of them. Here only the real rows are
multiplied, and the band is moved between [L, rows] and [L, L] by writing it with another width.
"""

from typing import Any

import numpy.typing as npt
from onnx import ModelProto, NodeProto

from wyoming_voiceclone.backends.piper.graph import Builder, Graph

_RESHAPING = ("Pad", "Slice", "Unsqueeze", "Transpose", "Identity")
_SHIFTING = ("Pad", "Reshape", "Slice", "Concat")
_MAX_ROWS = 33  # a relative table is small; anything larger is another kind of weight


def with_cheap_attention(text: ModelProto) -> tuple[ModelProto, int]:
    """The same text graph for less work, and how many products were replaced."""
    graph = Graph(text)
    renamed: dict[str, str] = {}
    bands: dict[str, _Band] = {}
    for node in graph.nodes:
        if node.op_type != "MatMul" or (table := _table(graph, node.input[1])) is None:
            continue
        band = _Band(f"band{len(bands)}.", table)
        if _is_transposed(graph, node.input[1]):
            result = _end_of_shift(graph, node)
            renamed[result] = band.scores(node.input[0])
        else:
            result = node.output[0]
            renamed[result] = band.values(graph.back(node.input[0], "Slice", "Reshape", "Pad"))
        bands[result] = band
    return _assembled(graph, bands, renamed), len(bands)


def _table(graph: Graph, tensor: str) -> npt.NDArray[Any] | None:
    """The relative embeddings [rows, depth] behind `tensor`, if that is what it is."""
    name = graph.back(tensor, *_RESHAPING)
    if name not in graph.initializers:
        return None
    value = graph.constant(name)
    found = value.ndim == 3 and value.shape[0] == 1 and value.shape[1] <= _MAX_ROWS
    return value[0] if found and value.shape[1] % 2 else None


def _is_transposed(graph: Graph, tensor: str) -> bool:
    """Queries are multiplied by the transposed table, attention weights by the table itself."""
    while (node := graph.producer.get(tensor)) is not None:
        if node.op_type == "Transpose":
            return True
        tensor = node.input[0]
    return False


def _end_of_shift(graph: Graph, node: NodeProto) -> str:
    """Where the export's own way from relative to absolute positions ends."""
    while True:
        after = [n for n in graph.consumers[node.output[0]] if n.op_type in _SHIFTING]
        if not after:
            return str(node.output[0])
        node = after[0]


class _Band:
    """The nodes of one replacement; tensors are [batch, heads, L, rows or L]."""

    def __init__(self, prefix: str, table: npt.NDArray[Any]) -> None:
        self.new = Builder(prefix)
        self._table = table
        self._rows = table.shape[0]
        self._side = (self._rows - 1) // 2

    def scores(self, query: str) -> str:
        """[L, rows] -> [L, L]: written one column narrower, row i moves right by i."""
        new = self.new
        scores = new.add("MatMul", query, new.array(self._table.T[None, None]))
        length = self._length(scores)
        pads = new.add("Concat", new.ints(*[0] * 7), length, axis=0)  # L zeros after each row
        flat = new.add("Reshape", new.add("Pad", scores, pads), new.ints(0, 0, -1))
        width = new.add("Add", length, new.ints(self._rows - 1))
        used = new.slice(flat, new.ints(0), new.add("Mul", length, width), 2)
        moved = self._rows_of(used, width)
        stop = new.add("Add", length, new.ints(self._side))
        return new.slice(moved, new.ints(self._side), stop, 3)

    def values(self, weights: str) -> str:
        """The band [L, rows] of the attention weights [L, L], times the table."""
        new, side = self.new, self._side
        length = self._length(weights)
        padded = new.add("Pad", weights, new.ints(0, 0, 0, side, 0, 0, 0, side))
        flat = new.add("Reshape", padded, new.ints(0, 0, -1))
        rest = new.add("Concat", new.ints(*[0] * 5), length, axis=0)  # one more for each row
        width = new.add("Add", length, new.ints(self._rows))
        moved = self._rows_of(new.add("Pad", flat, rest), width)
        band = new.slice(moved, new.ints(0), new.ints(self._rows), 3)
        return new.add("MatMul", band, new.array(self._table[None, None]))

    def _length(self, tensor: str) -> str:
        return self.new.add("Gather", self.new.add("Shape", tensor), self.new.ints(2), axis=0)

    def _rows_of(self, flat: str, width: str) -> str:
        shape = self.new.add("Concat", self.new.ints(0, 0, -1), width, axis=0)
        return self.new.add("Reshape", flat, shape)


def _assembled(graph: Graph, bands: dict[str, _Band], renamed: dict[str, str]) -> ModelProto:
    """Every band before the node whose result it replaces; what nothing reads any more is gone."""
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        for name in node.output:
            nodes += bands[name].new.nodes if name in bands else ()
        nodes.append(node)
    for i, node in enumerate(nodes):
        nodes[i] = copy = NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [renamed.get(name, name) for name in node.input]
    outputs = [output.name for output in graph.model.graph.output]
    constants = [c for band in bands.values() for c in band.new.constants]
    tensors = [*graph.initializers.values(), *constants]
    inputs = list(graph.model.graph.input)
    return Graph(graph.part(nodes, inputs, outputs, tensors)).extract(inputs, outputs)
