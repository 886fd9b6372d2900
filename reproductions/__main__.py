"""The command line: ``python -m reproductions list | run | diff | audit | report | lessons | reproduce | new | …``.

It parses, checks names and prints; the work is done in ``shared`` and in the papers' folders. TensorFlow is loaded
only by ``run`` and ``predict``.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import inspect
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

from reproductions import split_audit
from shared.base.terminal import prepare
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import Paper, PaperError

PROTOCOL_HELP = "how the corpus is split: published, grouped, or another that it has"
PRECISIONS = ("auto", "float32", "bfloat16")
EPILOG = """\
examples:
  python -m reproductions list
  python -m reproductions diff lam_ensemble
  python -m reproductions audit lam_ensemble
  python -m reproductions audit --index my.csv
  python -m reproductions run lam_ensemble --model "Model 3" --variant paper,authors-notebook --seeds 0-2
  python -m reproductions run pragadaraju_digits --model "RNN + Textual Representation" --seeds 0-2
  python -m reproductions predict lam_ensemble song.mp3
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    top = argparse.ArgumentParser(
        prog="python -m reproductions",
        description="Rerun the tables of audio-classification papers and hold every number against the published one.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="papers, their variants and models, corpora found, verdicts")
    listing.set_defaults(work=run_list)

    run = commands.add_parser("run", help="train what is not done yet and print the table (goes on where it stopped)")
    run.add_argument("paper", metavar="PAPER")
    run.add_argument("--variant", default="paper", help="names separated by commas, or all (default: paper)")
    run.add_argument("--model", help="names separated by commas (default: all of the variant's)")
    run.add_argument("--mode", type=numbers, help="models by the paper's own number, of a paper that counts in modes")
    run.add_argument("--protocol", default="published", help=f"{PROTOCOL_HELP} (default: published)")
    folds = "a fold, or several: 0-9 (default: 0; all where the paper has folds)"
    run.add_argument("--fold", "--folds", dest="folds", type=numbers, help=folds)
    run.add_argument(
        "--seed", "--seeds", dest="seeds", type=numbers, default=[0], help="0, or 0-2, or 0,3 (default: 0)"
    )
    run.add_argument("--corpus", help="the corpus to train on (default: the paper's); some papers also take synthetic")
    run.add_argument("--precision", default="auto", choices=PRECISIONS, help="auto: bfloat16 where it is faster")
    run.add_argument("--epochs", type=positive, help="stop after so many epochs; running it again goes on")
    run.add_argument(
        "--pretrain", metavar="CORPUS", help="begin on another corpus, of a paper that has a variant for it"
    )
    run.add_argument("--restart", action="store_true", help="forget what these runs have done so far")
    run.set_defaults(work=run_run)

    diff = commands.add_parser("diff", help="published | regenerated | difference | verdict, from kept predictions")
    diff.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    diff.add_argument("--strict", action="store_true", help="exit with 1 when a number differs")
    diff.add_argument("--variant", help="names separated by commas, or all (default: those that were run, and paper)")
    diff.add_argument("--protocol", help=PROTOCOL_HELP)
    diff.add_argument("--corpus", default="", help="synthetic: the results of runs on synthetic data")
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every number with its verdict and reason as JSON")
    form.add_argument("--csv", action="store_true", help="the same as CSV")
    diff.set_defaults(work=run_diff)

    audit = commands.add_parser("audit", help="what published numbers can mean; with --index: what a split leaks")
    audit.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    audit.add_argument("--json", action="store_true", help="every finding as JSON")
    split_audit.add_options(audit)
    audit.set_defaults(work=run_audit)

    report = commands.add_parser("report", help="write tables, figures, pages and README blocks from results/")
    report.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    report.set_defaults(work=run_report)

    lessons = commands.add_parser(
        "lessons", help="execute the papers' notebooks and write them back with their outputs"
    )
    lessons.add_argument("papers", metavar="PAPER", nargs="*", help="default: all papers")
    lessons.set_defaults(work=run_lessons)

    reproduce = commands.add_parser("reproduce", help="all tables from kept predictions, then one real row live")
    reproduce.add_argument("--full", action="store_true", help="then the whole table live: hours without a GPU")
    reproduce.set_defaults(work=run_reproduce)

    predict = commands.add_parser("predict", help="classify recordings with a paper's trained models")
    predict.add_argument("paper", metavar="PAPER")
    predict.add_argument("files", metavar="FILE", nargs="+", help="wav, flac, ogg or mp3")
    predict.add_argument("--json", action="store_true", help="print JSON instead of tables")
    predict.set_defaults(work=run_predict)

    new = commands.add_parser("new", help="lay out a working folder for another paper (see CONTRIBUTING.md)")
    new.add_argument("paper", metavar="ID", help="small letters, digits and underscores, such as lam_ensemble")
    new.add_argument("--title", default="", help="the paper's title")
    new.set_defaults(work=run_new)
    return top


def numbers(text: str) -> list[int]:
    """``"0"``, ``"0-2"`` or ``"0,3"`` as a sorted list without repeats."""
    found = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise argparse.ArgumentTypeError(f"{text!r}: expected a number, a range like 0-2, or a list like 0,3")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def run_list(options: argparse.Namespace) -> int:
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
        return f"not found; python -m data_prep fetch {name} ({module.SIZE})"


def _verdicts(paper: Paper) -> dict[str, Counter]:
    """Verdicts a variant on the published split, as the last report wrote them."""
    file = Path(__file__).resolve().parents[1] / "results" / paper.id / "diff.csv"
    counts: dict[str, Counter] = {}
    if file.exists():
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                own = paper.is_own(row["model"], row["corpus"])
                if row["table"] and row["protocol"] == "published" and own:
                    counts.setdefault(row["variant"], Counter())[row["verdict"]] += 1
    return counts


def run_run(options: argparse.Namespace) -> int:
    """Hand over to the paper's own train.py."""
    _sweep()
    paper = load_paper(options.paper)
    variants = _variants(paper, options.variant)
    models = _models(paper, options.model, options.mode)
    if models and not any(set(models) & set(paper.models_for(variant)) for variant in variants):
        about = (f"variant {variant} is only about {', '.join(paper.models_for(variant))}" for variant in variants)
        raise PaperError("; ".join(about))
    corpora = {options.corpus} if options.corpus else {paper.corpus_of(model) for model in models or paper.models}
    for corpus in corpora | ({options.pretrain} if options.pretrain else set()):
        _known_corpus(corpus)
    _known_protocol(options.protocol, *corpora)
    train = _module(paper, "train").run
    if options.pretrain and "pretrain" not in inspect.signature(train).parameters:
        raise PaperError(f"{paper.id} has no networks that begin on another corpus, so --pretrain says nothing to it")
    asked = {"folds": options.folds, "pretrain": options.pretrain}
    return train(
        variants=variants,
        models=models,
        protocol=options.protocol,
        **{name: value for name, value in asked.items() if value is not None},
        seeds=options.seeds,
        corpus=options.corpus,
        precision=options.precision,
        epochs=options.epochs,
        restart=options.restart,
    )


def _known_corpus(name: str) -> None:
    from data_prep import CORPORA

    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; the known are: {', '.join(sorted(CORPORA))}")


def _known_protocol(name: str, *corpora: str) -> None:
    """Raise ValueError unless one of the corpora has the protocol."""
    import data_prep

    known = list(dict.fromkeys(known for corpus in sorted(corpora) for known in data_prep.corpus(corpus).N_FOLDS))
    if name not in known:
        raise ValueError(f"{', '.join(sorted(corpora))} has no protocol {name!r}; known are: {', '.join(known)}")


def _variants(paper: Paper, text: str) -> list[str]:
    """The variants asked for, in the paper's order."""
    names = list(paper.variants) if text == "all" else [paper.variant(name.strip()).name for name in text.split(",")]
    return [name for name in paper.variants if name in names]


def _models(paper: Paper, text: str | None, modes: list[int] | None) -> list[str] | None:
    """The models asked for by name or by number, in the paper's order; None for all of them."""
    if text is None and modes is None:
        return None
    # A comma in parentheses belongs to a name.
    names = [paper.model(name.strip()).name for name in re.split(r",(?![^(]*\))", text)] if text else []
    by_mode = {model.mode: name for name, model in paper.models.items() if model.mode is not None}
    for mode in modes or ():
        if mode not in by_mode:
            known = f"the known are: {', '.join(map(str, by_mode))}" if by_mode else "it names its models: use --model"
            raise PaperError(f"{paper.id} has no mode {mode}; {known}")
        names.append(by_mode[mode])
    return [name for name in paper.models if name in names]


def run_diff(options: argparse.Namespace) -> int:
    """Print the diff of one paper or all."""
    from data_prep import CORPORA
    from shared.report.tables import render_csv, render_text
    from shared.results.diff import diff_paper
    from shared.results.store import results_folder

    if options.corpus:
        _known_corpus(options.corpus)
    diffs = []
    papers = [load_paper(name) for name in ([options.paper] if options.paper else list_papers())]
    names = options.variant.split(",") if options.variant else []
    if names and names != ["all"] and not options.paper:  # of all papers, those that have one of them, and only that
        having = {paper.id: [name for name in names if name.strip() in paper.variants] for paper in papers}
        wanted = {paper_id: ",".join(found) for paper_id, found in having.items() if found}
        papers = [paper for paper in papers if paper.id in wanted] or papers
    else:
        wanted = {}
    if options.protocol:
        _known_protocol(options.protocol, *{options.corpus or p.corpus.name for p in papers} & CORPORA.keys())
    for paper in papers:
        variants = _variants(paper, wanted.get(paper.id, options.variant)) if options.variant else None
        folder = results_folder(paper.id, options.corpus)
        diffs.append(diff_paper(paper, folder, variants, options.protocol, options.corpus or None))
    rows = [row for diff in diffs for row in diff.rows()]
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    elif options.csv:
        print(render_csv(rows), end="")
    else:
        print("\n".join(map(render_text, diffs)), end="")
    return 1 if options.strict and any(diff.differs for diff in diffs) else 0


def run_audit(options: argparse.Namespace) -> int:
    """Print what the published numbers of one paper or all say about themselves, or what a split leaks."""
    if split_audit.is_asked(options):
        if options.corpus:
            _known_corpus(options.corpus)
            _known_protocol(options.protocol or "published", options.corpus)
        return split_audit.run(options)
    from shared.audit.published import audit_paper, render_audit

    audits = [audit_paper(load_paper(name)) for name in ([options.paper] if options.paper else list_papers())]
    if options.json:
        print(json.dumps([audit.as_dict() for audit in audits], indent=1, ensure_ascii=False))
    else:
        print("\n".join(map(render_audit, audits)), end="")
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Write everything that is drawn from the results."""
    _sweep()
    from shared.report.files import write_outputs, write_readmes
    from shared.report.site import write_site
    from shared.results.diff import diff_paper
    from shared.results.store import RESULTS_VARIABLE, results_folder

    wanted = [load_paper(options.paper).id] if options.paper else list_papers()
    diffs = []
    for paper in map(load_paper, list_papers()):
        folder = results_folder(paper.id)
        diffs.append(write_outputs(paper, folder) if paper.id in wanted else diff_paper(paper, folder))
    print("\n".join(f"{results_folder(name)}: tables, matrices and curves written" for name in wanted))
    print(f"{write_site(diffs)[0]}: open it in a browser")
    if os.environ.get(RESULTS_VARIABLE):  # other results than the committed ones do not belong in the READMEs
        return 0
    for file in write_readmes(diffs):
        print(f"{file.relative_to(Path(__file__).resolve().parents[1])}: blocks filled")
    return 0


def _sweep() -> None:
    """Remove what killed writes left in the cache and in the results."""
    from shared.base.leftovers import sweep
    from shared.base.places import cache_root
    from shared.results.store import RESULTS_ROOT

    sweep(cache_root(), RESULTS_ROOT)


def run_lessons(options: argparse.Namespace) -> int:
    """Execute and rewrite the lessons."""
    from reproductions.lessons import main as lessons

    return lessons(options.papers)


def run_reproduce(options: argparse.Namespace) -> int:
    """What ``make reproduce`` does."""
    from reproductions.reproduce import main as reproduce

    return reproduce(options.full)


def run_predict(options: argparse.Namespace) -> int:
    """Hand over to the paper's own predict.py."""
    return _module(load_paper(options.paper), "predict").main(options.files, options.json)


def run_new(options: argparse.Namespace) -> int:
    """Lay out a working folder for another paper."""
    from reproductions.new import main as new

    return new(options.paper, options.title)


def _module(paper: Paper, name: str):
    """``reproductions/<paper>/<name>.py``, imported."""
    if not (paper.path.parent / f"{name}.py").exists():
        raise PaperError(f"{paper.id} has no {name}.py yet, so it cannot {'run' if name == 'train' else name}")
    return importlib.import_module(f"reproductions.{paper.id}.{name}")


def _expected(error: Exception) -> bool:
    """Whether our own code refused something, so that its message is enough; a library's error keeps its traceback."""
    innermost = error.__traceback__
    while innermost.tb_next is not None:
        innermost = innermost.tb_next
    file = Path(innermost.tb_frame.f_code.co_filename)
    root = Path(__file__).resolve().parents[1]
    return any(file.is_relative_to(root / package) for package in ("reproductions", "shared", "data_prep"))


def main(argv: list[str] | None = None) -> int:
    """Run one command. 0: done; 1: a number differs under --strict; 2: an error, in a line or two; 130: stopped."""
    from data_prep import CorpusError
    from shared.base.locks import LockedError
    from shared.base.write_errors import in_words

    prepare()
    try:
        options = parser().parse_args(argv)
        prepare(for_programs=getattr(options, "json", False) or getattr(options, "csv", False))
        status = options.work(options)
        sys.stdout.flush()
        return status
    except (ValueError, CorpusError, LockedError) as error:
        if not _expected(error):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on where this one stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if (words := in_words(error)) is None:
            raise
        print(f"error: {words}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
