"""An evaluation as a report that somebody else can repeat: HTML or PDF, with the plots drawn here."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fpdf import FPDF

from engine.errors import BadInputError, shown
from engine.evaluation.plots import CAPTIONS, det_svg, histogram_svg
from engine.files import write_whole
from engine.learning import Evaluation, VerifierResult
from engine.wording import people, pictures

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1d24}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .8rem;border-bottom:1px solid #dcdfe6;"
    "text-align:left}code{background:#eef0f4;padding:.1rem .3rem}figure{display:inline-block;margin:0 1rem 1rem 0}"
)


def write_report(evaluation: Evaluation, place: Path) -> None:
    """Write a report, whole or not at all; the file's suffix decides between HTML and PDF.

    Raises:
        BadInputError: the suffix is another one, or the file cannot be written.
    """
    suffix = place.suffix.lower()
    if suffix not in (".html", ".pdf"):
        raise BadInputError(f"A report is .html or .pdf, and “{shown(place)}” is neither. Choose another name.")
    content = html_report(evaluation).encode() if suffix == ".html" else pdf_report(evaluation)
    try:
        write_whole(place, content, private=False)
    except OSError as error:
        raise BadInputError(
            f"The report “{shown(place)}” cannot be written: {error.strerror}. Choose another place."
        ) from error


# --- tables -------------------------------------------------------------------------------------------------------


def tables(evaluation: Evaluation) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that is told in words: titles with rows of a name and a value."""
    e = evaluation
    parts = [
        (
            "Data",
            [
                ("Protocol", "LFW pairs, ten-fold" if e.kind == "pairs" else "Folder of people"),
                ("Pictures", f"{e.data}: {pictures(e.pictures)} of {people(e.people)}"),
                ("Pairs", f"{e.genuine_pairs:,} genuine, {e.impostor_pairs:,} impostor"),
                ("Failures to acquire", f"{e.failures_to_acquire:,}, counted as errors"),
            ],
        ),
        (
            "Verification (1:1)",
            [
                ("Accuracy", _accuracy_text(e)),
                ("Equal error rate", e.eer_interval.text if e.eer_interval else f"{e.eer:.2%}"),
                ("Best threshold", f"cosine distance {e.threshold:.4f}"),
                *((f"TAR at FMR {point.level:g}", point.rate.text) for point in e.tar),
            ],
        ),
        (
            "Identification (1:N, half of the people unknown)",
            [(f"DIR at FPIR {point.level:g}", point.rate.text) for point in e.identification],
        ),
        ("One-shot", [(f"{one.ways}-way {one.shots}-shot", one.rate.text) for one in e.one_shot]),
        (
            verifiers_title(e),
            [*((one.title, verifier_text(one)) for one in e.verifiers), *(("Stored", note) for note in e.notes)],
        ),
        (
            "To repeat it",
            [
                ("Command", e.command),
                ("Pack", f"{e.pack_title} ({e.pack_id}). {e.pack_licence}"),
                ("Device", e.device),
                ("Seed", str(e.seed)),
                ("Made", f"{e.made}, in {e.seconds:.0f} s"),
                ("Versions", ", ".join(f"{name} {number}" for name, number in e.versions.items())),
            ],
        ),
    ]
    return [(title, rows) for title, rows in parts if rows]


def _accuracy_text(e: Evaluation) -> str:
    told = e.accuracy.text if e.accuracy else f"{e.accuracy_mean:.2%}"
    return f"{told}, standard deviation {e.accuracy_std:.2%} over {e.folds} folds" if e.folds else told


def verifier_text(one: VerifierResult) -> str:
    """One way to decide in words, with what its pairs cannot support said as such."""
    accuracy = one.accuracy_interval.text if one.accuracy_interval else f"{one.accuracy:.2%}"
    eer = one.eer_interval.text if one.eer_interval else f"{one.eer:.2%}"
    rates = [f"TAR at FMR {level} {told.text}" for level, told in zip(("1e-2", "1e-3"), one.tar, strict=False)]
    return "; ".join((f"accuracy {accuracy} on {one.learned_from:,} pairs", f"EER {eer}", *rates))


def verifiers_title(evaluation: Evaluation) -> str:
    """What the ways to decide were compared on."""
    if not evaluation.verifiers:
        return "Ways to decide"
    own, others = evaluation.verifiers[0].pairs
    return f"Ways to decide, on {own:,} + {others:,} pairs of people whom nothing was learned from"


_NOTE = (
    "Intervals are 95 %: by resampling people for acceptance rates, exact (Clopper and Pearson) for plain shares. An "
    "operating point that the data cannot support says what it does support."
)


def html_report(evaluation: Evaluation) -> str:
    """One self-contained page."""
    figures = "".join(
        f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"
        for drawing, caption in zip((det_svg(evaluation), histogram_svg(evaluation)), CAPTIONS, strict=True)
    )
    parts = "".join(
        f"<h2>{escape(title)}</h2><table>"
        + "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
        + "</table>"
        for title, rows in tables(evaluation)
    )
    failures = "".join(f"<li>{escape(sentence)}</li>" for sentence in evaluation.failures)
    more = f"<h2>{_failures_title(evaluation)}</h2><ul>{failures}</ul>" if failures else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Visavis evaluation</title><style>{_STYLE}</style>'
        f"<h1>{escape(_title(evaluation))}</h1>{figures}{parts}<p>{_NOTE}</p>{more}</html>\n"
    )


def _title(evaluation: Evaluation) -> str:
    return f"Evaluation of {evaluation.pack_title} on {evaluation.data}"


def _failures_title(evaluation: Evaluation) -> str:
    shown, all_ = len(evaluation.failures), evaluation.failures_to_acquire
    return "Pictures that could not be used" + (f", the first {shown:,} of {all_:,}" if shown < all_ else "")


def pdf_report(evaluation: Evaluation) -> bytes:
    """The same as PDF, A4."""
    pdf = FPDF()
    pdf.set_title("Visavis evaluation")
    pdf.add_page()
    pdf.set_font("helvetica", "B", 18)
    pdf.multi_cell(0, 10, _latin(_title(evaluation)), new_x="LMARGIN", new_y="NEXT")
    _draw(pdf, evaluation)
    for title, rows in tables(evaluation):
        _head(pdf, title)
        with pdf.table(col_widths=(1, 3), first_row_as_headings=False, line_height=5) as table:
            for name, value in rows:
                table.row([_latin(name), _latin(value)])
    pdf.ln(3)
    pdf.multi_cell(0, 5, _latin(_NOTE), new_x="LMARGIN", new_y="NEXT")
    if evaluation.failures:
        _head(pdf, _failures_title(evaluation))
        for sentence in evaluation.failures:
            pdf.multi_cell(0, 5, _latin(sentence), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _head(pdf: FPDF, title: str) -> None:
    pdf.set_font("helvetica", "B", 12)
    pdf.multi_cell(0, 9, _latin(title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", "", 9)


def _draw(pdf: FPDF, evaluation: Evaluation) -> None:
    """Both plots side by side, each with its caption."""
    top = pdf.get_y()
    pdf.set_font("helvetica", "", 9)
    for column, (drawing, caption) in enumerate(
        zip((det_svg(evaluation), histogram_svg(evaluation)), CAPTIONS, strict=True)
    ):
        pdf.image(drawing.encode(), x=10 + 95 * column, y=top, w=92)
        pdf.set_xy(10 + 95 * column, top + 67)
        pdf.multi_cell(92, 4, _latin(caption), align="L")
    pdf.set_xy(10, top + 84)


def _latin(text: str) -> str:
    """The PDF's own fonts know Latin-1 only; a folder's name may hold anything."""
    return text.replace("“", '"').replace("”", '"').encode("latin-1", "replace").decode("latin-1")
