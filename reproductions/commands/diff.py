"""``python -m reproductions diff``: published beside regenerated, from kept predictions."""

from __future__ import annotations

import argparse
import json
import sys

from reproductions.commands.options import PROTOCOL_HELP, known_corpus, known_protocol, of_each, variants_of
from shared.base.suggestions import suggestion
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import SYNTHETIC, Paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    diff = commands.add_parser("diff", help="published | regenerated | difference | verdict, from kept predictions")
    diff.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    diff.add_argument("--strict", action="store_true", help="exit with 1 when a number differs, or a unit is left out")
    diff.add_argument("--variant", help="names separated by commas, or all (default: those that were run, and paper)")
    diff.add_argument("--protocol", help=PROTOCOL_HELP)
    diff.add_argument("--corpus", default="", help="synthetic: the results of runs on synthetic data")
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every number with its verdict and reason as JSON")
    form.add_argument("--csv", action="store_true", help="the same as CSV")
    diff.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print the diff of one paper or all."""
    import data_prep
    from data_prep import CORPORA
    from shared.report.tables import left_out, render_csv, render_text
    from shared.results.diff import diff_paper
    from shared.results.store import results_folder

    if options.corpus:
        known_corpus(options.corpus)
    papers, unread = of_each([options.paper] if options.paper else list_papers(), load_paper)
    if options.corpus:
        papers = _on(options.corpus, papers)
    names = options.variant.split(",") if options.variant else []
    if names and names != ["all"] and not options.paper:  # of all papers, those that have one of them, and only that
        known = dict.fromkeys(name for paper in papers for name in paper.variants)
        for name in names:
            if name.strip() not in known:
                raise ValueError(f"no paper has a variant {name.strip()!r}; {suggestion(name.strip(), known)}")
        having = {paper.id: [name for name in names if name.strip() in paper.variants] for paper in papers}
        wanted = {paper_id: ",".join(found) for paper_id, found in having.items() if found}
        papers = [paper for paper in papers if paper.id in wanted]
    else:
        wanted = {}
    if options.protocol:
        corpora = {p.id: {options.corpus or p.corpus.name} & CORPORA.keys() for p in papers}
        known_protocol(options.protocol, *set().union(*corpora.values()))
        if not options.paper:  # of all papers, those whose corpus has it
            papers = [p for p in papers if any(options.protocol in data_prep.corpus(c).N_FOLDS for c in corpora[p.id])]

    def diff_of(paper: Paper):
        variants = variants_of(paper, wanted.get(paper.id, options.variant)) if options.variant else None
        folder = results_folder(paper.id, options.corpus)
        return diff_paper(paper, folder, variants, options.protocol, options.corpus or None)

    diffs, failed = of_each(papers, diff_of)
    rows = [row for diff in diffs for row in diff.rows()]
    if options.json or options.csv:
        print("".join(f"{line}\n" for diff in diffs for line in left_out(diff)), end="", file=sys.stderr)
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif options.csv:
        print(render_csv(rows), end="")
    else:
        print("\n".join(map(render_text, diffs)), end="")
    if failed or unread:
        return 2
    return 1 if options.strict and any(diff.differs or diff.left_out for diff in diffs) else 0


def _on(corpus: str, papers: list[Paper]) -> list[Paper]:
    """The papers that are run on a corpus; ValueError where none is, since no command could give its numbers."""
    on = {p.id: {p.corpus.name, *p.corpus.others, *map(p.corpus_of, p.models), SYNTHETIC} for p in papers}
    if found := [paper for paper in papers if corpus in on[paper.id]]:
        return found
    known = ", ".join(sorted(set().union(*on.values())))
    raise ValueError(f"{', '.join(on)} is not run on the corpus {corpus}: nothing to compare; the known are: {known}")
