"""What a shell offers behind ``python -m reproductions``: commands and options by the parser, and here the names.

argcomplete asks, by running the same command with the variable _ARGCOMPLETE set. In an environment that is activated,
``eval "$(activate-global-python-argcomplete --dest=-)"`` tells bash or zsh to ask.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import Paper


def complete(parser: argparse.ArgumentParser) -> None:
    """Print what may stand at the place that the shell asks about, and end."""
    import argcomplete

    argcomplete.autocomplete(parser, default_completer=names)


def names(prefix: str, action: argparse.Action, parsed_args: argparse.Namespace, **_) -> Iterable[str]:
    """The names that an argument knows; files for one that has none."""
    from argcomplete.completers import FilesCompleter

    find = NAMES.get(action.dest)
    if find is None:
        return FilesCompleter()(prefix)
    before, comma, _ = prefix.rpartition(",") if action.dest in LISTS else ("", "", "")
    return [before + comma + name for name in find(parsed_args)]


def _of_paper(find: Callable[[Paper], Iterable[str]]) -> Callable[[argparse.Namespace], Iterable[str]]:
    """What a paper has, once the line names one."""
    return lambda options: find(load_paper(options.paper)) if getattr(options, "paper", None) else ()


def _corpora(_: argparse.Namespace) -> Iterable[str]:
    from data_prep import CORPORA

    return CORPORA


def _protocols(options: argparse.Namespace) -> Iterable[str]:
    """Those of the corpus that the line names, or of the paper's."""
    from data_prep import CORPORA, corpus

    asked = getattr(options, "corpus", None)
    paper = load_paper(options.paper) if getattr(options, "paper", None) else None
    wanted = [asked] if asked else [paper.corpus.name, *map(paper.corpus_of, paper.models)] if paper else CORPORA
    return dict.fromkeys(name for one in wanted for name in corpus(one).N_FOLDS)


def _lessons(_: argparse.Namespace) -> Iterable[str]:
    from reproductions.commands.lessons import lesson_names

    return lesson_names()


NAMES = {  # what an argument is called in its command, and what finds its names
    "paper": lambda _: list_papers(),
    "variant": _of_paper(lambda paper: [*paper.variants, "all"]),
    "model": _of_paper(lambda paper: paper.models),
    "mode": _of_paper(lambda paper: [str(model.mode) for model in paper.models.values() if model.mode]),
    "set": _of_paper(lambda paper: [f"{name}=" for name in paper.settings]),
    "corpus": _corpora,
    "pretrain": _corpora,
    "protocol": _protocols,
    "names": _lessons,
}
LISTS = ("variant", "model")  # of these several may stand with commas between them
