"""``python -m reproductions list``: papers, their variants and models, corpora found, verdicts."""

from __future__ import annotations

import argparse
from collections import Counter

from pydantic import TypeAdapter, create_model

from shared.base.own_files import read_table
from shared.paper.loading import PAPERS_ROOT, list_papers, load_paper
from shared.paper.schema import Paper

WRITE_ANEW = "'python -m reproductions report' writes it anew"
DIFF_FORM = TypeAdapter(
    list[create_model("DiffRow", **dict.fromkeys(("model", "variant", "protocol", "corpus", "table", "verdict"), str))]
)


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    listing = commands.add_parser("list", help="papers, their variants and models, corpora found, verdicts")
    listing.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print what there is."""
    for paper in map(load_paper, list_papers()):
        print(f"{paper.id}: {paper.title} ({', '.join(paper.authors)}, {paper.year or 'undated'})")
        print(f"  task      {paper.task}")
        for corpus in dict.fromkeys([paper.corpus.name, *map(paper.corpus_of, paper.models)]):
            print(f"  corpus    {corpus}: {_corpus_state(corpus)}")
        print(f"  models    {'; '.join([*paper.models, *paper.ensembles])}")
        verdicts, width = _verdicts(paper), max(map(len, paper.variants))
        for variant in paper.variants.values():
            counts = verdicts.get(variant.name)
            state = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) if counts else "not run"
            print(f"  variant   {variant.name:<{width}}  {variant.title}: {state}")
    return 0


def _corpus_state(name: str) -> str:
    import data_prep

    if name not in data_prep.CORPORA:
        return "no loader yet"
    try:
        module = data_prep.corpus(name)
        return f"found in {module.locate(data_prep.data_root())}"
    except data_prep.CorpusError:
        return f"not found ({module.SIZE}); {module.how_to_get}"


def _verdicts(paper: Paper) -> dict[str, Counter]:
    """Verdicts a variant on the published split, as the last report wrote them."""
    file = PAPERS_ROOT.parent / "results" / paper.id / "diff.csv"
    counts: dict[str, Counter] = {}
    for row in read_table(file, DIFF_FORM, WRITE_ANEW) if file.exists() else ():
        if row.table and row.protocol == "published" and paper.is_own(row.model, row.corpus):
            counts.setdefault(row.variant, Counter())[row.verdict] += 1
    return counts
