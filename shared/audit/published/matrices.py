"""Published confusion matrices: their traces, which axis is the true class, and the averages that they give."""

from __future__ import annotations

import numpy as np

from shared.audit.finding import CONTRADICTION, NOTE, AuditFinding, cell_place, listed
from shared.audit.published.printed import Printed
from shared.paper.schema import Cell, ConfusionMatrix, Paper

TRACE, AXES, SUPPORT, AVERAGE = "trace of a matrix", "axes swapped", "support", "average of a matrix"
OTHER = {"true": "predicted", "predicted": "true"}


def audit_matrices(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Findings about every confusion matrix, and sentences about what is sound."""
    findings, sound = [], []
    for matrix in paper.confusion_matrices:
        found, sentence = _trace(paper, matrix)
        findings += found
        sound += [sentence] if sentence else []
    together: dict[tuple, list[ConfusionMatrix]] = {}
    for matrix in paper.confusion_matrices:
        key = (matrix.table, matrix.split, matrix.classes, _stated(paper, matrix))
        together.setdefault(key, []).append(matrix)
    for (_, split, *_), matrices in together.items():
        found, sentence = _axes(paper, split, matrices)
        findings += found
        sound += [sentence] if sentence else []
        findings += _averages(paper, split, matrices)
    return findings, sound


def sums(matrix: ConfusionMatrix) -> dict[str, tuple[int, ...]]:
    """The sums over each row and over each column of the figure as printed."""
    printed = np.array(matrix.as_printed)
    return {"rows": tuple(printed.sum(axis=1).tolist()), "columns": tuple(printed.sum(axis=0).tolist())}


def _cell(paper: Paper, matrix: ConfusionMatrix, metric: str) -> Cell | None:
    """The printed score of the matrix's model on its split, in the matrix's own table."""
    return paper.cell(matrix.table, matrix.model, matrix.split, metric)


def _stated(paper: Paper, matrix: ConfusionMatrix) -> int | None:
    """The clips of a matrix as stated: those of its split, or what its row counts in their place."""
    cell = _cell(paper, matrix, "accuracy")
    return cell.n if cell and cell.own_n else paper.corpus.n.get(matrix.split)


# ---- the trace


def _trace(paper: Paper, matrix: ConfusionMatrix) -> tuple[list[AuditFinding], str]:
    """Whether the diagonal is the printed accuracy, and whether the matrix has the stated clips."""
    trace, total = int(np.trace(matrix.matrix)), int(np.sum(matrix.matrix))
    place, cell = f"{matrix.figure} ({matrix.model}, {matrix.split})", _cell(paper, matrix, "accuracy")
    stated, findings = _stated(paper, matrix), []
    if stated and stated != total:
        arithmetic = f"The entries of the matrix add up to {total:,} clips; {stated:,} {matrix.split} clips are stated."
        follows = "The matrix is of other clips, or has a slip."
        findings.append(AuditFinding(SUPPORT, CONTRADICTION, place, f"{total:,}", arithmetic, follows))
    if cell is None or total == 0:
        return findings, ""
    printed = Printed.of(cell)
    share = f"{trace:,} of {total:,}, {printed.share(trace, total)}"
    if trace in printed.counts(total):
        return findings, f"{matrix.figure}: the diagonal has {share}; {printed} is printed for {matrix.model}."
    arithmetic = f"The diagonal has {share}, but {matrix.split} accuracy {printed} is printed."
    follows = "The matrix and the table are not of the same run."
    where = cell_place(paper, cell) | {"place": f"{place} and {cell_place(paper, cell)['place']}"}
    found = AuditFinding(TRACE, CONTRADICTION, printed=str(printed), arithmetic=arithmetic, follows=follows, **where)
    return [*findings, found], ""


# ---- the axes


def _axes(paper: Paper, split: str, matrices: list[ConfusionMatrix]) -> tuple[list[AuditFinding], str]:
    """Which axis of the figures has the supports of the classes, and what the figures call it."""
    figures, support = listed(matrix.figure for matrix in matrices), _support(paper, matrices[0])
    fitting, reason = _true_axis(matrices, support)
    if not fitting:
        return _no_support(split, figures, matrices, support), ""
    if len(fitting) > 1:
        return [], ""
    true = fitting[0]
    other = {"rows": "columns", "columns": "rows"}[true]
    rows_are = "true" if true == "rows" else "predicted"
    example = sums(matrices[0])[other]
    arithmetic = f"The {true} {reason}; the {other} do not ({listed(example)} in {matrices[0].figure}). "
    arithmetic += "A class has as many clips whatever a model answers, so these are the true classes."
    findings, place = [], f"{figures}, {split}"
    if odd := [matrix.figure for matrix in matrices if matrix.labelled_rows == OTHER[rows_are]]:
        follows = f"The axis labels of {listed(odd)} are swapped: the {other} are the predicted class."
        labelled = f"rows labelled as {OTHER[rows_are]} class"
        findings.append(AuditFinding(AXES, CONTRADICTION, place, labelled, arithmetic, follows))
    if misread := [matrix.figure for matrix in matrices if matrix.printed_rows != rows_are]:
        follows = f"paper.toml reads {listed(misread)} the wrong way: printed_rows should be {rows_are!r}."
        findings.append(AuditFinding(AXES, CONTRADICTION, place, "printed_rows of paper.toml", arithmetic, follows))
    if findings:
        return findings, ""
    return [], f"{figures}: the {true} {reason}, so they are the true class."


def _support(paper: Paper, matrix: ConfusionMatrix) -> tuple[int, ...] | None:
    """Clips a class of a split that has the corpus' proportions; None where they are unknown or not whole."""
    n, counts, size, classes = _stated(paper, matrix), paper.corpus.counts, paper.corpus.size, matrix.classes
    if not n or counts.keys() != set(classes) or any(count * n % size for count in counts.values()):
        return None
    return tuple(counts[name] * n // size for name in classes)


def _true_axis(matrices: list[ConfusionMatrix], support: tuple[int, ...] | None) -> tuple[list[str], str]:
    """The axes whose sums are the supports: the stated ones, else the same in all figures; and the reason in words."""
    found = {axis: {sums(matrix)[axis] for matrix in matrices} for axis in ("rows", "columns")}
    stated = [axis for axis, values in found.items() if values == {support}]
    if stated:
        even = len(set(support)) == 1
        return stated, f"add up to {f'{support[0]:,} a class' if even else listed(support)}, as stated"
    same = [axis for axis, values in found.items() if len(values) == 1]
    return (same, "have the same sums in all figures") if len(matrices) > 1 and same else ([], "")


def _no_support(split: str, figures: str, matrices: list, support: tuple[int, ...] | None) -> list[AuditFinding]:
    """The finding about figures of which neither axis can be the true classes of the same clips."""
    if len(matrices) == 1:
        if support is None:
            return []
        both = sums(matrices[0])
        arithmetic = f"Rows add up to {listed(both['rows'])}, columns to {listed(both['columns'])}; a split in the "
        arithmetic += f"corpus' proportions has {listed(support)}."
        follows = "The split is not in proportion, or the matrix has a slip; its axes cannot be told from it."
        return [AuditFinding(SUPPORT, NOTE, f"{figures}, {split}", "the matrix", arithmetic, follows)]
    arithmetic = "Neither the rows nor the columns have the same sums in all figures, as the true classes must."
    follows = "The matrices are not of the same clips, or one of them has a slip or another orientation."
    return [AuditFinding(SUPPORT, CONTRADICTION, f"{figures}, {split}", "the matrices", arithmetic, follows)]


# ---- precision and recall


def macro(matrix: np.ndarray) -> tuple[float, float]:
    """Precision and recall of a matrix with rows = true, averaged over the classes; 0 where nothing is divided."""
    hits, answered, true = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    return float(np.mean(hits / np.maximum(answered, 1))), float(np.mean(hits / np.maximum(true, 1)))


def _averages(paper: Paper, split: str, matrices: list[ConfusionMatrix]) -> list[AuditFinding]:
    """Printed precision and recall against the averages over classes, the matrix read either way."""
    texts, printed, swapped = [], [], []
    for matrix in matrices:
        cells = [_cell(paper, matrix, metric) for metric in ("precision", "recall")]
        if None in cells:
            continue
        values, one = macro(np.array(matrix.matrix)), [Printed.of(cell) for cell in cells]
        if all(_prints(text, value) for text, value in zip(one, values, strict=True)):
            continue
        if all(_prints(text, value) for text, value in zip(one, values[::-1], strict=True)):
            swapped.append(matrix.figure)
        shown = [f"{value * text.scale:.{text.decimals}f}" for text, value in zip(one, values, strict=True)]
        texts.append(f"{shown[0]} and {shown[1]} ({matrix.model})")
        printed.append(f"{one[0]} and {one[1]}")
    if not texts:
        return []
    arithmetic = f"Averaged over the classes, the matrices give precision and recall {listed(texts)}, exchanged with "
    arithmetic += f"the axes swapped; {'the latter' if swapped else 'neither'} is printed."
    if swapped:
        severity, follows = CONTRADICTION, f"Precision and recall of {listed(swapped)} were taken along the wrong axes."
    else:
        severity = NOTE
        follows = "The table's scores are no averages over classes; those at a threshold count sure answers only."
    place = f"{listed(m.figure for m in matrices)}, {split} precision and recall"
    return [AuditFinding(AVERAGE, severity, place, ", ".join(printed), arithmetic, follows)]


def _prints(printed: Printed, value: float) -> bool:
    low, high = map(float, printed.limits())
    return low - 1e-9 <= value <= high + 1e-9
