"""What writes files: pieces of work that the campaign kills at any moment and does again, which must give the same."""

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot  # noqa: F401 - here and below, what the processes need is imported before they are forked
import numpy as np
import scipy.stats  # noqa: F401
import soundfile

from data_prep.common.download import build_checked, from_path
from data_prep.corpora import music_library
from reproductions.commands.new import TEMPLATE, new_paper
from reproductions.pragadaraju_digits import recognition
from reproductions.pragadaraju_digits.words import Vocabulary, keep_vocabulary
from shared.audio.image_files import load_images
from shared.audio.log_mel_images import SpectrogramSettings, make_images
from shared.audit.split import audit_split
from shared.audit.split.loading import clips_of_index
from shared.audit.split.report import write_split
from shared.base.arrays import cached_array
from shared.base.files import atomic_write
from shared.base.leftovers import sweep
from shared.paper.loading import PAPERS_ROOT, load_paper
from shared.report.files import write_outputs, write_readmes
from shared.report.site import write_site
from shared.report.site.forest import FILE, overview_svg
from shared.results import store
from shared.runs import networks, units
from tests.faults.targets import ZEROS, make_unit

RATE_HZ = 8000
CLIPS = [f"clip_{n}" for n in range(9)]
NEW = "another_paper"
PAPER = "lam_ensemble"


def given(base: Path) -> None:
    """What is there before any work: sounds, an index, a library's table, an archive, the template, a README."""
    sounds = base / "given" / "music_library"
    sounds.mkdir(parents=True)
    for n, clip in enumerate(CLIPS):
        signal = 0.1 * np.random.default_rng(n).standard_normal(RATE_HZ * 3 // 2)
        soundfile.write(sounds / f"{clip}.wav", signal, RATE_HZ)
    rows = [f"{clip}.wav,{'ab'[n % 2]},{'train' if n < 6 else 'test'}" for n, clip in enumerate(CLIPS)]
    (base / "given" / "index.csv").write_text("\n".join(["path,label,split", *rows]) + "\n")
    rows = [f"{clip}.wav,{'Rock' if n % 2 else 'Jazz'}," for n, clip in enumerate(CLIPS)]
    (sounds / "library.csv").write_text("\n".join(["file,genre 1,genre 2", *rows]) + "\n")
    with zipfile.ZipFile(base / "given" / "corpus.zip", "w") as archive:
        for clip in CLIPS:
            archive.write(sounds / f"{clip}.wav", f"corpus/{clip}.wav")
    tests = PAPERS_ROOT.parent / "tests" / "reproductions" / TEMPLATE
    for folder, parent in ((PAPERS_ROOT / TEMPLATE, "reproductions"), (tests, "tests/reproductions")):
        shutil.copytree(folder, base / parent / TEMPLATE, ignore=shutil.ignore_patterns("__pycache__"))
    (base / "README.md").write_text("# Title\n\n<!-- begin:papers -->\n<!-- end:papers -->\n")
    (base / "reproductions" / PAPER).mkdir()
    (base / "reproductions" / PAPER / "README.md").write_text("# Own\n\n<!-- begin:tables -->\n<!-- end:tables -->\n")


def train_and_report(root: Path) -> None:
    """A training of three epochs for two models, their answers, the merge, a network that ships, and the report."""
    paper = load_paper(PAPER)
    paper = replace(paper, path=root / "reproductions" / PAPER / paper.path.name)  # its README is the one in root
    sweep(root)
    cached_array(root / "cache" / "features" / "a.npy", (9, *ZEROS.shape), np.float32, lambda: iter([ZEROS + 1] * 9))
    folder = store.results_folder(paper.id)
    for model in list(paper.models)[:2]:
        unit = make_unit(paper, model, epochs=3)
        keep_vocabulary(Vocabulary(("one", "two"), 2), unit.folder)
        store.merge(paper, [unit.key])
        networks.ship(unit.folder, folder / units.UNITS / unit.key)
    diffs = [write_outputs(paper, folder)]
    write_site(diffs, root / "results" / "report")
    atomic_write(root / "results" / FILE, lambda file: file.write(overview_svg(diffs).encode()))
    write_readmes(diffs, root)


def read_and_audit(root: Path) -> None:
    """A corpus from an archive, pictures, features and transcripts of its clips, an audit, and a folder for a paper."""
    sweep(root)
    corpus, sounds = root / "data" / "corpus", root / "given" / "music_library"
    build_checked(corpus, "a corpus", lambda to: from_path(root / "given" / "corpus.zip", to, list, _build), _check)
    jobs = [(sounds / f"{clip}.wav", root / "images" / f"{clip}.png") for clip in CLIPS]
    settings = SpectrogramSettings(sample_rate_hz=RATE_HZ, n_fft=256, hop_length=256, n_mels=16)
    assert not make_images(jobs, settings, n_jobs=1)
    for _, png in jobs:
        os.utime(png, (0, 0))  # the cache of what was read from them says of which date they are
    load_images([png for _, png in jobs], size=(16, 16), cache_dir=root / "cache" / "images", key="a")
    music_library.index(sounds)
    write_split(audit_split(clips_of_index(root / "given" / "index.csv", sounds)), root / "audit")
    recognition.BACKENDS["stub"] = recognition.Backend(_heard, ("numpy",), 3, "for tests")
    signals = [np.full(8, n / 9, np.float32) for n in range(9)]
    recognition.recognise(signals, CLIPS, ["0" * 16] * 9, "stub", 1, root / "transcripts")
    if not (root / "reproductions" / NEW).exists():
        new_paper(NEW, root=root)


def _build(source: Path, partial: Path) -> None:
    partial.mkdir(exist_ok=True)
    for clip in CLIPS:
        (source / "corpus" / f"{clip}.wav").replace(partial / f"{clip}.wav")


def _check(folder: Path) -> SimpleNamespace:
    missing = [clip for clip in CLIPS if not (folder / f"{clip}.wav").exists()]
    return SimpleNamespace(ok=not missing, problems=missing)


def _heard(signal: np.ndarray) -> recognition.Heard:
    return recognition.Heard("seven", 0.5)


WORKS = (train_and_report, read_and_audit)
