"""The command line: ``python -m reproductions list | run | diff | audit | report | lessons | reproduce | new | …``.

It parses and tells errors; each command is a module of :mod:`reproductions.commands`, and the work is done in
``shared`` and in the papers' folders. TensorFlow is loaded only by ``run`` and ``predict``.
"""

# PYTHON_ARGCOMPLETE_OK: a shell may ask this module what may stand on its command line
from __future__ import annotations

import argparse
import os
import sys

from reproductions.commands import (
    audit,
    demo,
    diff,
    evaluate,
    lessons,
    merge,
    new,
    predict,
    report,
    reproduce,
    run,
    ship,
    status,
)
from reproductions.commands import list as listing
from reproductions.commands.completion import complete
from shared.base.suggestions import Parser
from shared.base.terminal import drop_output, prepare, raised_here, words_of

COMMANDS = (listing, run, status, merge, diff, audit, report, lessons, reproduce, predict, demo, evaluate, ship, new)
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


class Version(argparse.Action):
    """Print commit and versions, and end."""

    def __init__(self, option_strings, dest, help=None):
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser, *_):
        from shared.base.provenance import commit_id, versions

        used = ", ".join(f"{name} {version}" for name, version in versions().items())
        print(f"commit {commit_id()}; {used}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    top = Parser(
        prog="python -m reproductions",
        description="Rerun the tables of audio-classification papers and hold every number against the published one.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=Version, help="the project's commit and the versions of what it uses")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command. 0: done; 1: a number differs under --strict; 2: an error, in a line or two; 130: stopped."""
    from data_prep import CorpusError
    from shared.base.locks import LockedError

    prepare()
    try:
        grammar = parser()
        if "_ARGCOMPLETE" in os.environ:
            complete(grammar)
        options = grammar.parse_args(argv)
        prepare(for_programs=getattr(options, "json", False) or getattr(options, "csv", False))
        status = options.work(options)
        if sys.stdout:  # None where it was closed before the start
            sys.stdout.flush()
        return status
    except (ValueError, CorpusError, LockedError) as error:
        if not raised_here(error):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on where this one stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has enough
        drop_output()
        return 0
    except OSError as error:
        words = words_of(error)
        if words is None:
            raise
        print(f"error: {words}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
