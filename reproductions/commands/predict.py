"""``python -m reproductions predict``: hand over to the paper's own predict.py."""

from __future__ import annotations

import argparse

from reproductions.commands.options import module_of
from shared.paper.loading import load_paper


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    predict = commands.add_parser("predict", help="classify recordings with a paper's trained models")
    predict.add_argument("paper", metavar="PAPER")
    predict.add_argument("files", metavar="FILE", nargs="+", help="wav, flac, ogg or mp3")
    predict.add_argument("--json", action="store_true", help="print JSON instead of tables")
    predict.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Hand over to the paper's own predict.py."""
    return module_of(load_paper(options.paper), "predict").main(options.files, options.json)
