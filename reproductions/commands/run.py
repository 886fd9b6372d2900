"""``python -m reproductions run``: hand over to the paper's own train.py."""

from __future__ import annotations

import argparse
import inspect

from reproductions.commands.options import (
    PROTOCOL_HELP,
    known_corpus,
    known_protocol,
    models_of,
    module_of,
    numbers,
    positive,
    sweep_leftovers,
    variants_of,
)
from shared.paper.loading import load_paper
from shared.paper.schema import PaperError

PRECISIONS = ("auto", "float32", "bfloat16")


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
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
    run.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Hand over to the paper's own train.py."""
    sweep_leftovers()
    paper = load_paper(options.paper)
    variants = variants_of(paper, options.variant)
    models = models_of(paper, options.model, options.mode)
    if models and not any(set(models) & set(paper.models_for(variant)) for variant in variants):
        about = (f"variant {variant} is only about {', '.join(paper.models_for(variant))}" for variant in variants)
        raise PaperError("; ".join(about))
    corpora = {options.corpus} if options.corpus else {paper.corpus_of(model) for model in models or paper.models}
    for corpus in corpora | ({options.pretrain} if options.pretrain else set()):
        known_corpus(corpus)
    known_protocol(options.protocol, *corpora)
    train = module_of(paper, "train").run
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
