"""SFace as OpenCV runs it: its network takes one aligned face at a time.

Zhong, Deng, Hu, Zhao, Li and Wen, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", 2021.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import PackError

INPUT_SIZE_PX = 112


class SFace(nn.Module):
    """OpenCV's recogniser in a network's clothes; always on the CPU."""

    def __init__(self, content: bytes) -> None:
        """Read the network.

        Raises:
            PackError: the content is none that OpenCV can run.
        """
        super().__init__()
        try:
            buffer = np.frombuffer(content, np.uint8)
            self._recogniser = cv2.FaceRecognizerSF.create("onnx", buffer, np.empty(0, np.uint8))
        except cv2.error as error:
            raise PackError("The file of SFace holds another network. Install the pack again.") from error

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 112, 112) RGB, 0..255.

        Returns:
            (N, 128), not scaled to unit length.

        Raises:
            PackError: the network takes or gives something else.
        """
        pictures = chips.permute(0, 2, 3, 1).round().to("cpu", torch.uint8).numpy()
        try:
            # OpenCV's pictures are BGR; it turns them itself. The result is its own memory, used again for the next.
            found = [self._recogniser.feature(np.ascontiguousarray(one[..., ::-1])).copy() for one in pictures]
        except cv2.error as error:
            raise PackError("OpenCV could not run SFace. Install the pack again.") from error
        return torch.from_numpy(np.concatenate(found).reshape(len(pictures), -1)).to(chips.device)


def load_sface(content: bytes) -> nn.Module:
    """Build SFace from its published file.

    Raises:
        PackError: the content is none that OpenCV can run.
    """
    return SFace(content).eval()
