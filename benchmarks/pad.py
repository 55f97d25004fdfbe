"""Do the passive networks give their known answers with our detectors' boxes, and what does one face cost?

Three pictures with published answers are all there is: this checks that nothing was broken on the way, and says nothing
of any camera. Then simulated flash checks: how often does a recording made under other colours pass?
"""

from __future__ import annotations

import numpy as np
from common import arguments, median_s

from engine.capture.images import read_image
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.liveness.bench import share
from engine.liveness.flash import LEAST_CHANGE, LEAST_LIKENESS, Glow, likeness, random_plan
from engine.liveness.passive import PassiveScorer, their_box
from engine.liveness.weights import load_passive
from engine.types import Box

THEIRS = {"F1": Box(178, 136, 223, 225), "F2": Box(120, 252, 252, 256), "T1": Box(106, 147, 207, 213)}
"""What the networks' own detector marks."""
JITTERED, CHECKS = 200, 400


def jittered(box: Box, draw: np.random.Generator) -> Box:
    """A box moved and sized by up to a tenth."""
    x, y, width, height = draw.uniform(-0.1, 0.1, 4)
    return Box(box.x + x * box.width, box.y + y * box.height, box.width * (1 + width), box.height * (1 + height))


def boxes(scorer: PassiveScorer, pictures: dict[str, np.ndarray]) -> None:
    """Our boxes as they are, and as the fixed transform makes them."""
    device, draw = choose_device("cpu", "fp32"), np.random.default_rng(0)
    for name, pixels in pictures.items():
        exact = scorer.score(pixels, [THEIRS[name]])[0]
        print(f"{name}: with their box, probability of a living face {exact.live:.3f}")
        for key in ("mtcnn", "mmod"):
            found = max(DETECTORS[key](device).detect([pixels], 100)[0], key=lambda one: one.box.area).box
            for title, change in (("as it is", lambda box: box), ("transformed", their_box)):
                box = change(found)
                scores = [
                    one.live for one in scorer.score(pixels, [change(jittered(found, draw)) for _ in range(JITTERED)])
                ]
                print(
                    f"  {key} {title}: overlap with theirs {box.iou(THEIRS[name]):.2f}, "
                    f"{scorer.score(pixels, [box])[0].live:.3f}; jittered {min(scores):.3f} to {max(scores):.3f}, "
                    f"mean {np.mean(scores):.3f}"
                )


def flashes(reflects: float, *, same: bool) -> np.ndarray:
    """Likeness and change of simulated checks, (N, 2).

    Args:
        reflects: how much brighter a face becomes from dark to bright colours, of its own brightness.
        same: whether it sees the colours that are shown, and not those of another check.
    """
    draw, found = np.random.default_rng(1), []
    for _ in range(CHECKS):
        plan, other = random_plan(0.0), random_plan(0.0)
        glows = []
        for number in range(115):
            time_s = number / 20
            colour = np.array((plan if same else other).colour_at(time_s - 0.12) or (128, 128, 128)) / 255
            drift = 1 + 0.03 * np.sin(time_s)
            face = 110 * drift * (1 + reflects * colour) + draw.normal(0, 0.4, 3)
            glows.append(Glow(time_s, face, 80 * drift * (1 + 0.2 * reflects * colour) + draw.normal(0, 0.2, 3)))
        found.append(likeness(plan, glows))
    return np.array(found)


def passed(checks: np.ndarray, alike: float = LEAST_LIKENESS, change: float = LEAST_CHANGE) -> int:
    """How many checks pass at these limits."""
    return int(((checks[:, 0] >= alike) & (checks[:, 1] >= change)).sum())


def tell_flashes() -> None:
    """Print how simulated checks end with the limits in use, and as each limit moves; "*" is the one in use."""
    faces = {reflects: flashes(reflects, same=True) for reflects in (0.05, 0.02, 0.01, 0.005)}
    recording = flashes(0.05, same=False)
    for reflects, checks in faces.items():
        refused = share(CHECKS - passed(checks), CHECKS)
        print(f"flash, simulated, a face that reflects {reflects:.1%}: {refused.text} refused")
    print(f"flash, simulated, a recording under other colours: {share(passed(recording), CHECKS).text} let in")

    def line(title: str, in_use: float, limits: dict[str, float]) -> None:
        (limit,) = limits.values()
        refused = ", ".join(f"{CHECKS - passed(checks, **limits)} at {part:.1%}" for part, checks in faces.items())
        let_in = share(passed(recording, **limits), CHECKS).text
        mark = "*" if limit == in_use else " "
        print(f"{mark} {title} {limit:g}: faces refused of {CHECKS} by what they reflect: {refused}; let in {let_in}")

    for alike in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75):
        line("likeness from", LEAST_LIKENESS, {"alike": alike})
    for change in (0.001, 0.002, 0.004, 0.008, 0.016):
        line("change from", LEAST_CHANGE, {"change": change})


def main() -> None:
    """Print all of it."""
    options = arguments(__doc__)
    scorer = PassiveScorer(load_passive(options.shared / "weights"))
    pictures = {name: read_image(options.shared / "data" / "pad" / f"image_{name}.jpg").pixels for name in THEIRS}
    boxes(scorer, pictures)
    one = median_s(lambda: scorer.score(pictures["T1"], [THEIRS["T1"]]))
    five = median_s(lambda: scorer.score(pictures["T1"], [THEIRS["T1"]] * 5))
    print(f"both networks: {1000 * one:.1f} ms for one face, {1000 * five / 5:.1f} ms each of five")
    tell_flashes()


if __name__ == "__main__":
    main()
