"""Several templates of one person: rules of fusion compared on LFW people with many pictures.

Each person's first five pictures are templates; the others are genuine probes, everybody else's are impostors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from common import LfwFaces, arguments, averaged

from engine.matching.distances import distances
from engine.pipeline import unit
from engine.types import Metric

TEMPLATES = 5
MOST_PROBES = 10
"""Of one person, so that the most photographed do not decide alone."""
Values = npt.NDArray[np.float32]


def main() -> None:
    """Print each rule's TAR."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache)
    people = [name for name, count in faces.people().items() if count > TEMPLATES]
    counts = faces.people()
    wanted = [(name, number) for name in people for number in range(1, min(counts[name], TEMPLATES + MOST_PROBES) + 1)]
    embeddings = averaged(faces.embed(wanted))
    found = ~np.isnan(embeddings).any(axis=1)
    owner = np.array([people.index(name) for name, _ in wanted])
    is_template = np.array([number <= TEMPLATES for _, number in wanted])
    templates, template_owner = embeddings[is_template & found], owner[is_template & found]
    probes, probe_owner = embeddings[~is_template & found], owner[~is_template & found]
    apart = distances(probes, templates, Metric.COSINE)
    print(f"{len(people)} people, {len(templates)} templates, {len(probes):,} probes")

    def each(rule: Callable[[Values], Values]) -> Values:
        return np.stack([rule(apart[:, template_owner == person]) for person in range(len(people))], axis=1)

    means = unit(np.stack([templates[template_owner == person].mean(axis=0) for person in range(len(people))]))
    rules = {
        "one template": each(lambda one: one[:, 0]),
        "nearest template": each(lambda one: one.min(axis=1)),
        "mean of the two nearest": each(lambda one: np.sort(one, axis=1)[:, :2].mean(axis=1)),
        "mean distance": each(lambda one: one.mean(axis=1)),
        "median distance": each(lambda one: np.median(one, axis=1)),
        "farthest template": each(lambda one: one.max(axis=1)),
        "mean template": distances(probes, means, Metric.COSINE),
    }
    genuine = probe_owner[:, None] == np.arange(len(people))
    for title, fused in rules.items():
        impostors = np.sort(fused[~genuine])
        rates = ", ".join(
            f"TAR at FMR {rate:g}: {(fused[genuine] < impostors[int(rate * len(impostors))]).mean():.2%}"
            for rate in (1e-3, 1e-4)
        )
        first = (fused.argmin(axis=1) == probe_owner).mean()
        print(f"{title}: {rates}, nearest person is the right one: {first:.2%}")


if __name__ == "__main__":
    main()
