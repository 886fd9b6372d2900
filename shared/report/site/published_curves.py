"""The published curves of a paper beside those of the runs: the picture, and the same in numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shared.report.published_curves import curves_table, picture_of
from shared.report.site.html import Html, h, joined, minus, prose
from shared.report.site.page import Part, table
from shared.results.diff import Diff

FIRST_NUMBER = 3  # column


def published_curves_part(diff: Diff, link: Callable[[Path], str]) -> list[Part]:
    """A part with each published curve's picture and a table; none where there is no curve or nothing was run."""
    pictures = [(curve, picture_of(diff.results.folder, curve)) for curve in diff.paper.curves]
    pictures = [(curve, file) for curve, file in pictures if file.exists()]
    if not pictures:
        return []
    figures: list[Html] = []
    for curve, file in pictures:
        words = f"{curve.figure} (values: {curve.place}), dashed, beside the runs of {curve.model}. Left, the "
        words += (
            "validation loss as a share of what a network ends at that hears nothing, the line at 1; in the middle, "
        )
        words += "by what share it is less; right, binary accuracy above that of an answer that names nothing."
        figures.append(h("figure", h("img", src=link(file), alt=words), h("figcaption", words)))
    head, rows = curves_table(diff)
    numeric = range(FIRST_NUMBER, len(head))
    cells = [[prose(minus(text)) for text in row] for row in rows]
    caption = "Each validation curve, first and last epoch, beside what is scored without hearing anything"
    numbers = table([prose(name) for name in head], cells, caption, list(numeric))
    body = joined([h("div", figures, class_="pictures"), numbers])
    return [Part("The published curve beside the runs'", body, short="Published curve")]
