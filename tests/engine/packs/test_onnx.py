"""ONNX networks that a user brings along: tried before they are accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.alignment.chips import chip_of_crop
from engine.device import choose_device
from engine.errors import BadInputError, PackError
from engine.evaluation.scaling import Tried, best_scaling
from engine.matching.calibration import Calibration
from engine.pack_values import SCALING_WORDS
from engine.packs.embedder import Embedder
from engine.packs.installed import find_pack, packs_folder
from engine.packs.onnx_network import SCALINGS, OnnxShape, probe
from engine.packs.onnx_probe import Refused, looked_at
from engine.packs.own import brought_onnx, store_onnx
from engine.pipeline import Pipeline
from engine.types import CancelToken, Metric, silent

SIDE = 112
CPU = choose_device("cpu", "fp32")


def network(
    shape: tuple[object, ...] = ("N", 3, SIDE, SIDE),
    outputs: int = 64,
    weights: np.ndarray | None = None,
    bias: float = 0.0,
) -> onnx.ModelProto:
    """Averages each eighth of the picture by a convolution with stride, then a linear layer."""
    channels_last = shape[-1] == 3
    side = shape[2]
    rng = np.random.default_rng(0)
    pooled = (int(side) // 16) ** 2 * 3 if isinstance(side, int) else 147
    matrix = rng.normal(size=(pooled, outputs)).astype(np.float32) if weights is None else weights
    nodes = [helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[16, 16], strides=[16, 16])]
    if channels_last:
        nodes = [helper.make_node("Transpose", ["face"], ["x"], perm=[0, 3, 1, 2]), *nodes]
    else:
        nodes = [helper.make_node("Identity", ["face"], ["x"]), *nodes]
    nodes += [
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "faces",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [shape[0], outputs])],
        [numpy_helper.from_array(matrix, "w"), numpy_helper.from_array(np.full(outputs, bias, np.float32), "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[onnx.ModelProto], Path]:
    def store(model: onnx.ModelProto) -> Path:
        place = tmp_path / "mine.onnx"
        place.write_bytes(model.SerializeToString())
        return place

    return store


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("N", 3, SIDE, SIDE), OnnxShape(SIDE, channels_last=False, dynamic=True, dimension=64)),
        ((1, 3, 96, 96), OnnxShape(96, channels_last=False, dynamic=False, dimension=64)),
        (("N", 160, 160, 3), OnnxShape(160, channels_last=True, dynamic=True, dimension=64)),
    ],
)
def test_that_a_network_is_seen_for_what_it_takes(shape: tuple[object, ...], expected: OnnxShape) -> None:
    assert OnnxShape(**looked_at(network(shape).SerializeToString())) == expected


def _external(model: onnx.ModelProto) -> onnx.ModelProto:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/hostname"
    return model


def _hidden_external() -> onnx.ModelProto:
    """The same inside a constant."""
    model = network()
    tensor = numpy_helper.from_array(np.ones(4, np.float32), "c")
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))
    inside = model.graph.node[-1].attribute[0].t
    inside.ClearField("raw_data")
    inside.data_location = TensorProto.EXTERNAL
    return model


def _two_inputs() -> onnx.ModelProto:
    model = network()
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    return model


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no ONNX network|cannot run"),
        (b"not a network at all", "holds no ONNX network"),
        (_external(network()).SerializeToString(), "in another file"),
        (_hidden_external().SerializeToString(), "in another file"),
        (_two_inputs().SerializeToString(), "more than one input"),
        (network(("N", 3, 16, 16)).SerializeToString(), "must be square"),
        (network(("N", 3, SIDE, 128), weights=np.ones((168, 64), np.float32)).SerializeToString(), "must be square"),
        (network((4, 3, SIDE, SIDE)).SerializeToString(), "exactly 4 faces"),
        (network(outputs=8).SerializeToString(), "gives 8 values"),
        (network(weights=np.zeros((147, 64), np.float32)).SerializeToString(), "nothing but zeros"),
        (network(weights=np.full((147, 64), np.nan, np.float32)).SerializeToString(), "no numbers"),
    ],
    ids=["empty", "text", "external", "hidden", "inputs", "small", "oblong", "four", "short", "zeros", "nan"],
)
def test_that_what_is_no_embedder_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        looked_at(content)


def test_that_a_file_is_tried_in_a_process_of_its_own(
    stored: Callable[[onnx.ModelProto], Path], tmp_path: Path
) -> None:
    assert probe(stored(network())).dimension == 64
    with pytest.raises(PackError, match="“mine.onnx” cannot be used. The network keeps its weights in another file"):
        probe(stored(_external(network())))
    with pytest.raises(PackError, match="cannot be read: No such file"):
        probe(tmp_path / "gone.onnx")


def test_that_a_stored_network_embeds_as_the_file_does(stored: Callable[[onnx.ModelProto], Path]) -> None:
    path = stored(network())
    shape = probe(path)
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    brought = brought_onnx(path, shape, "signed")
    calibration = Calibration.measured(impostors).as_json()
    pack = store_onnx(brought, path, shape, "signed", title="Mine", licence="MIT", calibration=calibration)
    path.unlink()
    chips = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
    found = Embedder(find_pack(pack.id), CPU).embed(chips)
    scaled = ((chips.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    pooled = scaled.reshape(3, 3, 7, 16, 7, 16).mean(axis=(3, 5)).reshape(3, -1)
    expected = pooled @ numpy_helper.to_array(network().graph.initializer[0])
    assert found == pytest.approx(expected, abs=1e-4)
    place = packs_folder() / pack.id / "network.onnx"
    place.chmod(0o600)
    place.write_bytes(place.read_bytes() + b"\0")
    with pytest.raises(PackError, match="altered"):
        find_pack(pack.id).network()


def test_that_the_scaling_is_found_by_which_people_are_told_apart(
    stored: Callable[[onnx.ModelProto], Path], pictures: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "people"
    for person, names in (("eileen", ("eileen1.jpg", "eileen2.png")), ("grace", ("grace.jpg",))):
        (folder / person).mkdir(parents=True)
        for name in names:
            for copy in ("", "again-"):
                (folder / person / f"{copy}{name}").write_bytes((pictures / name).read_bytes())
    path = stored(network())
    tried = Tried(path, probe(path), CPU)
    assert best_scaling(folder, tried, pipeline, silent, CancelToken()) in SCALINGS
    # One answer for everybody.
    path.write_bytes(network(weights=np.zeros((147, 64), np.float32), bias=1).SerializeToString())
    with pytest.raises(PackError, match="does not tell these people apart"):
        best_scaling(folder, Tried(path, probe(path), CPU), pipeline, silent, CancelToken())
    with pytest.raises(BadInputError):
        best_scaling(tmp_path / "nowhere", tried, pipeline, silent, CancelToken())


def test_that_the_ways_of_scaling_are_the_ones_that_can_be_named() -> None:
    assert list(SCALINGS) == list(SCALING_WORDS)
    assert chip_of_crop(np.zeros((256, 256, 3), np.uint8), OnnxShape(96, False, True, 64).frame).shape == (96, 96, 3)
