"""Small papers for the audit's tests, put together from pieces of a paper.toml."""

import json
from collections.abc import Sequence
from pathlib import Path

from shared.audit.finding import AuditFinding
from shared.audit.published import Audit, audit_paper
from shared.paper.loading import load_paper

HEAD = """
schema = 1
[paper]
id = "toy"
title = "A toy"
authors = ["A. Author"]
task = "telling classes apart"
document = "nowhere"
[variants.paper]
title = "as printed"
description = "As printed."
origin = "paper"
[models."A"]
[models."B"]
[models."C"]
"""
CORPUS = """
[corpus]
name = "toys"
title = "Toys"
labels = "single"
classes = ["x", "y"]
"""


def table(columns: str, scale: int = 1, table_id: str = "1", variants: Sequence[str] = (), **rows: list[str]) -> str:
    """A table; `columns` are such as ``test accuracy, test recall``, `rows` a model's values.

    It is held against `variants`, or against all when there are none.
    """
    pairs = [column.split() for column in columns.split(",")]
    lines = [f'{{ split = "{pair[0]}", metric = "{pair[1]}", header = "{pair[1]}" }}' for pair in pairs]
    values = [f'{{ header = "{name}", model = "{name}", values = {json.dumps(row)} }}' for name, row in rows.items()]
    body = f"columns = [{', '.join(lines)}]\nrows = [{', '.join(values)}]\n"
    return f'[[tables]]\nid = "{table_id}"\nscale = {scale}\nvariants = {json.dumps(list(variants))}\n{body}'


def claim(
    place: str, value: str, scale: int = 100, model: str = "A", split: str = "test", metric: str = "accuracy"
) -> str:
    """A value that is printed outside the table."""
    about = f'model = "{model}"\nsplit = "{split}"\nmetric = "{metric}"\n'
    return f'[[claims]]\nplace = "{place}"\nvalue = "{value}"\nscale = {scale}\n{about}'


def matrix(figure: str, rows: list[list[int]], model: str = "A", printed: str = "true", labelled: str = "") -> str:
    """A confusion matrix of the test, its rows as the figure prints them."""
    label = f'labelled_rows = "{labelled}"\n' if labelled else ""
    head = f'[[confusion_matrices]]\nfigure = "{figure}"\nmodel = "{model}"\nsplit = "test"\n{label}'
    return f'{head}printed_rows = "{printed}"\nmatrix = {rows}\n'


def audit_of(root: Path, *parts: str) -> Audit:
    """The audit of a paper.toml that is HEAD and these parts, written below `root`."""
    (root / "toy").mkdir(exist_ok=True)
    (root / "toy" / "paper.toml").write_text("\n".join([HEAD, *parts]), encoding="utf-8")
    return audit_paper(load_paper("toy", root))


def kinds(audited: Audit) -> list[tuple[str, str]]:
    """Severity and kind of every finding."""
    return [(finding.severity, finding.kind) for finding in audited.findings]


def only(audited: Audit, kind: str) -> AuditFinding:
    """The one finding of a kind."""
    (found,) = [finding for finding in audited.findings if finding.kind == kind]
    return found
