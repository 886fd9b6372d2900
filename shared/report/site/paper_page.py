"""The page of one paper: its tables variant by variant, then what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shared.paper.schema import Paper
from shared.report import readings
from shared.report.examples import read_examples
from shared.report.readme import (
    ablation_conditions,
    ablation_table,
    comparisons_note,
    comparisons_table,
    folds_table,
    protocols_table,
    value_text,
)
from shared.report.site.confusions import confusions
from shared.report.site.costs import costs_part
from shared.report.site.curves import curves
from shared.report.site.diff_tables import section_tables
from shared.report.site.findings import audit_part, findings_part
from shared.report.site.forest import forest
from shared.report.site.heard import heard_part
from shared.report.site.html import Html, h, joined, minus, prose
from shared.report.site.marks import command, left_out_list, legend, protocol_words, tally, variant_title
from shared.report.site.page import FRONT, Part, details, page, table
from shared.report.site.published_curves import published_curves_part
from shared.report.site.settings import settings_part
from shared.report.story import story
from shared.results.diff import Diff, Section
from shared.results.readings import sentence

FILES = {"diff.csv": "every number with its verdict", "runs.csv": "every run"}


def paper_page(diff: Diff, link: Callable[[Path], str]) -> str:
    """A paper's page; `link` gives the address of a file of its results."""
    paper = diff.paper
    own = [section for section in diff.sections if section.own_corpus]
    on_split = [_section(diff, section) for section in own if section.protocol == "published"]
    otherwise = [_section(diff, section) for section in own if section.protocol != "published"]
    head = joined([None if on_split else _nothing_comparable(diff), _not_run(diff)])
    parts = [Part("Published against regenerated", head, tuple(on_split), short="Tables")]
    if otherwise:
        parts.append(Part("The same under other splits", h("p", OTHERWISE), tuple(otherwise), short="Other splits"))
    parts += _other_corpora(diff) + published_curves_part(diff, link)
    parts += _protocols(diff)
    parts += _readings(diff, link) + _comparisons(diff) + _ablations(diff)
    parts += _examples(diff.results.folder, link) + heard_part(diff, link)
    parts += [audit_part(paper), findings_part(paper), settings_part(paper), costs_part(diff)]
    return page(paper.title, _head(diff, link), _folded(parts), contents_of=2)


def _folded(parts: list[Part]) -> list[Part]:
    """All but the first table folded: what a reader looks for is opened by its heading, or from the contents."""
    found, seen = [], False
    for part in parts:
        inner = tuple(replace(each, folded=seen or i > 0) for i, each in enumerate(part.parts))
        found.append(replace(part, parts=inner, folded=seen))
        seen = seen or bool(inner)
    return found


OTHERWISE = (
    "A number measured on another split is not held against the published one, unless that split is another reading "
    "of the paper."
)


def _head(diff: Diff, link: Callable[[Path], str]) -> Html:
    paper, corpus, folder = diff.paper, diff.paper.corpus, diff.results.folder
    sizes = ", ".join(f"{n:,} {split}" for split, n in corpus.n.items())
    facts = {
        "Task": paper.task,
        "Corpus": corpus.title,
        "Clips": sizes or "the paper does not say how many are in each split",
        "Classes": ", ".join(corpus.classes),
        "Known for": _headline(paper),
    }
    files = [h("a", words, href=link(folder / name)) for name, words in FILES.items() if (folder / name).exists()]
    if files:
        facts["As CSV"] = joined([joined(["; " if index else "", file]) for index, file in enumerate(files)])
    listed = [joined([h("dt", name), h("dd", text)]) for name, text in facts.items() if text]
    return joined(
        [
            h("p", h("a", "All papers", href=FRONT), class_="up"),
            h("h1", paper.title),
            h("p", ", ".join(paper.authors), class_="lead"),
            h("p", _publication(paper), h("br"), _in_the_project(paper), class_="small"),
            _story(paper.id),
            forest([diff]),
            left_out_list(diff),
            details("The paper and its corpus", h("dl", listed, class_="facts")),
            details("What the verdicts mean", tally(diff.counts, "Over all variants and splits: "), legend()),
        ]
    )


def _publication(paper: Paper) -> Html:
    """What the document is and where it can be read, its DOI and its licence, as far as they are known."""
    parts = [h("a", paper.dated, href=paper.address) if paper.address else paper.dated]
    parts += [joined(["; DOI ", h("a", paper.doi, href=paper.doi_address)])] if paper.doi else []
    parts += [f"; licence {paper.licence}"] if paper.licence else []
    return joined(parts)


def _in_the_project(paper: Paper) -> Html:
    """The files to read beside the page. They lie outside the report: the script links to them where they are there."""
    folder = f"reproductions/{paper.id}"
    names = ("README.md", "notes.md", "lesson.ipynb", "model.py", "train.py")
    names = [name for name in names if (paper.path.parent / name).exists()]
    files = [h("code", name, class_="file", data_file=f"{folder}/{name}") for name in names]
    listed = [joined([", " if i else None, file]) for i, file in enumerate(files)]
    return joined(["In the project: ", listed, " of ", h("code", folder)])


def _story(paper_id: str) -> Html | None:
    """The page's first words, where docs/findings.md has some."""
    text = story(paper_id)
    return h("p", prose(text), class_="story") if text else None


def _headline(paper: Paper) -> str:
    cell = paper.headline_cell
    return f"{cell.printed} {cell.metric} of {cell.model} on the {cell.split} split" if cell else ""


def _nothing_comparable(diff: Diff) -> Html:
    """Of a paper with no run on its own corpus: that there is none, and where to look."""
    paper = diff.paper
    names = list(dict.fromkeys(map(paper.corpus_of, paper.models)))
    corpora = [joined([" and " if i else None, h("code", name)]) for i, name in enumerate(names)]
    elsewhere = " What was run on other data stands below." if any(not s.own_corpus for s in diff.sections) else ""
    return h("p", "No run on the paper's own data (", corpora, f") is in the results.{elsewhere}")


def _not_run(diff: Diff) -> Html | None:
    """The variants without a run, each with its command."""
    missing = [name for name in diff.paper.variants if name not in {section.variant for section in diff.sections}]
    commands = [
        h(
            "li",
            f"{diff.paper.variants[name].title}: ",
            command(f"python -m reproductions run {diff.paper.id} --variant {name}"),
        )
        for name in missing
    ]
    return (
        details(f"Not run: {len(missing)} more variant{'s' if len(missing) > 1 else ''}", h("ul", commands))
        if missing
        else None
    )


def _section(diff: Diff, section: Section) -> Part:
    """One variant under one protocol on one corpus: tables, matrices, curves."""
    paper = diff.paper
    title = variant_title(paper, section.variant)
    protocol = protocol_words(paper, section)
    corpus = "" if section.own_corpus else f"on {section.corpus}"
    whole = ", ".join(text for text in (title, protocol, corpus) if text)
    variant = paper.variants.get(section.variant)
    said = prose(variant.description) if variant else "Not in the paper: measured for comparison."
    about = h("p", said, " ", h("span", h("code", section.variant), class_="small"))
    drawn = [section_tables(paper, section), confusions(diff, section), curves(diff, section)]
    short = ", ".join(text for text in (title, protocol.partition(" protocol")[0], corpus) if text)
    return Part(whole[:1].upper() + whole[1:], joined([about, drawn]), short=short[:1].upper() + short[1:])


def _other_corpora(diff: Diff) -> list[Part]:
    """What was measured on other data than the paper's, with the reason why it may not stand beside it."""
    sections = [section for section in diff.sections if not section.own_corpus]
    others = diff.paper.corpus.others
    if not sections:
        return []
    used = dict.fromkeys(section.corpus for section in sections)
    reasons = [h("li", h("code", name), f": {others[name]}" if name in others else ": another corpus") for name in used]
    body = joined([h("p", "Not comparable with the published numbers, because:"), h("ul", reasons)])
    parts = tuple(_section(diff, section) for section in sections)
    return [Part("On other corpora: not comparable", body, parts, short="Other corpora")]


def _protocols(diff: Diff) -> list[Part]:
    """The same score under each protocol, and in each named fold."""
    if not diff.runs:
        return []
    head, rows = protocols_table(diff)
    tables = [_numbers(head, rows, "The same score on the published split and with whole groups of clips left out")]
    grouped = diff.paper.corpus.protocols.get("grouped")
    if grouped and grouped.folds:
        head, rows = folds_table(diff)
        if rows:
            tables.append(_numbers(head, rows, f"Fold by fold: {grouped.title or 'one group is left out'}"))
    return [Part("Protocols and folds: what the split is worth", joined(tables), short="Protocols and folds")]


def _readings(diff: Diff, link: Callable[[Path], str]) -> list[Part]:
    """The specification curve of each model, and its choices by what they move."""
    parts = []
    for curve in diff.curves:
        picture, *tables = (
            readings.file_of(diff.results.folder, kind, curve, suffix)
            for kind, suffix in (("readings", "png"), ("readings", "csv"), ("effects", "csv"))
        )
        said = sentence(curve)
        image = h("img", src=link(picture), alt=f"{readings.title_of(curve)}: all readings by their number. {said}")
        links = joined(
            [joined([" and " if i else "", h("a", file.name, href=link(file))]) for i, file in enumerate(tables)]
        )
        full = h("a", "In full size", href=link(picture))
        chance = [h("li", prose(line)) for line in readings.at_chance_lines(curve)]
        head, rows = readings.effects_table(curve)
        body = [
            h("p", prose(said)),
            h("figure", image, h("figcaption", full, "; as CSV: ", links), class_="specification"),
            _numbers(head, rows, "Choices by what they move, the largest first"),
            h("p", prose(ELSEWHERE)) if any(one.other_machine for one in curve.effects) else None,
            joined([h("p", "At chance:"), h("ul", chance)]) if chance else None,
        ]
        parts.append(Part(readings.title_of(curve), joined(body)))
    listed = []
    for setting in diff.paper.settings.values():
        for one in setting.readings:
            values = [value_text(setting), value_text(replace(setting, value=one.value))]
            listed.append([h("code", setting.name), *values, prose(one.reason), one.written])
    if not listed:
        return []
    head = ["setting", "in paper", "other reading", "why a careful reader could take it", "written down"]
    about = joined([h("p", READINGS), details(f"All {len(listed)} readings", table(head, listed, "Other readings"))])
    return [Part("Which silent choice moves the table", about, tuple(parts), short="Readings")]


READINGS = (
    "The text leaves settings open. Each other value that a careful reader could take was written down with its reason "
    "before it was run, then trained with the same seeds on the same clips. Those without a name stand in no table."
)
ELSEWHERE = (
    "On another machine: the reading and `paper` were trained on different processors. These round differently, so the "
    "same seed leads elsewhere; the interval knows the clips and not that."
)


def _comparisons(diff: Diff) -> list[Part]:
    """Two trainings on the same clips, choice by choice."""
    head, rows = comparisons_table(diff)
    caption = f"Two trainings on the same clips. {comparisons_note(len(rows))}"
    return [Part("What a choice brings", _numbers(head, rows, caption), short="Comparisons")] if rows else []


def _ablations(diff: Diff) -> list[Part]:
    tables = []
    for ablation in diff.paper.ablations:
        head, rows = ablation_table(diff, ablation)
        caption = f"{ablation.model}: {ablation.title} ({ablation_conditions(ablation)})"
        tables.append(_numbers(head, rows, caption))
    return [Part("One choice at a time", joined(tables), short="Ablations")] if tables else []


def _numbers(head: list[str], rows: list[list[str]], caption: str) -> Html:
    """A table of the README: names to the left, numbers to the right, backticks as code."""
    numeric = [
        i for i in range(1, len(head)) if any(row[i][:1].isdigit() or row[i][:1] in "+-" for row in rows if row[i])
    ]
    return table(
        [prose(name) for name in head], [[prose(minus(text)) for text in row] for row in rows], caption, numeric
    )


def _examples(folder: Path, link: Callable[[Path], str]) -> list[Part]:
    """Pictures of what the models see, where the paper has some."""
    figures = [
        h("figure", h("img", src=link(one.file), alt=f"{one.title}. {one.text}"), h("figcaption", one.text))
        for one in read_examples(folder)
        if not one.sound
    ]
    return [Part("What the models see", h("div", figures, class_="pictures"), short="Examples")] if figures else []
