"""Write the mean and the spread of strangers' embeddings for the default pack, and say how real draws from them look.

One picture of each of LFW's people; the made-up strangers are drawn from a normal distribution and scaled to unit
length. No face can be got back from two moments of some five thousand.
"""

from __future__ import annotations

import numpy as np
from common import ROOT, LfwFaces, arguments, averaged

from engine.matching.distances import distances
from engine.matching.strangers import MADE_UP, draw, moments
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray, Metric


def main() -> None:
    """Measure, write, and compare."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache, options.precision)
    views = faces.embed([(name, 1) for name in faces.people()])
    embeddings = averaged(views[np.isfinite(views).all(axis=(1, 2))])
    mean, factor = moments(embeddings)
    place = ROOT / "assets" / "strangers" / f"{DEFAULT_PACK.id}.npz"
    place.parent.mkdir(exist_ok=True)
    np.savez_compressed(place, mean=mean.astype(np.float16), factor=factor.astype(np.float16))
    print(f"{len(embeddings):,} people, {place.stat().st_size:,} bytes")
    compare("real strangers", embeddings[:MADE_UP])
    compare("made-up strangers", draw(mean, factor, MADE_UP))


def compare(title: str, embeddings: FloatArray) -> None:
    """Print how near strangers come."""
    apart = distances(embeddings, embeddings, Metric.COSINE)[np.triu_indices(len(embeddings), 1)]
    texts = [f"{rate:g}: {np.quantile(apart, rate):.4f}" for rate in (1e-1, 1e-2, 1e-3, 1e-4)]
    print(f"{title}: distance at a false match rate of {', '.join(texts)}")


if __name__ == "__main__":
    main()
