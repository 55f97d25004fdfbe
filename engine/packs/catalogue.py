"""The packs that can be had, as data: what each is, whose it is, what may be done with it, and its files' digests.

A digest stands here only where the publisher's own repository names it, or the file was at hand. Of what has none, a
local file is accepted, and its digest is kept from then on.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.networks import dlib_resnet
from engine.pack_values import Accuracy, PackFile, PackKind
from engine.packs.files import ModelFile
from engine.packs.pack import DLIB_FIVE_POINTS, DLIB_MMOD, DLIB_RESNET, MTCNN_ONET, MTCNN_PNET, MTCNN_RNET

_MEASURED = "2026-11-24"
_VIEW_2 = "LFW View 2 (6,000 pairs, ten folds, averaging over crops and flips)"
_HALF = "Half of LFW View 2 (3,000 pairs, 300 of each fold)"


@dataclass(frozen=True, slots=True)
class Published:
    """A pack that somebody has published.

    Attributes:
        architecture: for people, with the paper.
        network: key of the architecture in `engine.networks.architectures`, "sface", or empty for what is no embedder.
        dimension: of the embeddings; 0 where there are none.
        licence: in plain words.
        source: address of the project's page.
        bundled: where the files lie that came with the installation, in the order of `files`.
    """

    id: str
    kind: PackKind
    title: str
    architecture: str
    licence: str
    commercial_use: bool
    source: str
    files: tuple[PackFile, ...]
    network: str = ""
    dimension: int = 0
    accuracy: Accuracy | None = None
    bundled: tuple[ModelFile, ...] = ()

    @property
    def size(self) -> int:
        """Of all files, in bytes; 0 where one is not known."""
        return sum(file.size for file in self.files) if all(file.size for file in self.files) else 0

    @property
    def downloadable(self) -> bool:
        """Whether every file has an address and a digest to hold it to."""
        return all(file.url and file.sha256 for file in self.files)


def _came(*files: tuple[ModelFile, int]) -> tuple[PackFile, ...]:
    return tuple(PackFile(file.path.rsplit("/", 1)[-1], file.sha256, size) for file, size in files)


_CC0 = "CC0 (public domain), commercial use allowed"
_APACHE = "Apache-2.0, commercial use allowed"
_SILENT_FACE = "https://github.com/minivision-ai/Silent-Face-Anti-Spoofing"
_SILENT_FILES = f"{_SILENT_FACE}/raw/b6d5f04ad78778917853b25c778acef6d5626d15/resources/anti_spoof_models"
_FACENET = "https://github.com/timesler/facenet-pytorch"
_FACENET_ARCHITECTURE = "Inception-ResNet-v1 (Szegedy et al. 2016; Schroff et al. 2015)"
MINIFASNET = "minifasnet"
MINIFASNET_V2, MINIFASNET_V1SE = "2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth"
YUNET, YUNET_FILE = "yunet", "yunet_n_dynamic.onnx"

_ALL = (
    Published(
        id="dlib-resnet-v1",
        kind=PackKind.EMBEDDER,
        title="dlib ResNet v1",
        architecture="29-convolution ResNet, metric loss (He et al. 2016; King 2017)",
        network="dlib_resnet",
        dimension=dlib_resnet.EMBEDDING_DIM,
        licence=_CC0,
        commercial_use=True,
        source="https://github.com/davisking/dlib-models",
        files=_came((DLIB_RESNET, 22_466_066), (DLIB_FIVE_POINTS, 9_150_489)),
        bundled=(DLIB_RESNET, DLIB_FIVE_POINTS),
        accuracy=Accuracy(f"{_VIEW_2}: 99.22 ± 0.08 %, TAR at FMR 1e-3 97.53 %.", _MEASURED),
    ),
    Published(
        id="mobilefacenet",
        kind=PackKind.EMBEDDER,
        title="MobileFaceNet",
        architecture="MobileFaceNet (Chen et al. 2018)",
        network="mobilefacenet",
        dimension=128,
        licence=f"{_APACHE} by the licence of the weights. They were trained on MS-Celeb-1M, pictures that had been "
        "gathered for research and have been withdrawn since",
        commercial_use=True,
        source="https://github.com/foamliu/MobileFaceNet",
        files=(
            PackFile(
                "mobilefacenet.pt",
                "90a00ba1d8b0b688af3deb731ed53dca582e6106805d1bc3cfdef55f570493f4",
                4_135_271,
                "https://github.com/foamliu/MobileFaceNet/raw/master/weights/mobilefacenet.pt",
            ),
        ),
        accuracy=Accuracy(f"{_VIEW_2}: 99.25 ± 0.15 %, TAR at FMR 1e-3 98.73 %.", _MEASURED),
    ),
    Published(
        id="sface",
        kind=PackKind.EMBEDDER,
        title="SFace",
        architecture="MobileFaceNet with the SFace loss (Zhong et al. 2021), run by OpenCV",
        network="sface",
        dimension=128,
        licence=f"{_APACHE} by the licence of the weights. Their publisher does not say which faces they learned from",
        commercial_use=True,
        source="https://github.com/opencv/opencv_zoo/tree/main/models/face_recognition_sface",
        files=(
            PackFile(
                "face_recognition_sface_2021dec.onnx",
                "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
                38_696_353,
                "https://media.githubusercontent.com/media/opencv/opencv_zoo/47534e27c9851bb1128ccc0102f1145e27f23f98/"
                "models/face_recognition_sface/face_recognition_sface_2021dec.onnx",
            ),
        ),
    ),
    Published(
        id="facenet-vggface2",
        kind=PackKind.EMBEDDER,
        title="FaceNet, VGGFace2",
        architecture=_FACENET_ARCHITECTURE,
        network="facenet",
        dimension=512,
        licence="No commercial use: the code is MIT, but the weights were trained on VGGFace2, whose pictures are for "
        "research only",
        commercial_use=False,
        source=_FACENET,
        files=(
            PackFile(
                "20180402-114759-vggface2.pt",
                "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
                111_898_327,
                f"{_FACENET}/releases/download/v2.2.9/20180402-114759-vggface2.pt",
            ),
        ),
    ),
    Published(
        id="facenet-casia",
        kind=PackKind.EMBEDDER,
        title="FaceNet, CASIA-WebFace",
        architecture=_FACENET_ARCHITECTURE,
        network="facenet",
        dimension=512,
        licence="No commercial use: the code is MIT, but the weights were trained on CASIA-WebFace, whose pictures are "
        "for research only",
        commercial_use=False,
        source=_FACENET,
        # Nobody trustworthy has published a digest of it.
        files=(PackFile("20180408-102900-casia-webface.pt"),),
    ),
    Published(
        id="mtcnn",
        kind=PackKind.DETECTOR,
        title="MTCNN",
        architecture="Cascade of three networks (Zhang et al. 2016)",
        licence="MIT, commercial use allowed",
        commercial_use=True,
        source="https://github.com/ipazc/mtcnn",
        files=_came((MTCNN_PNET, 27_119), (MTCNN_RNET, 401_659), (MTCNN_ONET, 1_557_637)),
        bundled=(MTCNN_PNET, MTCNN_RNET, MTCNN_ONET),
    ),
    Published(
        id="mmod",
        kind=PackKind.DETECTOR,
        title="MMOD",
        architecture="Max-margin convolutional detector (King 2015)",
        licence=_CC0,
        commercial_use=True,
        source="https://github.com/davisking/dlib-models",
        files=_came((DLIB_MMOD, 729_940)),
        bundled=(DLIB_MMOD,),
    ),
    Published(
        id=YUNET,
        kind=PackKind.DETECTOR,
        title="YuNet",
        architecture="YuNet (Wu, Peng and Yu 2023), run by OpenCV",
        licence=_APACHE,
        commercial_use=True,
        source="https://github.com/ShiqiYu/libfacedetection.train",
        accuracy=Accuracy(
            f"{_HALF} with the default network: 99.00 ± 0.19 % (99.07 ± 0.16 % with the default detector); a face was "
            "found in all 4,276 pictures.",
            _MEASURED,
        ),
        files=(
            PackFile(
                YUNET_FILE,
                "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
                322_906,
                "https://github.com/ShiqiYu/libfacedetection.train/raw/dca340aa082c71081a68d17db8e58b33a58a914b/onnx/"
                "yunet_n_dynamic.onnx",
            ),
        ),
    ),
    Published(
        id=MINIFASNET,
        kind=PackKind.PAD,
        title="MiniFASNet V2 and V1SE",
        architecture="Two pruned MobileFaceNets on crops of two scales (Minivision 2020)",
        licence=_APACHE,
        commercial_use=True,
        source=_SILENT_FACE,
        files=(
            PackFile(
                MINIFASNET_V2,
                "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
                1_849_453,
                f"{_SILENT_FILES}/{MINIFASNET_V2}",
            ),
            PackFile(
                MINIFASNET_V1SE,
                "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
                1_856_130,
                f"{_SILENT_FILES}/{MINIFASNET_V1SE}",
            ),
        ),
        accuracy=Accuracy(
            "The three pictures that come with them get the published answers to four digits. No attack before a "
            "camera was tried: that is what the spoof bench is for.",
            _MEASURED,
        ),
    ),
)

MEASURED_JOINS = {
    "dlib-resnet-v1+mobilefacenet": Accuracy(
        f"{_HALF}: 99.37 ± 0.14 % (99.07 and 99.27 % alone).",
        _MEASURED,
    )
}
"""What two packs give together, by the id of the pack that joins them."""
CATALOGUE = {pack.id: pack for pack in _ALL}
