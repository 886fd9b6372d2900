"""The parts of the READMEs that are drawn from paper.toml and the results, between markers.

<!-- begin:tables -->
… written by `python -m reproductions report`, never by hand …
<!-- end:tables -->
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import mean, stdev

from shared.audit.published.constant import audit_constant
from shared.paper.schema import Ablation, Finding, Paper, Setting
from shared.report import fold_table
from shared.report.multilabel import labels_markdown
from shared.report.overview import lines, markdown_rows
from shared.report.published_curves import curves_table
from shared.report.readings import readings_markdown
from shared.report.story import story
from shared.report.tables import layouts, left_out, no_tags, render_markdown
from shared.results import ablations
from shared.results.diff import Diff
from shared.results.verdicts import ALPHA, ENOUGH_RUNS, RULE

WIDTH = 120  # of a line of prose
BLOCK = re.compile(r"<!-- begin:(?P<name>[\w-]+) -->\n(?P<body>.*?)<!-- end:(?P=name) -->", re.DOTALL)
PAPERS_HEAD = ("paper", "task", "numbers", "verdicts of the readings shown")
MARKER = re.compile(r"<!-- (?:begin|end):([\w-]+) -->")


class ReadmeError(ValueError):
    """A marker that cannot be filled."""


def render_blocks(text: str, blocks: dict[str, Callable[[], str]], file: Path) -> str:
    """`text` with what stands between each pair of markers replaced; doing it twice changes nothing.

    Parameters
    ----------
    blocks : dict of name to function
        Functions that give the Markdown of a block; only those that the text asks for are called.
    file : Path
        For messages.

    Raises
    ------
    ReadmeError
        A marker whose name is not known (the known are listed), or one without its partner.
    """
    paired = [match["name"] for match in BLOCK.finditer(text)]
    for name in MARKER.findall(text):
        if name not in blocks:
            raise ReadmeError(f"{file}: no block is called {name!r}; the known are: {', '.join(sorted(blocks))}")
        if MARKER.findall(text).count(name) != 2 * paired.count(name):
            raise ReadmeError(f"{file}: the markers begin:{name} and end:{name} do not pair up")

    def fill(match: re.Match) -> str:
        body = no_tags(blocks[match["name"]]().strip("\n"))
        return f"<!-- begin:{match['name']} -->\n{body}\n<!-- end:{match['name']} -->"

    return BLOCK.sub(fill, text)


def shows_figures(text: str, section: str) -> bool:
    """Whether a text has a block for the pictures of a section, or for all of them."""
    return any(f"<!-- begin:{name} -->" in text for name in ("figures", f"figures-{section}"))


def suite_blocks(diffs: list[Diff]) -> dict[str, Callable[[], str]]:
    """Blocks of the README at the top, and of what docs/ says of all papers together."""
    return {"papers": lambda: _papers(diffs), "verdicts": lambda: RULE, "hours": lambda: _hours(diffs)}


def _hours(diffs: list[Diff]) -> str:
    """What the trainings of all papers took, by their records."""
    hours = {diff.paper.id: sum(r["seconds"] for r in diff.results.records.values()) / 3600 for diff in diffs}
    each = ", ".join(f"{spent:.1f} for {paper}" for paper, spent in hours.items())
    total = f"{sum(hours.values()):.1f} hours of training, by its records, on two cores or one"
    return _filled(f"All of `results/` took {total}: {each}. Energy was not measured.")


def _filled(text: str) -> str:
    """Prose in lines."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def paper_blocks(diff: Diff) -> dict[str, Callable[[], str]]:
    """Blocks of a paper's own README and of the notes beside it.

    ``figures`` shows all PNGs, ``figures-paper`` or ``figures-paper_grouped`` those of one variant and protocol.
    """
    paper = diff.paper
    figures = sorted(path.name for path in diff.results.folder.glob("*.png"))
    blocks = {f"figures-{name}": partial(_figures, paper, figures, name) for name in _section_names(paper, diff)}
    return blocks | {
        "publication": lambda: _publication(paper),
        "tables": lambda: _result_tables(diff),
        "figures": lambda: _figures(paper, figures),
        "settings": lambda: _settings(paper),
        "variants": lambda: _variants(paper),
        "models": lambda: _models(paper),
        "story": lambda: _filled(story(paper.id)),
        "findings": lambda: _findings(paper.findings),
        "findings-main": lambda: _findings(finding for finding in paper.findings if finding.main),
        "protocols": lambda: _table(*protocols_table(diff)),
        "folds": lambda: _table(*folds_table(diff)),
        "folds-published": lambda: _folds_published(diff),
        "ablations": lambda: "\n\n".join(_ablation(diff, ablation) for ablation in paper.ablations),
        "comparisons": lambda: _comparisons(diff),
        "labels": lambda: labels_markdown(diff),
        "constant": lambda: _constant(paper),
        "readings": lambda: readings_markdown(diff),
        "published-curves": lambda: _table(*curves_table(diff)),
        "verdicts": lambda: RULE,
    }


def _publication(paper: Paper) -> str:
    """Where the document can be read, its DOI and its licence, as far as they are known."""
    parts = [f"[{paper.dated}]({paper.address})" if paper.address else ""]
    parts += [f"DOI [{paper.doi}]({paper.doi_address})" if paper.doi else ""]
    parts += [f"licence {paper.licence}" if paper.licence else ""]
    known = "; ".join(filter(None, parts))
    return f"The document: {known}." if known else ""


def _constant(paper: Paper) -> str:
    """What an answer that is the same for every clip scores, from the stated counts alone."""
    found, _ = audit_constant(paper)
    return "\n".join(f"- {finding.place}: {finding.arithmetic} {finding.follows}" for finding in found)


def _papers(diffs: list[Diff]) -> str:
    """One line a row of each paper's tables, and what does not count."""
    return "\n\n".join([_table(list(PAPERS_HEAD), markdown_rows(diffs)), *_left_out(*diffs)])


def _left_out(*diffs: Diff) -> list[str]:
    """What does not count, as paragraphs of lists; none where everything counts."""
    return ["\n".join([head, "", *names]) for head, *names in filter(None, map(left_out, diffs))]


def _result_tables(diff: Diff) -> str:
    """The tables of the readings that the top shows, and where the others are."""
    paper, parts = diff.paper, _left_out(diff)
    nearest = {section.name for line in lines([diff]) for section, _ in line.readings}
    shown = [section for section in diff.sections if section.name in nearest] or list(diff.sections[:1])
    for section in shown:
        parts += [render_markdown(paper, section, table) for table in layouts(paper, section)]
    if more := len(diff.sections) - len(shown):
        parts.append(
            f"{more} more variants, splits and corpora: `python -m reproductions diff {paper.id}`, the page "
            f"`results/report/{paper.id}.html`, and `results/{paper.id}/table_*.md`."
        )
    if missing := [f"`{name}`" for name in paper.variants if name not in {s.variant for s in diff.sections}]:
        command = f"`python -m reproductions run {paper.id} --variant NAME`"
        parts.append(f"Variants that were not run yet: {', '.join(missing)}; {command}.")
    return "\n\n".join(part.strip("\n") for part in parts)


def _section_names(paper: Paper, diff: Diff) -> list[str]:
    """Variants, with and without grouping, and whatever else was run."""
    names = [f"{variant}{tail}" for variant in paper.variants for tail in ("", "_grouped")]
    return list(dict.fromkeys([*names, *(section.name for section in diff.sections)]))


def _figures(paper: Paper, files: list[str], section: str = "") -> str:
    """Links to the PNGs, learning curves first; of one section when it is given."""
    mine = [file for file in files if not section or file.endswith(f"_{section}.png")]
    links = [f"![{_caption(file)}](../../results/{paper.id}/{file})" for file in sorted(mine, key=_curves_first)]
    return "\n".join(links) or "Not run yet."


def _curves_first(file: str) -> tuple[bool, str]:
    return not file.startswith("curves_"), file


def protocols_table(diff: Diff) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the headline's score of each model under each protocol, the grouped folds last.

    On the paper's corpus and, with a column that names it, on whatever else was run.
    """
    cell, own = diff.paper.headline_cell, diff.paper.corpus.name
    scores = {corpus: _scores(diff, corpus) for corpus in _corpora(diff)}
    others = {protocol: None for of in scores.values() for found in of.values() for protocol in found}
    others = [protocol for protocol in others if protocol not in ("published", "grouped")]
    rows = []
    for corpus, of_corpus in scores.items():
        for (variant, model), found in of_corpus.items():
            firsts = [_mean(*found.get(protocol, {}).get(0, ([], ""))) for protocol in (*others, "grouped")]
            published = found.get("published", {})
            published = _over_folds(published) or _mean(*published.get(0, ([], "")))
            place = [] if set(scores) == {own} else [corpus]
            every = _over_folds(found.get("grouped", {}))
            rows.append([*place, model, f"`{variant}`", published, *firsts, every])
    head = [f"published split, {cell.split} {cell.metric}" if cell else "published split", *others]
    place = [] if set(scores) == {own} else ["corpus"]
    return [*place, "model", "variant", *head, "grouped, fold 0", "grouped, mean ± sd over folds"], rows


def _over_folds(folds: dict[int, tuple[list[float], str]]) -> str:
    """Mean and standard deviation over folds; nothing where there are no several."""
    means = [mean(values) for values, _ in folds.values()]
    return f"{mean(means):.4f} ± {stdev(means):.4f} ({len(means)} folds)" if len(means) > 1 else ""


def _corpora(diff: Diff) -> list[str]:
    """The paper's own corpus, if it has runs or there are none at all, then others."""
    paper = diff.paper
    homes = {paper.corpus.name if paper.is_own(row["model"], row["corpus"]) else row["corpus"] for row in diff.runs}
    return sorted(homes or {paper.corpus.name}, key=lambda name: (name != paper.corpus.name, name))


def folds_table(diff: Diff) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the headline's score of each model in each named fold of the grouped protocol, and their mean."""
    grouped = diff.paper.corpus.protocols.get("grouped")
    if grouped is None or not grouped.folds:
        raise ReadmeError(
            f"{diff.paper.path}: the block 'folds' needs the folds' names, corpus.protocols.grouped.folds"
        )
    names, rows = grouped.folds, []
    for (variant, model), found in _scores(diff, diff.paper.corpus.name).items():
        if folds := found.get("grouped"):
            each = [_mean(*folds.get(fold, ([], ""))) for fold in range(len(names))]
            means = [mean(values) for values, _ in folds.values()]
            whole = len(means) == len(names) and not any(word for _, word in folds.values())
            every = f"{mean(means):.4f} ± {stdev(means):.4f}" if whole else f"{len(means)} of {len(names)} folds"
            rows.append([model, f"`{variant}`", *each, every])
    return ["model", "variant", *names, "mean ± sd over folds"], rows


def _folds_published(diff: Diff) -> str:
    """The published numbers beside each named fold, a table a model."""
    parts = [
        "\n\n".join([f"**{table.title}**", _table(table.head, table.rows), *table.notes])
        for table in fold_table.fold_tables(diff)
    ]
    return "\n\n".join(parts) or "Not run yet."


def _scores(diff: Diff, corpus: str) -> dict[tuple[str, str], dict[str, dict[int, tuple[list[float], str]]]]:
    """(variant, model) to protocol to fold to the headline's scores on a corpus: one a seed, a word on partial runs.

    Of the runs that count in the tables: a second run of a seed in another precision does not, nor does a partial one
    of a model that has a finished one.
    """
    cell = diff.paper.headline_cell
    names = ("variant", "protocol", "corpus", "fingerprint", "model", "fold", "seed", "precision")
    counted = {tuple(row[name] for name in names) for section in diff.sections for row in section.runs}
    scores: dict[tuple[str, str], dict[str, dict[int, tuple[list[float], str]]]] = {}
    for row in diff.runs:
        own = diff.paper.is_own(row["model"], row["corpus"])
        home = diff.paper.corpus.name if own else row["corpus"]
        wanted = cell and home == corpus and (row["split"], row["metric"]) == (cell.split, cell.metric)
        if wanted and tuple(row[name] for name in names) in counted:
            word = f" (partial: {row['epochs']:g} epochs)" if row["status"] == "partial" else ""
            fold = scores.setdefault((row["variant"], row["model"]), {}).setdefault(row["protocol"], {})
            fold.setdefault(row["fold"], ([], word))[0].append(row["value"])
    return scores


def _ablation(diff: Diff, ablation: Ablation) -> str:
    title = f"**{ablation.model}: {ablation.title}** ({ablation_conditions(ablation)})"
    return f"{title}\n\n" + _table(*ablation_table(diff, ablation))


def ablation_conditions(ablation: Ablation) -> str:
    """What the numbers of an ablation rest on."""
    spread = "the interval knows the clips, not how far seeds, epochs and machines lie apart"
    return f"{ablation.epochs} epochs, seed {ablations.SEED}; {spread}"


def ablation_table(diff: Diff, ablation: Ablation) -> tuple[list[str], list[list[str]]]:
    """Head and rows: the score after a few epochs, one choice at a time, and how far it is from the first variant's."""
    variants, rows, (first, *others) = diff.paper.variants, [], ablations.ablation_rows(diff.results, ablation)
    for row in (first, *others):
        changes = ", ".join(f"`{s.name} = {value_text(s)}`" for s in variants[row["variant"]].settings.values())
        if row["value"] is None:
            rows.append([f"`{row['variant']}`", changes, "not run", "", ""])
            continue
        delta = "" if row["delta"] is None else f"{row['delta']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
        says = row["says"] + ", on another machine" * (row["says"] != "" and row["device"] != first["device"])
        rows.append([f"`{row['variant']}`", changes or "as it is", f"{row['value']:.4f}", delta, says])
    score = f"{ablations.SPLIT} accuracy after {ablation.epochs} epochs"
    difference = f"difference to `{first['variant']}` (95 % interval)"
    return ["variant", "setting", score, difference, "moves the row"], rows


def comparisons_table(diff: Diff) -> tuple[list[str], list[list[str]]]:
    """Head and rows: two trainings on the same clips, their scores, and the difference with its interval."""
    cell, rows = diff.paper.headline_cell, []
    for row in diff.comparisons:
        place = row["corpus"] if row["protocol"] == "published" else f"{row['corpus']}, {row['protocol']}"
        word, with_seeds = " (partial)" if row["status"] == "partial" else "", row["with_seeds"]
        scores = [f"{row[f'{side}_score']:.4f} `{row[f'{side}_variant']}`" for side in ("first", "second")]
        if row["first_model"] == row["second_model"]:
            what = f"{row['title']}: {row['first_model']}"
        else:
            what = row["title"]
            scores = [f"{score}, {row[f'{s}_model']}" for score, s in zip(scores, ("first", "second"), strict=True)]
        interval = f"{row['low']:+.4f} to {row['high']:+.4f}"
        if row["low"] == row["high"]:  # no spread, so no interval that would mean anything
            interval = "the same for every clip"
        delta = f"{row['delta']:+.4f} ({interval}){word}"
        several = [f"{row[name]} {name}" for name in ("folds", "seeds") if row[name] > 1]
        knows = " and ".join(
            [f"clusters by {row['clusters']}" if row["clusters"] else "clips", *["seeds"] * with_seeds]
        )
        clips = f"{row['n']:,}" + (f" ({', '.join(several)})" if several else "")
        rows.append([what, place, *scores, delta, clips, knows])
    score = f"{cell.split} {cell.metric}" if cell else "score"
    last = ["difference (95 % interval)", "clips", "the interval knows"]
    return ["what", "corpus", f"{score}, without", "with", *last], rows


def _comparisons(diff: Diff) -> str:
    head, rows = comparisons_table(diff)
    return f"{_table(head, rows)}\n\n{comparisons_note(len(rows))}"


def comparisons_note(n: int) -> str:
    """What the intervals of `n` comparisons know, and how many would show a difference by chance."""
    return (
        "An interval that does not know the seeds is that of these trainings alone: with fewer than "
        f"{ENOUGH_RUNS} seeds nobody knows how far others would lie apart. Of {n} comparisons at 95 %, "
        f"{ALPHA * n:.1f} would show a difference by chance alone if there were none in truth."
    )


def _mean(values: list[float], word: str = "") -> str:
    """The mean over seeds, with its standard deviation where there are several."""
    if not values:
        return "not run"
    spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
    return f"{mean(values):.4f}{spread}{word}"


def _caption(file: str) -> str:
    return file.removesuffix(".png").replace("_", " ")


def _settings(paper: Paper) -> str:
    rows = [[f"`{s.name}`", value_text(s), s.unit, _origin(s), reason_text(s)] for s in paper.settings.values()]
    head = ["setting", "value", "unit", "origin", "note"]
    if any(setting.models for setting in paper.settings.values()):
        head.insert(1, "of")
        for row, setting in zip(rows, paper.settings.values(), strict=True):
            row.insert(1, ", ".join(setting.models) or "all")
    return _table(head, rows)


def value_text(setting: Setting) -> str:
    """The value of a setting as a table prints it."""
    return f"{setting.value:.6g}" if isinstance(setting.value, float) else str(setting.value)


def _origin(setting: Setting) -> str:
    return f"{setting.origin}, {setting.where}" if setting.where else setting.origin


def reason_text(setting: Setting) -> str:
    """Why a setting has its value, where it departs from the text, and what else there is to say."""
    departs = f"departs from the text: {setting.condition}" if setting.condition else ""
    return "; ".join(text for text in (departs, setting.reason, setting.note) if text)


def _variants(paper: Paper) -> str:
    rows = []
    for variant in paper.variants.values():
        changes = ", ".join(f"`{s.name} = {value_text(s)}`" for s in variant.settings.values())
        models = "all" if len(variant.models) == len(paper.models) else ", ".join(variant.models)
        rows.append([f"`{variant.name}`", variant.description, changes or "none", models, variant.origin])
    return _table(["variant", "what it is", "settings that differ", "models", "origin"], rows)


def _models(paper: Paper) -> str:
    parts = []
    for model in paper.models.values():
        total = f"{model.parameters:,} parameters" if model.parameters else ""
        facts = ", ".join(text for text in (model.where, shape_text(model.input_shape) + " input", total) if text)
        rows = [[layer, shape_text(shape)] for layer, shape in model.layers]
        parts.append(f"**{model.name}**: {model.title} ({facts})\n\n" + _table(["layer", "output"], rows))
    return "\n\n".join(parts)


def shape_text(shape: tuple[int, ...]) -> str:
    """``128 x 1292 x 3``."""
    return " x ".join(str(size) for size in shape)


def _findings(findings: Iterable[Finding]) -> str:
    return "\n".join(f"- **{finding.place}** ({finding.kind}). {finding.text}" for finding in findings)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
