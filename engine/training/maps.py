"""Faces in the plane, so that neighbours stay neighbours."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.manifold import TSNE

from engine.device import Device
from engine.packs.embedder import Embedder
from engine.training.promotion import embed_crops, trained_pack
from engine.training.run import Run
from engine.training.validation import MOST_OF_ONE
from engine.types import CancelToken

_MOST = 400


def neighbour_map(run: Run, device: Device, token: CancelToken) -> tuple[tuple[float, float, int], ...]:
    """Map the validation faces by t-SNE (van der Maaten and Hinton, 2008) as a run's best network embeds them.

    Returns:
        (x, y, number of the person) for each of at most 400 faces.

    Raises:
        BadInputError: the run has no network yet.
        OperationCancelledError: the token was turned.
    """
    crops = run.part(run.split.validation).capped(MOST_OF_ONE, _MOST, run.recipe.seed)
    embeddings = embed_crops(Embedder(trained_pack(run), device), crops, token.check)
    with warnings.catch_warnings():
        # Alike faces give it distances of 0, of which it complains and copes.
        warnings.simplefilter("ignore")
        method = TSNE(perplexity=min(20.0, (len(crops) - 1) / 3), init="pca", random_state=run.recipe.seed)
        places = np.asarray(method.fit_transform(embeddings))
    return tuple((float(x), float(y), label) for (x, y), label in zip(places, crops.labels, strict=True))
