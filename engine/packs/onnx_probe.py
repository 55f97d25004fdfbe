"""Looks at an ONNX file that a user brings along, in a process of its own: `python -m engine.packs.onnx_probe FILE`.

It prints one line of JSON: what the network takes and gives, or why it is refused. Memory and time are limited, where
the system can, so that a hostile file harms nothing but this process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

MOST_BYTES = 1 << 29
PACKAGES_MISSING = 'ONNX networks need two more packages. Install them with: pip install "visavis[onnx]"'
_MOST_MEMORY, _MOST_SECONDS = 6 << 30, 60
_SIDES, _DIMENSIONS = range(32, 513), range(16, 4097)


class Refused(Exception):  # noqa: N818 - it is an answer
    """Why a network cannot be used, as a sentence."""


def looked_at(content: bytes) -> dict[str, Any]:
    """What a network takes and gives.

    Returns:
        "side": pixels; "channels_last": order of the axes; "dynamic": whether it takes any number of faces at once;
        "dimension": of the embeddings.

    Raises:
        Refused: it is none that embeds faces.
    """
    import onnx  # noqa: PLC0415 - an extra
    import onnxruntime  # noqa: PLC0415

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:
        raise Refused("The file holds no ONNX network.") from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model.graph)):
        raise Refused("The network keeps its weights in another file. Save it as a single file.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Refused("onnxruntime cannot run the network. Save it with a common opset.") from error
    return _tried(session)


def _tried(session: Any) -> dict[str, Any]:
    if len(session.get_inputs()) != 1:
        raise Refused("The network takes more than one input. One is needed: a face.")
    taken = session.get_inputs()[0]
    shape = list(taken.shape)
    if taken.type != "tensor(float)" or len(shape) != 4:
        raise Refused(f"The network takes {taken.type} of {len(shape)} axes. It must take float32 pictures in batches.")
    channels_last = shape[3] == 3 and shape[1] != 3
    sides = shape[1:3] if channels_last else shape[2:]
    if 3 not in (shape[1], shape[3]) or sides[0] != sides[1] or sides[0] not in _SIDES:
        raise Refused(
            f"The network takes pictures of {' x '.join(map(str, shape[1:]))}. They must be square, of one fixed size, "
            "in three colours."
        )
    side, dynamic = int(sides[0]), not isinstance(shape[0], int)
    if not dynamic and shape[0] != 1:
        raise Refused(f"The network takes exactly {shape[0]} faces at once. Save it for one, or for any number.")
    random = np.random.default_rng(0)
    dimension = 0
    for count in (1, 3) if dynamic else (1, 1):
        faces = random.uniform(-1, 1, (count, side, side, 3)).astype(np.float32)
        batch = faces if channels_last else np.ascontiguousarray(faces.transpose(0, 3, 1, 2))
        try:
            given = np.asarray(session.run(None, {taken.name: batch})[0])
        except Exception as error:
            raise Refused(f"The network fails on {count} faces at once. Save it for any number.") from error
        if (
            given.dtype != np.float32
            or given.shape[0] != count
            or given.size != count * given.reshape(count, -1).shape[1]
        ):
            raise Refused("The network gives something else than one float32 embedding a face.")
        dimension = given.reshape(count, -1).shape[1]
        if not np.isfinite(given).all() or not np.linalg.norm(given.reshape(count, -1), axis=1).all():
            raise Refused("The network gives values that are no numbers, or nothing but zeros.")
    if dimension not in _DIMENSIONS:
        raise Refused(f"The network gives {dimension:,} values a face. An embedding has 16 to 4,096.")
    return {"side": side, "channels_last": channels_last, "dynamic": dynamic, "dimension": dimension}


def _tensors(graph: Any) -> Iterator[Any]:
    """All constant tensors of a graph and of the graphs inside it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inside in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _tensors(inside)


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CPU, _MOST_SECONDS)):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Print what the file named on the command line is."""
    _limit()
    try:
        answer = looked_at(Path(sys.argv[1]).read_bytes())
    except Refused as error:
        answer = {"refused": str(error)}
    except ImportError:
        answer = {"refused": PACKAGES_MISSING}
    print(json.dumps(answer))  # noqa: T201 - it is how it answers


if __name__ == "__main__":
    main()
