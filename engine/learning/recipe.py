"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.options import Option, Value, check_options, option, options_of

FINE_TUNE = "dlib-resnet-v1"
"""The start that fine-tunes the default pack; every other start is an architecture with fresh weights."""
LEAST_PEOPLE = 6
"""Two for training, validation and test each: fewer give no stranger to tell apart."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. Everything that decides the outcome, besides the pictures, is here."""

    start: str = option(
        FINE_TUNE,
        Option(
            "Network",
            "Start from",
            "Fine-tuning adapts a network that knows faces; the others begin knowing nothing.",
            (
                (FINE_TUNE, "Fine-tune the default network"),
                ("siamese", "Siamese network, from scratch"),
                ("mobilefacenet", "MobileFaceNet, from scratch"),
                ("facenet", "FaceNet (Inception-ResNet), from scratch"),
                ("facenet128", "FaceNet with 128 values, from scratch"),
                ("iresnet18", "IResNet-18, from scratch"),
                ("iresnet50", "IResNet-50, from scratch"),
                ("deepface_small", "DeepFace at a quarter of its width, from scratch"),
                ("deepface", "DeepFace, from scratch"),
            ),
        ),
    )
    freeze: str = option(
        "half",
        Option(
            "Network",
            "Keep fixed",
            "Fine-tuning fewer layers is faster and forgets less.",
            (("none", "Nothing"), ("half", "The first half of the layers"), ("most", "All but the last layers")),
        ),
    )
    loss: str = option(
        "triplet",
        Option(
            "Loss",
            "Loss",
            "What training makes small.",
            (
                ("triplet", "Triplet (FaceNet)"),
                ("cosine_triplet", "Cosine triplet (Deep Speaker)"),
                ("contrastive", "Contrastive, squared L2 (Siamese)"),
                ("contrastive_l1", "Contrastive, L1 (Siamese)"),
                ("siamese_l1", "Cross-entropy of pairs, learned L1 head (Siamese)"),
                ("angular", "Angular"),
                ("cosface", "CosFace"),
                ("arcface", "ArcFace"),
                ("softmax", "Softmax (DeepFace)"),
            ),
        ),
    )
    miner: str = option(
        "semi_hard",
        Option(
            "Loss",
            "Triplets",
            "Which triplets of a batch are learned from.",
            (
                ("semi_hard", "Semi-hard (FaceNet's rule)"),
                ("batch_hard", "The hardest of each batch"),
                ("all_violating", "All that violate the margin"),
                ("random", "Random"),
            ),
        ),
    )
    margin: float = option(
        0.0,
        Option(
            "Loss", "Margin", "0 takes the paper's: triplet 0.2, cosine 0.1, contrastive 1, CosFace 0.35, ArcFace 0.5.",
            low=0, high=2,
        ),
    )  # fmt: skip
    scale: float = option(
        0.0, Option("Loss", "Scale", "Of the cosines of CosFace and ArcFace; 0 takes the papers' 64.", low=0, high=256)
    )
    alpha_deg: float = option(
        0.0, Option("Loss", "Angle", "Of the angular loss; 0 takes the paper's 40.", low=0, high=80, unit="degrees")
    )
    epochs: int = option(12, Option("Time", "Epochs", "How often every person is visited.", low=1, high=10_000))
    minutes: float = option(
        0.0, Option("Time", "At most", "0 lets the epochs decide.", low=0, high=10_080, unit="minutes")
    )
    patience: int = option(
        6, Option("Time", "Stop after", "Epochs without a better validation.", low=1, high=1000, unit="epochs")
    )
    people_per_batch: int = option(16, Option("Batches", "People per batch", low=2, high=512))
    pictures_per_person: int = option(4, Option("Batches", "Pictures of each", low=2, high=64))
    learning_rate: float = option(3e-4, Option("Optimiser", "Learning rate", low=1e-8, high=100))
    weight_decay: float = option(1e-4, Option("Optimiser", "Weight decay", low=0, high=1))
    warm_up: float = option(
        0.1, Option("Optimiser", "Warm-up", "Share of the training.", low=0, high=0.9, percent=True)
    )
    clip: float = option(5.0, Option("Optimiser", "Longest gradient", "Longer ones are scaled.", low=0.01, high=1000))
    augment: bool = option(True, Option("Pictures", "Vary the pictures", "Mirror, shift, scale, light, blur."))
    least_pictures: int = option(2, Option("Pictures", "Fewest pictures of a person", low=2, high=1000))
    validation_share: float = option(0.15, Option("Split", "People for validation", low=0.05, high=0.5, percent=True))
    test_share: float = option(
        0.25, Option("Split", "People held out for the final test", low=0.05, high=0.6, percent=True)
    )
    false_match_rate: float = option(
        1e-3,
        Option(
            "Split",
            "Judge at",
            choices=((1e-2, "1 false match in 100"), (1e-3, "1 false match in 1,000"), (1e-4, "1 in 10,000")),
        ),
    )
    seed: int = option(1, Option("Split", "Seed", low=0, high=2**31 - 1))

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            SettingsError: a value has another type, is out of range, or is none of the choices.
        """
        check_options(self)

    def with_values(self, values: dict[str, Value]) -> Recipe:
        """Return a recipe in which some options have other values.

        Raises:
            SettingsError: an option cannot have its value.
        """
        changed: dict[str, Any] = dict(values)
        return replace(self, **changed)


RECIPE_OPTIONS = options_of(Recipe)
