"""The front page: the papers, one plot of all their numbers, and the same as a table a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from shared.audit.finding import CONTRADICTION, IMPOSSIBLE
from shared.audit.published import audit_paper
from shared.paper.schema import Column, Paper
from shared.report import overview
from shared.report.site.diff_tables import interval
from shared.report.site.findings import AUDIT
from shared.report.site.forest import forest
from shared.report.site.html import Html, h, joined, minus
from shared.report.site.marks import badge, command, left_out_list, legend, tally, variant_title
from shared.report.site.page import SITE_TITLE, Part, framed, page
from shared.report.tables import number, signed
from shared.results.diff import Diff, Entry, Section
from shared.results.verdicts import UNPUBLISHED

INTRO = (
    "Audio-classification reports, rerun. Each published number stands beside the regenerated one, with the 95 % "
    "interval of their difference and a verdict."
)
HEAD = ("variant", "published", "regenerated", "verdict", "difference, 95 % interval", "grouped", "reason")
NUMBERS = (1, 2, 4, 5)
GROUPED = (
    "Grouped is the same training with whole recordings, tracks or speakers left out of it and kept for the test. A "
    "number that falls far there rested on having heard the singer, the song or the speaker before. It has no "
    "verdict: no paper published such a number. A mean ± a spread is over the folds that it names."
)


def front_page(diffs: Sequence[Diff], page_of: Callable[[str], str]) -> str:
    """All papers on one page; `page_of` gives the address of a paper's own page."""
    papers = h("ul", [_entry(diff, page_of(diff.paper.id)) for diff in diffs], class_="papers")
    head = joined([h("h1", SITE_TITLE), h("p", INTRO, class_="lead"), papers, forest(diffs)])
    parts = [
        Part(diff.paper.title, _paper(diff, page_of(diff.paper.id)), short=diff.paper.id, folded=True) for diff in diffs
    ]
    reading = [h("p", "A verdict compares two numbers on the published split. Its words mean:"), legend()]
    parts.append(Part("How to read it", joined([*reading, h("p", GROUPED)])))
    return page(SITE_TITLE, head, parts)


def _entry(diff: Diff, address: str) -> Html:
    """A paper's name, which leads to its page, what it is about, and its verdicts."""
    paper = diff.paper
    counts = Counter(entry.verdict for line in overview.lines([diff]) for _, entry in line.readings)
    about = f"{', '.join(paper.authors)}, {paper.year or 'undated'}: {paper.task}."
    return h("li", h("a", paper.title, href=address), h("p", about, class_="about"), tally(counts))


def _paper(diff: Diff, address: str) -> Html:
    found = list(overview.lines([diff]))
    columns = list(dict.fromkeys(f"{line.cell.split} {line.cell.metric}" for line in found))
    caption = f"{' and '.join(columns)}: published against regenerated"
    head = [h("th", name, scope="col", class_="number" if i in NUMBERS else None) for i, name in enumerate(HEAD)]
    bodies = [_group(diff, _name(line), line.readings) for line in found]
    bodies += [_group(diff, model, readings) for model, readings in _unpublished(diff).items()]
    rows = framed(joined([h("thead", h("tr", head)), bodies]), caption[:1].upper() + caption[1:], "overview")
    more = h("p", "All tables, curves and settings: ", h("a", f"the page of {diff.paper.id}", href=address))
    return joined([left_out_list(diff), rows, _elsewhere(diff), more, _audited(diff.paper, address)])


def _elsewhere(diff: Diff) -> Html | None:
    """The corpora that stood in for the paper's own, or for a part of it."""
    others = dict.fromkeys(section.corpus for section in diff.sections if not section.own_corpus and section.runs)
    if not others:
        return None
    names = joined([joined([", " if i else None, h("code", name)]) for i, name in enumerate(others)])
    return h("p", "Also run on other corpora, not comparable: ", names, ".")


def _unpublished(diff: Diff) -> dict[str, list[tuple[Section, Entry]]]:
    """Models that the paper has no number for, such as probes and ensembles, in the first table's main column."""
    found: dict[str, list[tuple[Section, Entry]]] = {}
    for section in diff.sections if diff.paper.tables else ():
        column = diff.paper.main_column(diff.paper.tables[0])
        for entry in section.extras if section.own_corpus and section.protocol == "published" else ():
            if entry.verdict == UNPUBLISHED and (entry.split, entry.metric) == (column.split, column.metric):
                found.setdefault(entry.model, []).append((section, entry))
    return found


def _group(diff: Diff, name: str, readings: Sequence[tuple[Section, Entry]]) -> Html:
    """A row of the paper: its name, then a line a reading."""
    head = h("th", h("span", name), scope="rowgroup", colspan=len(HEAD))
    return h("tbody", h("tr", head, class_="name"), [_line(diff, *reading) for reading in readings])


def _line(diff: Diff, section: Section, entry: Entry) -> Html:
    difference = minus(signed(entry.delta, entry.cell)) if entry.cell else None
    reason = command(entry.command) if entry.command else minus(entry.reason)
    cells = [
        (entry.cell.printed if entry.cell else "none", "number"),
        (minus(number(entry, column=_column(diff.paper, entry))) or "not run", "number"),
        (badge(entry.verdict), None),
        (joined([difference, h("span", interval(entry), class_="small")]), "number"),
        (_grouped(diff, section, entry), "number"),
        (reason if entry.cell else None, "reason"),
    ]
    corpus = None if section.own_corpus else joined([", on ", h("code", section.corpus)])
    variant = h("th", variant_title(diff.paper, section.variant), corpus, scope="row")
    return h("tr", variant, [h("td", content, class_=class_) for content, class_ in cells])


def _audited(paper: Paper, address: str) -> Html | None:
    """How many findings the audit of the published numbers has, and where they are."""
    counts = Counter(finding.severity for finding in audit_paper(paper).findings)
    words = {IMPOSSIBLE: "impossible", CONTRADICTION: "in contradiction"}
    found = [f"{counts[severity]} {word}" for severity, word in words.items() if counts[severity]]
    if not found:
        return None
    return h("p", "Printed numbers that cannot all be right: ", h("a", ", ".join(found), href=f"{address}#{AUDIT}"))


def _name(line: overview.Line) -> str:
    """The paper's own name for its row, and the model's where that is only a number."""
    header = next(row.header for row in line.table.rows if row.model == line.cell.model)
    name = header if header in line.cell.model and len(header) > 3 else line.cell.model
    return f"{line.of_table} · {name}" if line.of_table else name


def _grouped(diff: Diff, section: Section, entry: Entry) -> Html | None:
    """The same number with whole recordings or speakers left out, and how many folds it is the mean of."""
    place = (entry.model, entry.split, entry.metric)
    for other in diff.sections:
        if (other.protocol, other.variant, other.corpus) == ("grouped", section.variant, section.corpus):
            for found in other.all():
                if (found.model, found.split, found.metric) == place and found.value is not None:
                    folds = len({run["fold"] for run in other.runs if run["model"] == entry.model})
                    words = f" {folds} fold{'s' if folds > 1 else ''}"
                    shown = minus(number(found, column=_column(diff.paper, entry)))
                    return joined([shown, h("span", words, class_="small")])
    return None


def _column(paper: Paper, entry: Entry) -> Column:
    """The column that the paper prints such numbers in, which says whether they are in per cent."""
    columns = (column for table in paper.tables for column in table.columns)
    return next(column for column in columns if (column.split, column.metric) == (entry.split, entry.metric))
