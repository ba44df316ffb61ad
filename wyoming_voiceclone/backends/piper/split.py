"""Cuts a Piper voice (one VITS graph) in three, the seams found by structure and never by name.

    text     phoneme ids, scales, noise[, sid] -> m_p, logs_p, durations[, g]   once per sentence
    flow     z_p[, g] -> z                                                      convolutions only
    decoder  z[, g]   -> audio                                                  convolutions only

Between text and flow lie only a repeat and a multiply-add, which numpy does.
"""

from dataclasses import dataclass

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

from wyoming_voiceclone.backends.piper.graph import Graph, SplitError, value_info


@dataclass(frozen=True, slots=True)
class Seams:
    """Names of the tensors where the graph is cut."""

    m_p: str
    logs_p: str
    durations: str
    duration_noise: str
    z_p: str
    mask: str
    z: str
    latent: str
    """z as the decoder reads it, after the mask."""
    audio: str
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Parts:
    text: ModelProto
    flow: ModelProto
    decoder: ModelProto
    seams: Seams


def split(model: ModelProto) -> Parts:
    """Cut the voice; SplitError when it is not a VITS graph as Piper exports it."""
    graph = Graph(model)
    seams = find_seams(graph)
    floats = TensorProto.FLOAT
    channels = _channels(graph, seams.latent)
    speaker = [value_info(seams.speaker, floats, [1, None, 1])] if seams.speaker else []
    mask = value_info(seams.mask, floats, [1, 1, 1])
    z_p = value_info(seams.z_p, floats, [1, channels, "frames"])
    latent = value_info(seams.latent, floats, [1, channels, "frames"])
    outputs = [seams.m_p, seams.logs_p, seams.durations, *(s.name for s in speaker)]
    return Parts(
        graph.extract(_text_inputs(seams), outputs),
        graph.extract([z_p, mask, *speaker], [seams.z]),
        graph.extract([latent, *speaker], [seams.audio]),
        seams,
    )


def _text_inputs(seams: Seams) -> list[ValueInfoProto]:
    inputs = [
        value_info("input", TensorProto.INT64, [1, "ids"]),
        value_info("input_lengths", TensorProto.INT64, [1]),
        value_info("scales", TensorProto.FLOAT, [3]),
        value_info(seams.duration_noise, TensorProto.FLOAT, [1, 2, "ids"]),
    ]
    if seams.speaker:  # in a single-speaker voice `sid` is the name of a weight
        inputs.append(value_info("sid", TensorProto.INT64, [1]))
    return inputs


def find_seams(graph: Graph) -> Seams:
    audio = graph.back(graph.model.graph.output[0].name, "Unsqueeze", "Identity")
    latent, condition = _decoder_entry(graph)
    durations = _only(graph, "Ceil").output[0]
    before, prior = _noises(graph, durations)
    z_p, m_p, logs_p = _prior(graph, prior)
    z, mask = _masked(graph, latent, z_p)
    speaker = _speaker(graph, condition)
    return Seams(m_p, logs_p, durations, before, z_p, mask, z, latent, audio, speaker)


def _only(graph: Graph, op: str) -> NodeProto:
    found = [node for node in graph.nodes if node.op_type == op]
    if len(found) != 1:
        raise SplitError(f"found {len(found)} {op}, expected one")
    node: NodeProto = found[0]
    return node


def _decoder_entry(graph: Graph) -> tuple[str, str | None]:
    """What the decoder's first convolution reads, and the speaker tensor added to it, if any."""
    first_up = next((node for node in graph.nodes if node.op_type == "ConvTranspose"), None)
    if first_up is None:
        raise SplitError("found no ConvTranspose: not a HiFi-GAN decoder")
    entry = graph.back(first_up.input[0], "LeakyRelu", "Identity")
    node = graph.maker(entry, "decoder entry", "Add", "Conv")
    if node.op_type == "Conv":
        return node.input[0], None
    convs = [graph.maker(name, "speaker condition", "Conv") for name in node.input]
    condition, pre = sorted(convs, key=lambda conv: graph.weight_shape(conv)[2])
    return pre.input[0], condition.input[0]


def _channels(graph: Graph, latent: str) -> int:
    conv = next(node for node in graph.consumers[latent] if node.op_type == "Conv")
    return graph.weight_shape(conv)[1]


def _noises(graph: Graph, durations: str) -> tuple[str, str]:
    """The noise behind the durations and the noise of the prior."""
    above = graph.above([durations])
    noises = [n.output[0] for n in graph.nodes if n.op_type == "RandomNormalLike"]
    before = [name for name in noises if name in above]
    prior = [name for name in noises if name not in above]
    if len(before) != 1 or len(prior) != 1:
        raise SplitError(f"found {len(before)} + {len(prior)} sources of noise, expected 1 + 1")
    return before[0], prior[0]


def _prior(graph: Graph, noise: str) -> tuple[str, str, str]:
    """z_p = m_p + noise * exp(logs_p) * noise_scale; m_p and logs_p before their repetition."""
    tensor, logs = noise, None
    node = graph.consumers[tensor][0]
    while node.op_type == "Mul":
        other = next(name for name in node.input if name != tensor)
        if (factor := graph.producer.get(other)) is not None and factor.op_type == "Exp":
            logs = factor.input[0]
        tensor = node.output[0]
        node = graph.consumers[tensor][0]
    if node.op_type != "Add" or logs is None:
        raise SplitError("the prior is not mean + noise * exp(log scale)")
    mean = next(name for name in node.input if name != tensor)
    return node.output[0], _before_repeat(graph, mean), _before_repeat(graph, logs)


def _before_repeat(graph: Graph, frames: str) -> str:
    """What x is in Transpose(MatMul(alignment, Transpose(x))): one column per phoneme id."""
    outer = graph.maker(frames, "length regulator", "Transpose")
    product = graph.maker(outer.input[0], "length regulator", "MatMul")
    return str(graph.maker(product.input[1], "length regulator", "Transpose").input[0])


def _masked(graph: Graph, latent: str, z_p: str) -> tuple[str, str]:
    """The latent z and the mask that it is multiplied by before the decoder."""
    node = graph.maker(graph.back(latent, "Slice", "Identity"), "z * mask", "Mul")
    z = [name for name in node.input if z_p in graph.above([name])]
    if len(z) != 1:
        raise SplitError("z was not found in z * mask")
    return z[0], next(name for name in node.input if name != z[0])


def _speaker(graph: Graph, condition: str | None) -> str | None:
    if "sid" not in graph.inputs:
        return None
    if condition is None:
        raise SplitError("the decoder does not read the speaker")
    return condition
