"""The plots of a report, as SVG."""

from __future__ import annotations

from math import log10

from engine.learning import Evaluation

_WIDTH, _HEIGHT, _MARGIN = 420, 300, 48
_LEAST = 1e-5
_OWN, _OTHERS, _INK, _GRID = "#177245", "#b3261e", "#1a1d24", "#dcdfe6"
CAPTIONS = (
    "DET curve: pairs of one person that are refused, against strangers that are accepted, at every limit.",
    "Distances: pairs of one person (solid outline) and of strangers (dashed); the less they overlap, the better.",
)
"""Of `det_svg` and `histogram_svg`."""


def _det_place(value: float) -> float:
    """Share of a logarithmic axis from 1e-5 to 1."""
    return 1 + log10(min(max(value, _LEAST), 1.0)) / -log10(_LEAST)


def det_svg(evaluation: Evaluation) -> str:
    """The DET curve on logarithmic axes."""
    inner_w, inner_h = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    ticks = []
    for power in range(-5, 1):
        x = _MARGIN + inner_w * _det_place(10.0**power)
        y = _HEIGHT - _MARGIN - inner_h * _det_place(10.0**power)
        ticks.append(
            f'<path d="M{x:.1f} {_MARGIN}V{_HEIGHT - _MARGIN}M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" stroke="{_GRID}"/>'
            f'<text x="{x:.1f}" y="{_HEIGHT - _MARGIN + 16}" text-anchor="middle">1e{power}</text>'
            f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>'
        )
    line = " ".join(
        f"{_MARGIN + inner_w * _det_place(fmr):.1f},{_HEIGHT - _MARGIN - inner_h * _det_place(fnmr):.1f}"
        for fmr, fnmr in evaluation.det
    )
    names = _names("False match rate (FMR)", "False non-match rate (FNMR)")
    return _svg("".join(ticks) + names + f'<polyline points="{line}" fill="none" stroke="{_INK}" stroke-width="2"/>')


def histogram_svg(evaluation: Evaluation) -> str:
    """Genuine and impostor distances."""
    inner_w, inner_h = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    highest = max((*evaluation.genuine, *evaluation.impostor, 1e-9))
    last = evaluation.bins[-1] or 1.0
    shapes = []
    for row, (shares, colour, name) in enumerate(
        ((evaluation.genuine, _OWN, "same person"), (evaluation.impostor, _OTHERS, "strangers"))
    ):
        dashes = ' stroke-dasharray="4 2"' if row else ""
        top = _MARGIN + 6 + 16 * row
        shapes.append(
            f'<path d="M{_WIDTH - 150} {top}h24" stroke="{colour}" stroke-width="2"{dashes}/>'
            f'<text x="{_WIDTH - 120}" y="{top + 4}">{name}</text>'
        )
        corners = [f"{_MARGIN},{_HEIGHT - _MARGIN}"]
        for left, right, share in zip(evaluation.bins, evaluation.bins[1:], shares, strict=False):
            y = _HEIGHT - _MARGIN - inner_h * share / highest
            corners += [f"{_MARGIN + inner_w * edge / last:.1f},{y:.1f}" for edge in (left, right)]
        corners.append(f"{_WIDTH - _MARGIN},{_HEIGHT - _MARGIN}")
        shapes.append(
            f'<polygon points="{" ".join(corners)}" fill="{colour}" fill-opacity="0.35" stroke="{colour}"{dashes}/>'
        )
    ticks = "".join(
        f'<text x="{_MARGIN + inner_w * part:.1f}" y="{_HEIGHT - _MARGIN + 16}" text-anchor="middle">'
        f"{last * part:.2f}</text>"
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return _svg("".join(shapes) + ticks + _names("Cosine distance", "Share of the pairs"))


def _names(across: str, up: str) -> str:
    """What the axes show."""
    return (
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - _MARGIN + 36}" text-anchor="middle">{across}</text>'
        f'<text x="{_MARGIN - 36}" y="{_MARGIN - 14}">{up}</text>'
    )


def _svg(inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-size="11" font-family="sans-serif" fill="{_INK}">{inside}</svg>'
    )
