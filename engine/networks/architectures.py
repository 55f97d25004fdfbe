"""The embedding networks there are; `ARCHITECTURES` builds each, with fresh weights, by its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from engine.networks import deepface, dlib_resnet, inception_resnet, iresnet, mobilefacenet, siamese
from engine.types import ChipFrame

# MobileFaceNet's and ArcFace's five points, fitted by a similarity to where they lie in LFW's crops
# (benchmarks/lfw.py --pack shows that a fixed window loses nothing against aligning with the points themselves).
_ARCFACE = ChipFrame(112, 0.33, -0.228)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network's shape.

    Attributes:
        title: for people.
        paper: where it comes from.
        frame: the window of the aligned face it sees.
        dimension: length of its embeddings.
        build: makes it with fresh weights.
        averaged_paddings: of the chips averaged at test time; the frame's own alone by default.
    """

    title: str
    paper: str
    frame: ChipFrame
    dimension: int
    build: Callable[[], nn.Module]
    averaged_paddings: tuple[float, ...] = ()


ARCHITECTURES: Mapping[str, Architecture] = {
    "dlib_resnet": Architecture(
        "dlib's ResNet", "He et al. 2016; King 2017", ChipFrame(dlib_resnet.INPUT_SIZE_PX, 0.25),
        dlib_resnet.EMBEDDING_DIM, dlib_resnet.DlibResNet, (0.225, 0.25, 0.275),
    ),
    "mobilefacenet": Architecture(
        "MobileFaceNet", "Chen et al. 2018", _ARCFACE, 128, mobilefacenet.MobileFaceNet
    ),
    "facenet": Architecture(
        "FaceNet (Inception-ResNet-v1)", "Schroff et al. 2015; Szegedy et al. 2016",
        ChipFrame(inception_resnet.INPUT_SIZE_PX, 0.35, -0.15), 512, inception_resnet.InceptionResnetV1,
    ),
    "facenet128": Architecture(
        "FaceNet (Inception-ResNet-v1), 128 values", "Schroff et al. 2015; Szegedy et al. 2016",
        ChipFrame(inception_resnet.INPUT_SIZE_PX, 0.35, -0.15), 128, lambda: inception_resnet.InceptionResnetV1(128),
    ),
    "iresnet18": Architecture("IResNet-18", "Deng et al. 2019", _ARCFACE, 512, iresnet.IResNet),
    "iresnet50": Architecture(
        "IResNet-50", "Deng et al. 2019", _ARCFACE, 512, lambda: iresnet.IResNet(iresnet.LAYERS_50)
    ),
    "deepface": Architecture(
        "DeepFace", "Taigman et al. 2014", ChipFrame(deepface.INPUT_SIZE_PX, 0.3, -0.1), 4096, deepface.DeepFace
    ),
    "deepface_small": Architecture(
        "DeepFace, a quarter as wide", "Taigman et al. 2014", ChipFrame(deepface.INPUT_SIZE_PX, 0.3, -0.1), 1024,
        lambda: deepface.DeepFace(0.25),
    ),
    "siamese": Architecture(
        "Siamese network", "Koch et al. 2015", ChipFrame(siamese.INPUT_SIZE_PX, 0.25, -0.05), 128,
        siamese.SiameseNetwork,
    ),
}  # fmt: skip
