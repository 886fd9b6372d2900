"""The front page: every paper's rows with their verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE
from shared.audit.published import audit_paper
from shared.paper.schema import Paper
from shared.report.site.diff_tables import interval
from shared.report.site.findings import AUDIT
from shared.report.site.html import Html, h, joined, minus
from shared.report.site.marks import badge, command, left_out_list, legend, tally, variant_title
from shared.report.site.overview import Line, lines
from shared.report.site.page import SITE_TITLE, Part, framed, page
from shared.report.tables import number, signed
from shared.results.diff import Diff

INTRO = (
    "Audio-classification reports, rerun. Each published number stands beside the regenerated one, with the 95 % "
    "interval of their difference and a verdict. Beside it is what the same model scores when no recording or speaker "
    "stands on both sides of the split."
)
HEAD = ("variant", "published", "regenerated", "verdict", "difference, 95 % interval", "grouped", "reason")
NUMBERS = (1, 2, 4, 5)


def front_page(diffs: Sequence[Diff], page_of) -> str:
    """All papers on one page; `page_of` gives the address of a paper's own page."""
    head = joined([h("h1", SITE_TITLE), h("p", INTRO, class_="lead")])
    parts = [Part(diff.paper.title, _paper(diff, page_of(diff.paper.id)), short=diff.paper.id) for diff in diffs]
    reading = [
        h("p", "A verdict compares two numbers on the published split. Its words mean:"),
        legend(),
        h("p", GROUPED),
    ]
    return page(SITE_TITLE, head, [*parts, Part("How to read it", joined(reading))])


GROUPED = (
    "Grouped is the same training with whole recordings, tracks or speakers left out of it and kept for the test. A "
    "number that falls far there rested on having heard the singer, the song or the speaker before. It has no "
    "verdict: no paper published such a number. A mean ± a spread is over the folds that it names."
)


def _paper(diff: Diff, address: str) -> Html:
    paper = diff.paper
    found, left = lines(diff)
    people = f"{', '.join(paper.authors)}, {paper.year or 'undated'}"
    about = h("p", f"{people}. {paper.task[:1].upper()}{paper.task[1:]}; corpus: {paper.corpus.title}.", class_="about")
    columns = list(dict.fromkeys(f"{line.column.split} {line.column.metric}" for line in found))
    caption = f"{' and '.join(columns)}: published against regenerated"
    rest = f"{left} more number{'s' if left > 1 else ''} of other variants, on "
    more = h(
        "p", rest if left else "All tables, curves and settings: ", h("a", f"the page of {paper.id}", href=address)
    )
    counts = Counter(line.entry.verdict for line in found if line.entry.cell)
    head = [h("th", name, scope="col", class_="number" if i in NUMBERS else None) for i, name in enumerate(HEAD)]
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in found:
        groups.setdefault((line.table, line.row), []).append(line)
    bodies = [_group(diff, members) for members in groups.values()]
    rows = framed(joined([h("thead", h("tr", head)), bodies]), caption[:1].upper() + caption[1:], "overview")
    return joined([about, tally(counts), left_out_list(diff), rows, _elsewhere(diff), more, _audited(paper, address)])


def _elsewhere(diff: Diff) -> Html | None:
    """The corpora that stood in for the paper's own, or for a part of it; their numbers have no row here."""
    others = dict.fromkeys(section.corpus for section in diff.sections if not section.own_corpus and section.runs)
    if not others:
        return None
    names = joined([joined([", " if i else None, h("code", name)]) for i, name in enumerate(others)])
    return h("p", "Also run on other corpora, not comparable: ", names, ".")


def _group(diff: Diff, members: list[Line]) -> Html:
    """A row of the paper: its name, then a line a variant."""
    name = h("th", _name(members[0]), scope="rowgroup", colspan=len(HEAD))
    return h("tbody", h("tr", name, class_="name"), [_line(diff, line) for line in members])


def _line(diff: Diff, line: Line) -> Html:
    entry = line.entry
    difference = minus(signed(entry.delta, entry.cell)) if entry.cell else None
    reason = command(entry.command) if entry.command else minus(entry.reason)
    cells = [
        (entry.cell.printed if entry.cell else "none", "number"),
        (minus(number(entry)) or "not run", "number"),
        (badge(entry.verdict), None),
        (joined([difference, h("span", interval(entry), class_="small")]), "number"),
        (_grouped(line), "number"),
        (reason if entry.cell else None, "reason"),
    ]
    variant = h("th", variant_title(diff.paper, line.variant), scope="row")
    return h("tr", variant, [h("td", content, class_=class_) for content, class_ in cells])


def _audited(paper: Paper, address: str) -> Html | None:
    """How many findings the audit of the published numbers has, and where they are."""
    counts = Counter(finding.severity for finding in audit_paper(paper).findings)
    words = {IMPOSSIBLE: "impossible", CONTRADICTION: "in contradiction"}
    found = [f"{counts[severity]} {word}" for severity, word in words.items() if counts[severity]]
    if not found:
        return None
    return h("p", "Printed numbers that cannot all be right: ", h("a", ", ".join(found), href=f"{address}#{AUDIT}"))


def _name(line: Line) -> Html | str:
    """The paper's own name for its row, and the model's where that is only a number."""
    name = line.row if line.row in line.model and len(line.row) > 3 else line.model
    return f"{line.table} · {name}" if line.table else name


def _grouped(line: Line) -> Html | None:
    if line.grouped is None:
        return None
    folds = f"{line.folds} fold{'s' if line.folds > 1 else ''}"
    return joined([minus(number(line.grouped)), h("span", f" {folds}", class_="small")])
