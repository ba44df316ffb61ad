"""What a convolution does to the time axis, read from its attributes."""

from onnx import NodeProto

from wyoming_voiceclone.backends.piper.graph import Graph, SplitError, attribute


def padding(graph: Graph, conv: NodeProto) -> int:
    """Zeros on each side of a convolution that keeps the length."""
    kernel = graph.weight_shape(conv)[2:]
    span = (kernel[0] - 1) * attribute(conv, "dilations", [1])[0]
    pads = list(attribute(conv, "pads", [0, 0]))
    plain = attribute(conv, "auto_pad", b"NOTSET") == b"NOTSET" and len(kernel) == 1
    if not plain or attribute(conv, "strides", [1]) != [1] or pads != [span // 2] * 2 or span % 2:
        raise SplitError("a convolution changes the length or is padded unevenly")
    return int(span // 2)


def upsampling(graph: Graph, conv: NodeProto) -> tuple[int, int, int]:
    """Kernel, stride and padding of a transposed convolution that makes `stride` of each moment."""
    kernel = graph.weight_shape(conv)[2:]
    stride = attribute(conv, "strides", [1])[0]
    pads = list(attribute(conv, "pads", [0, 0]))
    plain = attribute(conv, "auto_pad", b"NOTSET") == b"NOTSET" and len(kernel) == 1
    plain = plain and attribute(conv, "dilations", [1]) == [1]
    plain = plain and attribute(conv, "output_padding", [0]) == [0]
    if not plain or pads[0] != pads[1] or kernel[0] - 2 * pads[0] != stride:
        raise SplitError("a transposed convolution is not a plain upsampling")
    return kernel[0], stride, pads[0]
