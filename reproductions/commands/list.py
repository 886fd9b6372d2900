"""``python -m reproductions list``: papers, their variants and models, corpora found, verdicts."""

from __future__ import annotations

import argparse
import json
from collections import Counter

from pydantic import TypeAdapter, create_model

from reproductions.commands.options import of_each
from shared.base.own_files import FileError, read_table
from shared.base.suggestions import suggestion
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper
from shared.paper.schema import SYNTHETIC, Paper

WRITE_ANEW = "'python -m reproductions report' writes it anew"
PLACE = ("table", "variant", "protocol", "corpus", "model", "split", "metric")  # a row each
DIFF_FORM = TypeAdapter(list[create_model("DiffRow", **dict.fromkeys((*PLACE, "verdict"), str))])


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    listing = commands.add_parser("list", help="papers, their variants and models, corpora found, verdicts")
    listing.add_argument("--json", action="store_true", help="the same as JSON")
    listing.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print what there is."""
    found, refused = of_each(list_papers(), lambda name: _what_there_is(load_paper(name)))
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print("".join(f"{line}\n" for paper in found for line in _lines(paper)), end="")
    return 2 if refused else 0


def _what_there_is(paper: Paper) -> dict:
    """A paper with its corpora, those that stand in for them, and the verdicts of its variants by corpus."""
    own = list(dict.fromkeys([paper.corpus.name, *map(paper.corpus_of, paper.models)]))
    verdicts = _verdicts(paper)
    return {
        "paper": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "task": paper.task,
        "document": paper.document,
        "address": paper.address or None,
        "doi": paper.doi or None,
        "licence": paper.licence or None,
        "corpora": [_corpus(name) for name in own],
        "stand-ins": [_corpus(name) for name in paper.corpus.others if name not in (*own, SYNTHETIC)],
        "models": [*paper.models, *paper.ensembles],
        "variants": [
            {"variant": variant.name, "title": variant.title, "verdicts": verdicts.get(variant.name, {})}
            for variant in paper.variants.values()
        ],
    }


def _corpus(name: str) -> dict:
    """Where a corpus is, or how it is got."""
    import data_prep

    if name not in data_prep.CORPORA:
        return {"corpus": name, "found": None, "how_to_get": f"no loader yet; {suggestion(name, data_prep.CORPORA)}"}
    module = data_prep.corpus(name)
    try:
        return {"corpus": name, "found": str(module.locate(data_prep.data_root())), "size": module.SIZE}
    except data_prep.CorpusError:
        return {"corpus": name, "found": None, "size": module.SIZE, "how_to_get": module.how_to_get}


def _lines(paper: dict) -> list[str]:
    lines = [
        f"{paper['paper']}: {paper['title']} ({', '.join(paper['authors'])}, {paper['year'] or 'undated'})",
        f"  task      {paper['task']}",
    ]
    where = [paper["address"], paper["doi"] and f"doi:{paper['doi']}", paper["licence"]]
    lines += [f"  document  {', '.join(filter(None, where))}"] if any(where) else []
    for corpus in paper["corpora"]:
        size = f" ({corpus['size']})" if "size" in corpus else ""
        state = f"found in {corpus['found']}" if corpus["found"] else f"not found{size}; {corpus['how_to_get']}"
        lines.append(f"  corpus    {corpus['corpus']}: {state}")
    for corpus in paper["stand-ins"]:
        if corpus["found"]:
            command = f"python -m reproductions run {paper['paper']} --corpus {corpus['corpus']}"
            lines.append(f"  stand-in  {corpus['corpus']}: found in {corpus['found']}; {command}")
    if missing := [corpus["corpus"] for corpus in paper["stand-ins"] if not corpus["found"]]:
        lines.append(f"  stand-in  not found: {', '.join(missing)} (python -m data_prep list)")
    lines.append(f"  models    {'; '.join(paper['models'])}")
    width = max(len(variant["variant"]) for variant in paper["variants"])
    for variant in paper["variants"]:
        states = []
        for corpus, counts in variant["verdicts"].items():
            counted = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
            states.append(f"on {corpus} {counted}" if corpus else counted)
        lines.append(f"  variant   {variant['variant']:<{width}}  {variant['title']}: {'; '.join(states) or 'not run'}")
    return lines


def _verdicts(paper: Paper) -> dict[str, dict[str, Counter]]:
    """Verdicts a variant and corpus on the published split, as the last report wrote them.

    The paper's own corpus has no name, and comes first.
    """
    file = PAPERS_ROOT.parent / "results" / paper.id / "diff.csv"
    counts: dict[str, dict[str, Counter]] = {}
    rows = read_table(file, DIFF_FORM, WRITE_ANEW) if file.exists() else []
    places = Counter(tuple(getattr(row, name) for name in PLACE) for row in rows if row.table)
    if twice := [place for place, n in places.items() if n > 1]:
        raise FileError(f"{file}: has two rows of {', '.join(twice[0])}; {WRITE_ANEW}")
    for row in rows:
        if row.table and row.protocol == "published":
            corpus = "" if paper.is_own(row.model, row.corpus) else row.corpus
            counts.setdefault(row.variant, {}).setdefault(corpus, Counter())[row.verdict] += 1
    return {name: dict(sorted(of.items())) for name, of in counts.items()}
