"""The corpus VNTM: its list, its index, each way it can be wrong, its two protocols, and the facts of the real one."""

import re
import shutil
from collections import Counter

import numpy as np
import pytest

from data_prep import CorpusError, fingerprint
from data_prep.common import folders
from data_prep.corpora import vntm
from tests.data_prep.check_corpus import check_corpus


def test_it_does_what_every_corpus_does(small_vntm, monkeypatch):
    monkeypatch.setattr(vntm, "N_CLIPS", 5)
    monkeypatch.setattr(vntm, "GROUP_SIZE", 1)
    monkeypatch.setitem(vntm.N_FOLDS, "grouped", 5)
    check_corpus(vntm.CORPUS)


def test_index(small_vntm):
    frame = vntm.index(small_vntm)
    assert list(frame.columns) == list(folders.COLUMNS)
    assert len(frame) == 25
    row = frame.set_index("clip").loc["Xam.003"]
    assert tuple(row[["label", "split", "group"]]) == ("hatxam", "test", "hatxam/0")
    assert row["path"] == str(small_vntm / "test/hatxam/Xam.003.png")
    assert frame.attrs["notes"] == []


def test_root_is_found_under_the_data_root(small_vntm, monkeypatch):
    assert vntm.locate() == small_vntm
    small_vntm.rename(small_vntm.with_name("vntm"))
    assert vntm.locate() == small_vntm.with_name("vntm")
    assert len(vntm.index()) == 25


def test_fingerprint_depends_on_pixels_alone(small_vntm, tmp_path):
    before = fingerprint(vntm.index(small_vntm))
    copy = shutil.copytree(small_vntm, tmp_path / "elsewhere")
    assert fingerprint(vntm.index(copy)) == before
    assert fingerprint(vntm.with_protocol(vntm.index(copy), "grouped", 3)) == before


def test_missing_corpus_says_what_to_do():
    with pytest.raises(
        CorpusError, match=r"(?s)not in .*vntm_images or .*GB.*data_prep fetch vntm.*AUDIO_REPRODUCTIONS"
    ):
        vntm.index()


def test_report_of_a_good_corpus(small_vntm):
    report = vntm.check(small_vntm)
    assert report.ok
    assert report.narrower == [("Cheo.003", 700, True)]
    assert report.identical == [(("Cheo.000", "validation", "cheo"), ("Cheo.001", "train", "cheo"))]
    assert report.straddling == report.identical
    text = str(report)
    assert re.search(r"^cheo +3 of 3 +1 of 1 +1 of 1$", text, re.MULTILINE)
    assert "Cheo.000 = Cheo.001 (validation and train: STRADDLES)" in text
    assert text.endswith("OK")


def remove_class(root, save_image):
    shutil.rmtree(root / "val/chauvan")


def half_copy(root, save_image):
    for name in ("train/cheo/Cheo.002.png", "train/cheo/Cheo.004.png", "test/catru/Catru.003.png"):
        (root / name).unlink()


def remove_split(root, save_image):
    shutil.rmtree(root / "test")


def add_class(root, save_image):
    save_image(root / "train/tuong/Tuong.001.png", 77)


def add_image(root, save_image):
    save_image(root / "train/cheo/Cheo.002 (1).png", 77)


def add_other_file(root, save_image):
    (root / "train/cheo/Cheo.001.jpg").write_bytes(b"")


def corrupt(root, save_image):
    path = root / "train/hatxam/Xam.002.png"
    path.write_bytes(path.read_bytes()[:600])


def empty(root, save_image):
    (root / "train/hatxam/Xam.002.png").write_bytes(b"")


def other_height(root, save_image):
    save_image(root / "train/catru/Catru.001.png", 3, height=64)


def too_wide(root, save_image):
    save_image(root / "train/catru/Catru.001.png", 3, width=1293)


def change(root, save_image):
    save_image(root / "train/catru/Catru.001.png", 999)


def swap(root, save_image):
    shutil.copy(root / "train/cheo/Cheo.002.png", root / "train/catru/Catru.001.png")


def duplicate(root, save_image):
    shutil.copy(root / "train/cheo/Cheo.002.png", root / "test/cheo/Cheo.002.png")


def move(root, save_image):
    shutil.move(root / "train/cheo/Cheo.002.png", root / "test/cheo/Cheo.002.png")


FAULTS = [
    (remove_class, "no folder val/chauvan/"),
    (remove_class, r"missing: validation chauvan: 1 of 1 images \(Chauvan.000\)"),
    (half_copy, r"missing: train cheo: 2 of 3 images \(Cheo.002, Cheo.004\)"),
    (half_copy, r"missing: test catru: 1 of 1 images \(Catru.003\)"),
    (remove_split, "no folder test/"),
    (add_class, "train/tuong: a class folder that does not belong there .*cailuong, catru, chauvan, cheo, hatxam"),
    (add_image, r"extra: train/cheo/Cheo.002 \(1\).png: not a clip of this corpus"),
    (add_other_file, "train/cheo/Cheo.001.jpg: not a PNG image"),
    (corrupt, "unreadable: train/hatxam/Xam.002.png: .*[Tt]runcated"),
    (empty, "unreadable: train/hatxam/Xam.002.png: the file is empty"),
    (other_height, "wrong size: train/catru/Catru.001.png is 64 × 1292 pixels; expected height 128"),
    (too_wide, "wrong size: train/catru/Catru.001.png is 128 × 1293 pixels"),
    (change, "changed: Catru.001 is not the published image"),
    (swap, "changed: Catru.001 holds the image of Cheo.002"),
    (duplicate, "extra: Cheo.002 is there 2 times: test/cheo/Cheo.002.png, train/cheo/Cheo.002.png"),
    (move, "extra: test/cheo/Cheo.002.png: belongs in train/cheo/"),
]


@pytest.mark.parametrize(
    ("fault", "words"), FAULTS, ids=[f"{fault.__name__}-{i}" for i, (fault, _) in enumerate(FAULTS)]
)
def test_each_fault_is_named(small_vntm, fault, words, save_image):
    fault(small_vntm, save_image)
    report = vntm.check(small_vntm)
    assert not report.ok
    assert "NOT OK" in str(report)
    with pytest.raises(CorpusError, match=rf"(?s){words}.*data_prep check vntm"):
        vntm.index(small_vntm)


def test_all_faults_are_collected(small_vntm, save_image):
    for fault in (half_copy, corrupt, add_class, too_wide):
        fault(small_vntm, save_image)
    with pytest.raises(CorpusError) as error:
        vntm.index(small_vntm)
    for words in ("train cheo: 2 of 3", "Xam.002", "tuong", "1293"):
        assert words in str(error.value)


def test_long_lists_are_cut_off(small_vntm):
    for number in range(30):
        (small_vntm / f"train/cheo/stray{number}.txt").write_text("")
    with pytest.raises(CorpusError, match="and 18 more of this kind"):
        vntm.index(small_vntm)


def test_incomplete_corpus_on_request(small_vntm, save_image):
    for fault in (half_copy, corrupt, too_wide, add_image):
        fault(small_vntm, save_image)
    frame = vntm.index(small_vntm, allow_incomplete=True)
    gone = {"Cheo.002", "Cheo.004", "Catru.003", "Xam.002", "Catru.001"}
    assert set(frame["clip"]) == set(vntm.clips()["clip"]) - gone
    assert any("Xam.002" in note for note in frame.attrs["notes"])


def test_nothing_usable_is_an_error_even_on_request(tmp_path):
    (tmp_path / "vntm/train").mkdir(parents=True)
    with pytest.raises(CorpusError, match="not as it should be"):
        vntm.index(tmp_path / "vntm", allow_incomplete=True)


@pytest.mark.parametrize("name", [".DS_Store", "train/.DS_Store", "train/cheo/._Cheo.001.png", "train/cheo/Thumbs.db"])
def test_hidden_files_are_ignored(small_vntm, name):
    (small_vntm / name).write_bytes(b"x")
    assert vntm.check(small_vntm).ok


def test_another_rendering_is_a_note(small_vntm, save_image):
    before = fingerprint(vntm.index(small_vntm))
    for seed, path in enumerate(sorted(small_vntm.glob("*/*/*.png"))):
        save_image(path, 1000 + seed)
    frame = vntm.index(small_vntm)
    assert "25 of 25 images differ from the published ones" in frame.attrs["notes"][0]
    assert fingerprint(frame) != before
    assert vntm.check(small_vntm).ok


def test_few_other_pixels_are_a_note_where_images_were_made_here(small_vntm, save_image):
    change(small_vntm, save_image)
    assert not vntm.check(small_vntm).ok
    (small_vntm / vntm.RENDERED_MARK).write_text("")
    report = vntm.check(small_vntm)
    assert report.ok
    assert "1 of 25 images differ" in report.notes[0]
    swap(small_vntm, save_image)  # still wrong: another clip's image
    assert vntm.check(small_vntm).changed == [("Catru.001", "holds the image of Cheo.002")]


@pytest.mark.parametrize(
    ("fault", "words"), [(half_copy, "not 375, 75 and 50"), (corrupt, "Xam.002"), (add_image, "misnamed")]
)
def test_no_list_is_written_from_a_bad_corpus(small_vntm, fault, words, save_image):
    before = vntm.LIST.read_bytes()
    fault(small_vntm, save_image)
    with pytest.raises(CorpusError, match=words):
        vntm.write_list(small_vntm, vntm.LIST)
    assert vntm.LIST.read_bytes() == before


# The committed list and the protocols.


def test_committed_list():
    clips = vntm.clips()
    counts = Counter(zip(clips["split"], clips["label"], strict=True))
    assert counts == {
        (split, c): n for split, n in (("train", 375), ("validation", 75), ("test", 50)) for c in vntm.CLASSES
    }
    for label, rows in clips.groupby("label"):
        assert set(rows["clip"]) == vntm.clip_names(label)
        assert sorted(rows["clip"].map(folders.clip_number)) == list(range(500))
    assert clips["sha256"].str.fullmatch("[0-9a-f]{16}").all()
    assert (clips["width"] < 1292).sum() == 9
    assert clips["width"].max() == 1292


@pytest.fixture
def frame():
    clips = vntm.clips()
    return clips.assign(group=[vntm.group(row.label, row.clip) for row in clips.itertuples()])


def test_group():
    assert vntm.group("cheo", "Cheo.455") == "cheo/18"
    assert vntm.group("hatxam", "Xam.024") == "hatxam/0"
    assert vntm.group("hatxam", "Xam.025") == "hatxam/1"


def test_published_keeps_the_split_and_straddles(frame):
    published = vntm.with_protocol(frame, "published")
    assert published.equals(frame)
    assert published is not frame
    assert (published.groupby("group")["split"].nunique() > 1).all()  # every block of 25 is torn


def test_groups_of_the_whole_corpus(frame):
    sizes = frame.groupby("group").size()
    assert len(sizes) == 100
    assert set(sizes) == {25}


@pytest.mark.parametrize("fold", range(10))
def test_grouped_fold(frame, fold):
    grouped = vntm.with_protocol(frame, "grouped", fold)
    assert (grouped.groupby("group")["split"].nunique() == 1).all()
    assert set(grouped.groupby(["split", "label"]).size().items()) == {
        ((split, c), n) for split, n in (("train", 375), ("validation", 75), ("test", 50)) for c in vntm.CLASSES
    }
    numbers = {
        split: np.sort(rows["clip"].map(folders.clip_number).unique()) for split, rows in grouped.groupby("split")
    }
    assert list(numbers["test"]) == list(range(50 * fold, 50 * fold + 50))
    assert set(numbers["validation"]) == {(50 * fold + 50 + i) % 500 for i in range(75)}


def test_test_parts_of_the_ten_folds_tile_the_corpus(frame):
    tested = Counter()
    for fold in range(10):
        grouped = vntm.with_protocol(frame, "grouped", fold)
        tested.update(grouped.loc[grouped["split"] == "test", "clip"])
    assert tested == dict.fromkeys(frame["clip"], 1)


# The real corpus.

NARROWER = {
    "Catru.223": 531, "Catru.370": 783, "Catru.371": 783, "Catru.476": 1236, "Catru.477": 1236,
    "Catru.490": 87, "Catru.491": 87, "Chauvan.358": 1109, "Chauvan.359": 1109,
}  # fmt: skip
IDENTICAL = {("Catru.088", "Catru.089"), ("Catru.370", "Catru.371"), ("Catru.476", "Catru.477"),
             ("Catru.490", "Catru.491"), ("Chauvan.358", "Chauvan.359")}  # fmt: skip


def test_real_corpus_and_its_list(real_vntm, tmp_path):
    report = vntm.check(real_vntm)
    assert report.ok, str(report)
    assert report.counts == report.expected
    assert {clip: width for clip, width, _ in report.narrower} == NARROWER
    assert {(a[0], b[0]) for a, b in report.identical} == IDENTICAL
    assert {(a[0], a[1], b[1]) for a, b in report.straddling} == {
        ("Catru.370", "train", "validation"),
        ("Catru.476", "train", "validation"),
    }
    assert fingerprint(vntm.index(real_vntm)) == "e348ce06802c7c4b"
    assert vntm.write_list(real_vntm, tmp_path / "list.csv") == 2500
    assert (tmp_path / "list.csv").read_bytes() == vntm.LIST.read_bytes()
