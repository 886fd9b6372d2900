"""``python -m reproductions audit``: what published numbers can mean, and what a split leaks."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reproductions.commands.options import known_corpus, known_protocol, of_each
from shared.paper.loading import list_papers, load_paper

if TYPE_CHECKING:
    import pandas as pd

    from shared.audit.split.clips import Clips

DESCRIPTION = """\
Without options: what the published numbers of a paper can and cannot mean, by arithmetic on its paper.toml.

With --index, --features or --corpus: an audit of a split. Which clips are there twice (to the byte, to the sample, or
by a fingerprint that survives another encoding, level and offset), which of them have two labels, which groups and
which neighbouring numbers lie on both sides, what the nearest training clip by average spectrum scores with and
without its own group, and what it matters to standardise by all clips.
"""
EPILOG = """\
The index is a CSV file (commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252) with a first line:
  path,label,split,group
  path    audio file, relative to the CSV file or to --audio-root, or absolute
  label   one, or several separated by ; or | (or by commas: see --label-separator)
  split   train, validation (val, dev), test (eval), or the number of a fold; excluded or empty takes no part. Optional
  group   the recording, speaker, session or artist that must not be on both sides. Optional: else the names are asked

examples:
  python -m reproductions audit lam_ensemble
  python -m reproductions audit --index my.csv --audio-root recordings --out audit
  python -m reproductions audit --features table.csv
  python -m reproductions audit --corpus fsdd --protocol grouped --fold 2
"""


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    audit = commands.add_parser("audit", help="what published numbers can mean; with --index: what a split leaks")
    audit.add_argument("paper", metavar="PAPER", nargs="?", help="default: all papers")
    audit.add_argument("--json", action="store_true", help="every finding as JSON")
    audit.description, audit.epilog = DESCRIPTION, EPILOG
    audit.formatter_class = argparse.RawDescriptionHelpFormatter
    split = audit.add_argument_group("audit of a split")
    what = split.add_mutually_exclusive_group()
    what.add_argument("--index", type=Path, metavar="CSV", help="an index of audio files (see below)")
    what.add_argument("--features", type=Path, metavar="CSV", help="the same, every other column a feature; no audio")
    what.add_argument("--corpus", metavar="NAME", help="a corpus of this project, by 'python -m data_prep list'")
    split.add_argument("--audio-root", type=Path, metavar="DIR", help="with --index: folder of its paths")
    split.add_argument(
        "--label-separator", metavar="MARK", help="with --index or --features: what separates labels in a cell"
    )
    split.add_argument("--protocol", metavar="NAME", help="with --corpus: published (default), grouped, ...")
    split.add_argument("--fold", type=int, metavar="N", help="with --corpus: fold of the protocol (default 0)")
    split.add_argument("--out", type=Path, metavar="DIR", help="write findings.json, pairs.csv and pictures there")
    audit.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Print what the published numbers of one paper or all say about themselves, or what a split leaks."""
    if is_asked(options):
        if options.corpus:
            known_corpus(options.corpus)
            known_protocol(options.protocol or "published", options.corpus)
        return of_split(options)
    from shared.audit.published import audit_paper, render_audit

    names = [options.paper] if options.paper else list_papers()
    audits, refused = of_each(names, lambda name: audit_paper(load_paper(name)))
    if options.json:
        print(json.dumps([audit.as_dict() for audit in audits], indent=1, ensure_ascii=False))
    else:
        print("\n".join(map(render_audit, audits)), end="")
    return 2 if refused else 0


def is_asked(options: argparse.Namespace) -> bool:
    """Whether the options are about a split. Raises ValueError for options that do not go together."""
    asked = [name for name in ("index", "features", "corpus") if getattr(options, name) is not None]
    needs = {
        "audio_root": ("index",),
        "label_separator": ("index", "features"),
        "protocol": ("corpus",),
        "fold": ("corpus",),
        "out": ("index", "features", "corpus"),
    }
    for name, kinds in needs.items():
        if getattr(options, name) is not None and not set(kinds) & set(asked):
            with_what = " or ".join(f"--{kind}" for kind in kinds)
            raise ValueError(f"--{name.replace('_', '-')} goes with {with_what}")
    if asked and options.paper:
        raise ValueError(f"give a paper or --{asked[0]}, not both")
    return bool(asked)


def of_split(options: argparse.Namespace) -> int:
    """Audit a split and print what was found."""
    from shared.audit.split import audit_split
    from shared.audit.split.loading import clips_of_index, clips_of_table
    from shared.audit.split.report import render_split, write_split

    start = time.perf_counter()
    if options.corpus:
        clips = clips_of_corpus(options.corpus, options.protocol or "published", options.fold or 0)
    elif options.features:
        clips = clips_of_table(options.features, options.label_separator)
    else:
        clips = clips_of_index(options.index, options.audio_root, options.label_separator)
    read = time.perf_counter()
    audit = audit_split(clips)
    done = time.perf_counter()
    print(json.dumps(audit.as_dict(), indent=1, ensure_ascii=False) if options.json else render_split(audit), end="")
    print("\n" if options.json else "", end="")
    print(f"read in {read - start:.1f} s, audited in {done - read:.1f} s", file=sys.stderr)
    for path in write_split(audit, options.out) if options.out else ():
        print(f"wrote {path}", file=sys.stderr)
    return 0


def clips_of_corpus(name: str, protocol: str, fold: int) -> Clips:
    """The clips of a corpus of this project, in the split of a protocol: its audio, its features, or its images.

    Raises
    ------
    CorpusError
        It is not there.
    ValueError
        Unknown corpus, protocol or fold.
    """
    import data_prep
    from shared.audit.split.loading import checked, describe_clips, with_features
    from shared.metrics.probes import CORRELATION

    module = data_prep.corpus(name)
    frame = module.with_protocol(module.index(), protocol, fold)
    clips, frame = _named_clips(
        frame, f"{name}, protocol {protocol}" + f", fold {fold}" * (module.N_FOLDS[protocol] > 1)
    )
    if module.features:
        return checked(with_features(clips, module.features(frame), module.FEATURES))
    if module.signals:
        return checked(describe_clips(clips, ((signal, module.SAMPLE_RATE_HZ) for signal in module.signals(frame))))
    averages = _spectrum_averages(list(frame["path"]))
    clips = with_features(clips, averages, distance=CORRELATION)
    return checked(dataclasses.replace(clips, content_hashes=tuple(frame["sha256"])))


def _named_clips(frame: pd.DataFrame, name: str) -> tuple[Clips, pd.DataFrame]:
    """What an index says of the clips that take part, and its rows of them."""
    from data_prep.common import label_sets
    from data_prep.common.grouping import EXCLUDED
    from shared.audit.split.clips import Clips

    aside = [(clip, "left out by the protocol") for clip in frame.loc[frame["split"] == EXCLUDED, "clip"]]
    aside += [(Path(clip).stem, reason) for clip, reason in frame.attrs.get("skipped", ())]
    notes = [note for note in frame.attrs.get("notes", ()) if not any(reason in note for _, reason in aside)]
    frame = frame[frame["split"] != EXCLUDED]
    names, split, groups = (tuple(map(str, frame[column])) for column in ("clip", "split", "group"))
    labels = tuple(label_sets.split(str(label)) for label in frame["label"])
    clips = Clips(name, names, labels, split, groups, "of the corpus", set_aside=tuple(aside), notes=tuple(notes))
    return clips, frame


def _spectrum_averages(paths: list[str]):
    """Of spectrogram images the mean of each row over time: float64 (n, 128)."""
    import joblib
    import numpy as np

    from shared.base.progress import progress

    work = joblib.Parallel(-1, prefer="threads", return_as="generator")(
        joblib.delayed(_average)(path) for path in paths
    )
    return np.stack(list(progress(work, len(paths), "reading images")))


def _average(path: str):
    import numpy as np
    from PIL import Image

    from shared.metrics.probes import time_averaged

    with Image.open(path) as image:
        return time_averaged(np.asarray(image.convert("RGB"))[None])[0]
