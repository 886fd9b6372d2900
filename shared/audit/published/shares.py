"""Printed accuracies as whole numbers of clips: do they fit the stated split, and if not, which other one?"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE, NOTE, AuditFinding, cell_place, listed
from shared.audit.published.printed import MODES, ROUNDED, TRUNCATED, Printed, which, why_not
from shared.paper.schema import Cell, Paper, Table

NO_WHOLE, SPLIT, TWICE = "no whole number of clips", "another split", "one number twice"
NOT_SAID = "a number of clips that is not said"
SHOWN = 6  # so many splits are named, more are only counted
SIMPLE = 20  # one clip in 2 to 20 is what somebody would choose as a share
UNKNOWN_SIZE = 10_000  # numbers of clips that are tried where nobody says how many there are


def audit_shares(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """Findings about the accuracies of every table, and sentences about those that are sound."""
    findings, sound = [], []
    for table in paper.tables if paper.corpus.labels == "single" else ():
        for cells in _of_one_count(table):
            found, sentences = _audit_cells(paper, table, cells)
            findings += found
            sound += sentences
    return findings, sound


def _of_one_count(table: Table) -> list[list[Cell]]:
    """The table's accuracies, those of rows that count the same together: clips, windows of them, or votes."""
    rows: dict[frozenset, list[Cell]] = {}
    for row in table.rows:
        cells = [cell for cell in row.cells if cell and cell.metric == "accuracy" and cell.sd is None]
        rows.setdefault(frozenset((cell.split, cell.n) for cell in cells if cell.own_n), []).extend(cells)
    return [cells for cells in rows.values() if cells]


def _audit_cells(paper: Paper, table: Table, cells: list[Cell]) -> tuple[list[AuditFinding], list[str]]:
    """The findings about accuracies of a table that count the same, and sentences about those that are sound."""
    findings, sound, stated = [], [], {cell.split: n for cell in cells if (n := stated_n(paper, cell))}
    odd = [cell for cell in cells if cell.split in stated and not Printed.of(cell).counts(stated[cell.split])]
    if odd and all(Printed.of(c).counts(stated[c.split], TRUNCATED) for c in cells if c.split in stated):
        findings.append(_cut_off(table, odd, stated))
    elif odd:
        findings += [_no_whole(paper, cell, stated[cell.split]) for cell in odd]
        findings += _other_split(paper, table, cells, {cell.split: stated[cell.split] for cell in odd})
    for split in dict.fromkeys(cell.split for cell in cells):
        of_split = [cell for cell in cells if cell.split == split]
        if split not in stated:
            findings.append(_unstated(paper, table, split, of_split))
        elif not set(of_split) & set(odd):
            counts = listed(Printed.of(cell).number(stated[split]) for cell in of_split)
            what = ", the row's own count" if of_split[0].own_n else " clips"
            sound.append(f"{table.label}, {split}: the accuracies are {counts} of {stated[split]:,}{what}.")
    findings += _twice(paper, table, cells)
    return findings, sound


def stated_n(paper: Paper, cell: Cell) -> int | None:
    """The clips that the document states for the cell's row or split, else those that the table is said to be on."""
    return cell.n if cell.own_n else paper.corpus.n.get(cell.split, cell.n)


def corpus_size(paper: Paper, cells: list[Cell]) -> int | None:
    """The clips of the corpus that the cells can count; None where they count something else, or nobody says."""
    return None if any(cell.own_n for cell in cells) else paper.corpus.size


def known_sizes(paper: Paper, cell: Cell) -> list[int]:
    """Every number of clips that the cell may be on: stated, of the table, of the splits that are a reading of both."""
    if cell.own_n:
        return [cell.n]
    protocols = [protocol.n.get(cell.split) for protocol in paper.corpus.protocols.values() if protocol.comparable]
    return [n for n in dict.fromkeys([stated_n(paper, cell), cell.n, *protocols]) if n]


def _no_whole(paper: Paper, cell: Cell, n: int) -> AuditFinding:
    """The finding about one accuracy that the stated clips cannot give."""
    printed, size = Printed.of(cell), corpus_size(paper, [cell])
    fitting = [other for other in known_sizes(paper, cell) if printed.counts(other)]
    if size and not any(printed.counts(k, mode) for k in range(1, size + 1) for mode in MODES):
        severity, follows = IMPOSSIBLE, f"No number of clips up to the corpus' {size:,} gives it."
    elif fitting:
        severity, follows = CONTRADICTION, f"Not measured on {n:,} clips; it would be {which(printed, fitting[0])}."
    else:
        others = [f", nor on {other:,}" for other in known_sizes(paper, cell) if other != n]
        severity, follows = CONTRADICTION, f"Not measured on {n:,} clips{''.join(others)}."
    place = cell_place(paper, cell)
    return AuditFinding(
        NO_WHOLE, severity, printed=str(printed), arithmetic=why_not(printed, n), follows=follows, **place
    )


def _cut_off(table: Table, odd: list[Cell], stated: dict[str, int]) -> AuditFinding:
    """The finding about a table whose accuracies are all whole numbers of clips once their decimals are cut off."""
    texts = ", ".join(str(Printed.of(cell)) for cell in odd)
    printed, n = Printed.of(odd[0]), stated[odd[0].split]
    arithmetic = why_not(printed, n) + " All others of the table can be read like this, too."
    follows = "The decimals were cut off, not rounded; nothing is wrong."
    return AuditFinding(NO_WHOLE, NOTE, f"{table.label}, accuracy", texts, arithmetic, follows, table.id)


# ---- which numbers of clips fit


def _other_split(paper: Paper, table: Table, cells: list[Cell], stated: dict[str, int]) -> list[AuditFinding]:
    """The ways to cut the corpus in two that give the printed accuracies of as many rows as possible."""
    size, splits = corpus_size(paper, cells), list(dict.fromkeys(cell.split for cell in cells))
    if not size or len(splits) != 2 or set(paper.corpus.n) - set(splits):
        of_split = {split: [cell for cell in cells if cell.split == split] for split in stated}
        return [_one_split(paper, table, split, of_split[split], n) for split, n in stated.items()]
    cuts = {mode: _cuts(cells, splits, size, mode) for mode in MODES}
    most = max(len(rows) for by_size in cuts.values() for rows in by_size.values())
    if most == 0:
        return []
    best = {rows for by_size in cuts.values() for rows in by_size.values() if len(rows) == most}
    sizes = {rows: {mode: {n for n in cuts[mode] if rows <= cuts[mode][n]} for mode in MODES} for rows in best}
    rows = min(sorted(best, key=sorted), key=lambda rows: sum(map(len, sizes[rows].values())))
    return [_split_finding(paper, table, splits, cuts, rows, sizes[rows])]


def _cuts(cells: list[Cell], splits: list[str], size: int, mode: str) -> dict[int, frozenset[str]]:
    """For each size of the first split, the second being the rest: the rows of whole numbers of clips."""
    prints = [(cell.row, Printed.of(cell), cell.split == splits[0]) for cell in cells]
    rows, cuts = frozenset(cell.row for cell in cells), {}
    for n in range(1, size):
        cuts[n] = rows - {row for row, printed, first in prints if not printed.counts(n if first else size - n, mode)}
    return cuts


def _split_finding(
    paper: Paper,
    table: Table,
    splits: list[str],
    cuts: dict[str, dict[int, frozenset[str]]],
    rows: frozenset[str],
    sizes: dict[str, set[int]],
) -> AuditFinding:
    """Say which cuts give these rows (`sizes`, by mode), whether one is a simple share, and which rows fit none."""
    size, mode = paper.corpus.size, ROUNDED if sizes[ROUNDED] else TRUNCATED
    remaining = sorted(sizes[mode])
    names = [row.header for row in table.rows if row.header in rows]
    named = listed(f"{n:,} + {size - n:,}" for n in remaining) if len(remaining) <= SHOWN else "too many to name"
    arithmetic = f"Of the {size - 1:,} ways to cut {size:,} clips in two, {len(remaining)} give every accuracy of "
    arithmetic += f"{listed(names)}, {mode}: {named}."
    ever = {row for by_size in cuts.values() for found in by_size.values() for row in found}
    if never := [row.header for row in table.rows if row.header not in ever]:
        arithmetic += f" None gives the row {listed(never)}, rounded or truncated."
    stated = _stated_text(paper, splits)
    simple = [n for n in remaining if Fraction(size - n, size).denominator <= SIMPLE]
    if any([n, size - n] == [paper.corpus.n.get(split) for split in splits] for n in remaining):
        follows = f"The stated {stated} is among them: only the other rows do not go with it."
    elif len(simple) == 1:
        n = simple[0]
        follows = f"Only {n:,} + {size - n:,} is a simple share ({Fraction(size - n, size)} {splits[1]})"
        if sizes[ROUNDED] & sizes[TRUNCATED] == {n}:
            follows += ", and only it also gives them with the decimals cut off"
        follows += f": very probably these rows' split, where {stated} is stated."
    else:
        follows = f"The stated {stated} is not the split of these rows."
    place, texts = f"{table.label}, {listed(splits)} accuracy", ", ".join(_texts(table, rows))
    return AuditFinding(SPLIT, CONTRADICTION, place, texts, arithmetic, follows, table.id)


def _stated_text(paper: Paper, splits: list[str]) -> str:
    """``2,400 + 600``, a question mark for a split whose clips are not stated."""
    return " + ".join(f"{paper.corpus.n[split]:,}" if split in paper.corpus.n else "?" for split in splits)


def _texts(table: Table, rows: frozenset[str]) -> list[str]:
    """The printed accuracies of some rows."""
    cells = [cell for row in table.rows if row.header in rows for cell in row.cells]
    return [str(Printed.of(cell)) for cell in cells if cell and cell.metric == "accuracy"]


def _fits_all(cells: list[Cell], limit: int) -> list[int]:
    """Every n up to `limit` of which each cell is a whole number of clips, rounded."""
    prints = [Printed.of(cell) for cell in cells]
    return [n for n in range(1, limit + 1) if all(printed.counts(n) for printed in prints)]


def _one_split(paper: Paper, table: Table, split: str, cells: list[Cell], n: int) -> AuditFinding:
    """The numbers of clips next to the stated one that give all accuracies of one split."""
    limit = corpus_size(paper, cells) or UNKNOWN_SIZE
    found = sorted(_fits_all(cells, limit), key=lambda other: (abs(other - n), other))[:SHOWN]
    texts = ", ".join(str(Printed.of(cell)) for cell in cells)
    odd = [printed for printed in map(Printed.of, cells) if not printed.counts(n)]
    slip = f"{listed(odd)} {'is a slip' if len(odd) == 1 else 'are slips'}"
    if found:
        nearest = f"the nearest to the stated {n:,} are {listed(f'{other:,}' for other in sorted(found))}"
        arithmetic = f"Of the numbers of clips up to {limit:,} that give every {split} accuracy, rounded, {nearest}."
        follows = f"Another number of clips was used, or {slip}."
    else:
        arithmetic = f"No number of clips up to {limit:,} gives every {split} accuracy, rounded."
        follows = f"They were not all measured on the same clips, or {slip}."
    return AuditFinding(SPLIT, CONTRADICTION, f"{table.label}, {split} accuracy", texts, arithmetic, follows, table.id)


def _unstated(paper: Paper, table: Table, split: str, cells: list[Cell]) -> AuditFinding:
    """The least number of clips that the accuracies of a split need, where the document gives none."""
    limit = corpus_size(paper, cells) or UNKNOWN_SIZE
    found = _fits_all(cells, limit)
    arithmetic, all_of = f"No number of {split} clips is stated, and ", "it" if len(cells) == 1 else "all of them"
    if found:
        shares = listed(which(Printed.of(cell), found[0]) for cell in cells)
        arithmetic += f"the least that gives {all_of} is {found[0]:,}: {shares}."
        follows = "Without it no interval can be given."
    else:
        arithmetic += f"none up to {limit:,} gives {all_of}, rounded."
        follows = "The rows are not on the same clips, or on more than these."
    place, texts = f"{table.label}, {split} accuracy", ", ".join(str(Printed.of(cell)) for cell in cells)
    return AuditFinding(NOT_SAID, NOTE, place, texts, arithmetic, follows, table.id)


# ---- one number for two splits


def _twice(paper: Paper, table: Table, cells: list[Cell]) -> list[AuditFinding]:
    """Accuracies of one model that are the same to the last digit on two splits."""
    findings = []
    for one, other in combinations(cells, 2):
        if (one.row, one.printed) == (other.row, other.printed) and one.split != other.split:
            findings.append(_twice_finding(paper, table, one, other))
    return findings


def _twice_finding(paper: Paper, table: Table, one: Cell, other: Cell) -> AuditFinding:
    printed = Printed.of(one)
    sizes = {cell.split: known_sizes(paper, cell) for cell in (one, other)}
    fits = {split: next((n for n in known if printed.counts(n)), None) for split, known in sizes.items()}
    texts = []
    for split, n in fits.items():
        none = f"no whole number of {' or '.join(f'{n:,}' for n in sizes[split])} {split} clips"
        texts.append(which(printed, n, f"{split} clips") if n else none if sizes[split] else f"{split} clips: unstated")
    arithmetic = f"{printed} is printed for {one.split} and for {other.split}. It is {listed(texts)}."
    fitting = [split for split, n in fits.items() if n]
    if len(fitting) == 1 and all(sizes.values()):
        left = ({one.split, other.split} - set(fitting)).pop()
        severity = CONTRADICTION
        follows = f"The {fitting[0]} accuracy seems to be printed twice; the {left} one is missing."
    elif not fitting and any(sizes.values()):
        severity, follows = CONTRADICTION, "At most one of the two can be what was measured, and on other clips."
    else:
        severity, follows = NOTE, "Possible, but a value that was copied looks like this."
    return AuditFinding(
        TWICE,
        severity,
        f"{table.label}, {one.row}, {one.split} and {other.split} accuracy",
        str(printed),
        arithmetic,
        follows,
        table.id,
        one.row,
    )
