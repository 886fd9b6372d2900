"""Command line: ``python -m data_prep list | check | fetch | index CORPUS``."""

# PYTHON_ARGCOMPLETE_OK: a shell may ask this module what may stand on its command line
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep import CORPORA, DATA_VARIABLE, Corpus, CorpusError, corpus, data_root, fingerprint
from shared.base.csv_files import csv_text, no_formula
from shared.base.suggestions import Parser
from shared.base.terminal import drop_output, prepare, words_of

if TYPE_CHECKING:
    import pandas as pd

EPILOG = f"""\
Corpora are looked for in the folder named by the environment variable {DATA_VARIABLE}, or in data/.
Nothing is downloaded but by 'fetch'. Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.
"""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = Parser(
        prog="python -m data_prep",
        description="See, check, fetch and index the corpora.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="list | check | fetch | index")
    listing = commands.add_parser("list", help="the corpora: size, licence, where they are")
    listing.add_argument("--json", action="store_true", help="print it as JSON")
    listing.set_defaults(run=run_list)

    check = commands.add_parser("check", help="compare a corpus with what is expected; status 1 if it is not so")
    _add_corpus(check)
    check.set_defaults(run=run_check)

    fetching = commands.add_parser("fetch", help="download a corpus, or take it from where you have it")
    fetching.add_argument("corpus", choices=sorted(CORPORA))
    fetching.add_argument("--to", type=Path, metavar="DIR", help="folder to make (default: under the data root)")
    origin = fetching.add_mutually_exclusive_group()
    origin.add_argument("--source", metavar="NAME", help="one of the sources that 'list' names; the first by default")
    origin.add_argument("--from", dest="origin", type=Path, metavar="PATH", help="folder, zip or tar.gz that you have")
    origin.add_argument("--url", help="address of a zip or tar.gz file")
    fetching.set_defaults(run=run_fetch)

    index = commands.add_parser("index", help="print the index, or write it to a file, as CSV")
    _add_corpus(index)
    index.add_argument("--csv", type=Path, metavar="FILE", help="write to FILE instead of printing")
    index.add_argument(
        "--protocol", default="published", metavar="NAME", help="one that 'list' names (default: published)"
    )
    index.add_argument("--fold", type=int, default=0, metavar="N", help="fold of the protocol (default 0)")
    index.add_argument("--allow-incomplete", action="store_true", help="index what can be used of a broken corpus")
    index.add_argument(
        "--write-list", action="store_true", help="maintainers: write the corpus's committed files anew instead"
    )
    index.set_defaults(run=run_index)
    return top


def run_list(arguments: argparse.Namespace) -> int:
    """Print what each corpus is, where it lies or how to get it, and its protocols."""
    described = [describe(corpus(name)) for name in sorted(CORPORA)]
    if arguments.json:
        print(json.dumps(described, indent=1, ensure_ascii=False))
        return 0
    for of in described:
        print(f"{of['name']}: {of['title']}")
        for fact in ("size", "licence", "source"):
            print(f"  {fact:<8} {of[fact]}")
        protocols = [name + (f" ({n} folds)" if n > 1 else "") for name, n in of["protocols"].items()]
        print(f"  splits   {', '.join(protocols)}")
        if of["sources"]:
            print(f"  fetch    --source {' | '.join(of['sources'])}, --from PATH, --url URL")
        if of["found"]:
            print(f"  found in {of['folder']}")
        elif of["folder"]:
            print(f"  made in {of['folder']} when it is first used")
        else:
            print(f"  not found under {data_root()}; {of['how_to_get']}")
    return 0


def describe(corpus: Corpus) -> dict[str, object]:
    """What `list` says of a corpus. ``folder`` is where it lies, or will be made; None where it is not found."""
    try:
        folder = corpus.locate()
    except CorpusError:
        folder = None
    abilities = ("fetch", "signals", "windows", "features")
    return {
        "name": corpus.NAME,
        "title": corpus.TITLE,
        "size": corpus.SIZE,
        "licence": corpus.LICENCE,
        "source": corpus.SOURCE,
        "whole": corpus.whole,
        "can": [ability for ability in abilities if getattr(corpus, ability)],
        "protocols": corpus.N_FOLDS,
        "sources": list(corpus.SOURCES),
        "found": folder is not None and folder.is_dir(),
        "folder": str(folder) if folder else None,
        "how_to_get": corpus.how_to_get,
    }


def run_check(arguments: argparse.Namespace) -> int:
    """Print the report of a corpus."""
    report = corpus(arguments.corpus).check(arguments.root)
    print(report)
    return 0 if report.ok else 1


def run_fetch(arguments: argparse.Namespace) -> int:
    """Put a corpus in place."""
    wanted = corpus(arguments.corpus)
    if wanted.fetch is None:
        raise CorpusError(f"the corpus {wanted.NAME} cannot be fetched: {wanted.how_to_get}.")
    options = {"source": arguments.source, "origin": arguments.origin, "url": arguments.url}
    options = {name: value for name, value in options.items() if value is not None}
    if options and not wanted.SOURCES:
        option = "from" if "origin" in options else next(iter(options))
        raise CorpusError(
            f"--{option} is not for the corpus {wanted.NAME}, which has no other source than this project"
        )
    print(f"{wanted.NAME}: {wanted.SIZE}. Licence: {wanted.LICENCE}.", file=sys.stderr)
    print(f"{wanted.NAME} is in {wanted.fetch(arguments.to, **options)}")
    return 0


def run_index(arguments: argparse.Namespace) -> int:
    """Print or write the index; notes and the fingerprint go to standard error."""
    wanted = corpus(arguments.corpus)
    if arguments.write_list:
        if wanted.write_list is None:
            raise CorpusError(f"--write-list is not for the corpus {wanted.NAME}, which has no committed files")
        print(f"wrote the list of {wanted.write_list(arguments.root)} clips")
        return 0
    frame = wanted.index(arguments.root, allow_incomplete=arguments.allow_incomplete)
    frame = wanted.with_protocol(frame, arguments.protocol, arguments.fold)
    for note in frame.attrs.get("notes", ()):
        print(f"note: {note}", file=sys.stderr)
    sizes = ", ".join(f"{split} {n}" for split, n in frame["split"].value_counts().items())
    print(f"{arguments.corpus}: {len(frame)} clips ({sizes}), fingerprint {fingerprint(frame)}", file=sys.stderr)
    text = index_text(frame)
    if arguments.csv:
        arguments.csv.write_bytes(text.encode("utf-8"))
    else:
        sys.stdout.write(text)
    return 0


def index_text(frame: pd.DataFrame) -> str:
    """An index as CSV that comes back as it was, an apostrophe before what a spreadsheet would compute."""
    cells = frame.astype(object).fillna("").map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell)
    return csv_text([frame.columns, *cells.itertuples(index=False)])


def _add_corpus(command: argparse.ArgumentParser) -> None:
    command.add_argument("corpus", choices=sorted(CORPORA))
    command.add_argument(
        "--root", type=Path, metavar="DIR", help="folder of the corpus (default: found under the data root)"
    )


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    prepare()
    grammar = parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(grammar)
    arguments = grammar.parse_args(argv)
    prepare(for_programs=arguments.command == "index")
    try:
        status = arguments.run(arguments)
        if sys.stdout:  # None where it was closed before the start
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, such as head, has seen enough
        drop_output()
        return 0
    except OSError as error:
        print(f"error: {words_of(error) or error}", file=sys.stderr)
        return 1
    except (CorpusError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
