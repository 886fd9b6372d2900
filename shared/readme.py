"""The parts of the READMEs that are drawn from paper.toml and the results, between markers.

<!-- begin:tables -->
… written by `python -m reproductions report`, never by hand …
<!-- end:tables -->
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, stdev

from shared.diff import Diff, Entry, Section
from shared.paper import Paper, Setting
from shared.tables import layouts, number, render_markdown
from shared.verdicts import NOT_COMPARABLE, RULE

BLOCK = re.compile(r"<!-- begin:(?P<name>[\w-]+) -->\n(?P<body>.*?)<!-- end:(?P=name) -->", re.DOTALL)
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
        body = blocks[match["name"]]().strip("\n")
        return f"<!-- begin:{match['name']} -->\n{body}\n<!-- end:{match['name']} -->"

    return BLOCK.sub(fill, text)


def suite_blocks(diffs: list[Diff]) -> dict[str, Callable[[], str]]:
    """Blocks of the README at the top."""
    return {"papers": lambda: _papers(diffs), "verdicts": lambda: RULE}


def paper_blocks(paper: Paper, diff: Diff, figures: list[str]) -> dict[str, Callable[[], str]]:
    """Blocks of a paper's own README; `figures` are the names of the PNGs in its folder of results.

    ``figures`` shows them all, ``figures-paper`` or ``figures-paper_grouped`` those of one variant and protocol.
    """
    blocks = {f"figures-{name}": partial(_figures, paper, figures, name) for name in _section_names(paper, diff)}
    return blocks | {
        "tables": lambda: _result_tables(diff),
        "figures": lambda: _figures(paper, figures),
        "settings": lambda: _settings(paper),
        "variants": lambda: _variants(paper),
        "models": lambda: _models(paper),
        "findings": lambda: _findings(paper),
        "protocols": lambda: _protocols(diff),
        "verdicts": lambda: RULE,
    }


def _papers(diffs: list[Diff]) -> str:
    """One row a paper: its headline number, ours a variant, the verdicts."""
    rows = []
    for diff in diffs:
        paper, cell = diff.paper, diff.paper.headline_cell
        name = f"[{paper.id}](reproductions/{paper.id}/README.md)"
        row = [name, paper.task, paper.corpus.title]
        if cell is None:
            rows.append([*row, "none", "", ""])
            continue
        place = (cell.table, cell.model, cell.split, cell.metric)
        entries = [(s, s.entries[place]) for s in diff.sections if _beside_paper(s) and place in s.entries]
        run = [(section, entry) for section, entry in entries if entry.value is not None]
        ours = [f"{number(entry)} ({section.variant})" for section, entry in run]
        verdicts = [_verdict(entry) for _, entry in run or entries]
        published = f"{cell.printed} {cell.metric}, {cell.model}, {cell.split}"
        rows.append([*row, published, "<br>".join(ours) or "not run", "<br>".join(verdicts)])
    return _table(["paper", "task", "corpus", "published", "regenerated (variant)", "verdict"], rows)


def _verdict(entry: Entry) -> str:
    return f"{entry.verdict} ({entry.reason})" if entry.verdict == NOT_COMPARABLE else entry.verdict


def _beside_paper(section: Section) -> bool:
    return section.own_corpus and section.protocol == "published"


def _result_tables(diff: Diff) -> str:
    paper = diff.paper
    parts = []
    for section in diff.sections:
        parts += [render_markdown(paper, section, table) for table in layouts(paper, section)]
    missing = [name for name in paper.variants if name not in {section.variant for section in diff.sections}]
    parts += [
        f"**{paper.variants[name].title}** (variant `{name}`): not run; `python -m reproductions run {paper.id} "
        f"--variant {name}`"
        for name in missing
    ]
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


def _protocols(diff: Diff) -> str:
    """The headline's score of each model, under the published split and under the grouped one, fold by fold."""
    cell = diff.paper.headline_cell
    scores: dict[tuple[str, str], dict[str, dict[int, list[float]]]] = {}
    for row in diff.runs:
        own = row["corpus"] == diff.paper.corpus.name and row["status"] == "complete"
        if own and cell and (row["split"], row["metric"]) == (cell.split, cell.metric):
            of_model = scores.setdefault((row["variant"], row["model"]), {})
            of_model.setdefault(row["protocol"], {}).setdefault(row["fold"], []).append(row["value"])
    rows = []
    for (variant, model), found in scores.items():
        published = [value for values in found.get("published", {}).values() for value in values]
        grouped = [mean(values) for _, values in sorted(found.get("grouped", {}).items())]
        first = found.get("grouped", {}).get(0, [])
        every = f"{_mean(grouped)} ± {stdev(grouped):.4f} ({len(grouped)} folds)" if len(grouped) > 1 else ""
        rows.append([model, f"`{variant}`", _mean(published), _mean(first), every])
    metric = f"{cell.split} {cell.metric}" if cell else ""
    return _table(["model", "variant", f"published split, {metric}", "grouped, fold 0", "grouped, all folds"], rows)


def _mean(values: list[float]) -> str:
    return f"{mean(values):.4f}" if values else "not run"


def _caption(file: str) -> str:
    return file.removesuffix(".png").replace("_", " ")


def _settings(paper: Paper) -> str:
    rows = [[f"`{s.name}`", _value(s), s.unit, _origin(s), _sentence(s)] for s in paper.settings.values()]
    return _table(["setting", "value", "unit", "origin", "note"], rows)


def _value(setting: Setting) -> str:
    return f"{setting.value:.6g}" if isinstance(setting.value, float) else str(setting.value)


def _origin(setting: Setting) -> str:
    return f"{setting.origin}, {setting.where}" if setting.where else setting.origin


def _sentence(setting: Setting) -> str:
    return "; ".join(text for text in (setting.reason, setting.note) if text)


def _variants(paper: Paper) -> str:
    rows = []
    for variant in paper.variants.values():
        changes = ", ".join(f"`{s.name} = {_value(s)}`" for s in variant.settings.values())
        models = "all" if len(variant.models) == len(paper.models) else ", ".join(variant.models)
        rows.append([f"`{variant.name}`", variant.description, changes or "none", models, variant.origin])
    return _table(["variant", "what it is", "settings that differ", "models", "origin"], rows)


def _models(paper: Paper) -> str:
    parts = []
    for model in paper.models.values():
        total = f"{model.parameters:,} parameters" if model.parameters else ""
        facts = ", ".join(text for text in (model.where, _shape(model.input_shape) + " input", total) if text)
        rows = [[layer, _shape(shape)] for layer, shape in model.layers]
        parts.append(f"**{model.name}**: {model.title} ({facts})\n\n" + _table(["layer", "output"], rows))
    return "\n\n".join(parts)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _findings(paper: Paper) -> str:
    return "\n".join(f"- **{finding.place}** ({finding.kind}). {finding.text}" for finding in paper.findings)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
