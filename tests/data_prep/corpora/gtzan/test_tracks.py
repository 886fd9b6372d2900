"""GTZAN's protocols for tracks, windows and rows, windows themselves, and the lists of the fault-filtered split."""

import hashlib
from collections import Counter

import pandas as pd
import pytest

from data_prep import CorpusError
from data_prep.common import grouping
from data_prep.corpora.gtzan import tracks as gtzan_tracks
from data_prep.corpora.gtzan.tracks import with_protocol


def tracks(names=None):
    """A frame as an index of the whole corpus has; metal.00058 and rock.00016 are one recording."""
    names = gtzan_tracks.track_names() if names is None else names
    frame = pd.DataFrame({"clip": names, "label": [name.partition(".")[0] for name in names], "track": names})
    same = {"rock.00016": "metal.00058"}
    frame["sha256"] = [same.get(name, name) for name in names]
    frame["group"], _ = grouping.groups(frame)
    return frame.assign(split="train", path="a.wav", offset=0, n_samples=661_794)


@pytest.fixture(scope="module")
def whole():
    return tracks()


@pytest.fixture(scope="module")
def cut(whole):
    """The 29 windows of 2 s of each track, a second apart."""
    return gtzan_tracks.windows(whole, 44_100, 22_050)


def test_names():
    names = gtzan_tracks.track_names()
    assert (len(names), names[0], names[-1], names == sorted(names)) == (1000, "blues.00000", "rock.00099", True)
    assert gtzan_tracks.track_names("jazz")[54] == "jazz.00054"


# Groups.


def test_repetition_note():
    assert gtzan_tracks.repetition_note([]) == []
    assert gtzan_tracks.repetition_note([("a", "b")])[0].startswith("1 track repeats another exactly (a = b)")
    assert gtzan_tracks.repetition_note([("a", "b", "c")])[0].startswith("2 tracks repeat others exactly (a = b = c)")


# The protocols.


def test_grouped_folds_tile_the_corpus(whole):
    tested, label = Counter(), whole.set_index("clip")["label"]
    for fold in range(5):
        split = with_protocol(whole, "grouped", fold)
        here = list(split.loc[split["split"] == "test", "clip"])
        assert set(split["split"]) == {"train", "test"}
        assert set(Counter(label[here])) == set(gtzan_tracks.GENRES)
        assert all(19 <= n <= 21 for n in Counter(label[here]).values())  # 20, but for the repetition
        assert ("metal.00058" in here) == ("rock.00016" in here)
        tested.update(here)
    assert tested == dict.fromkeys(whole["clip"], 1)


def test_draws_never_change(whole):
    """Golden: the first tracks tested on, and the SHA-256 of all of them, a line each."""
    found = {}
    for protocol in ("grouped", "published"):
        split = with_protocol(whole, protocol)
        names = sorted(split.loc[split["split"] == "test", "clip"])
        found[protocol] = names[:3], hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    assert found == {
        "grouped": (["blues.00004", "blues.00007", "blues.00011"], "8d3a062637f5a6e6"),
        "published": (["blues.00002", "blues.00013", "blues.00015"], "25afc174a8006ea8"),
    }


def test_fold_depends_on_the_name_alone(whole, cut):
    """A missing track moves no other, the order does not matter, and windows lie where their track does."""
    expected = with_protocol(whole, "grouped", 2).set_index("clip")["split"]
    some = whole.sample(frac=0.7, random_state=1).assign(path="elsewhere")
    found = with_protocol(some, "grouped", 2).set_index("clip")["split"]
    assert found.equals(expected[found.index])
    windows = with_protocol(cut, "grouped", 2)
    assert (windows["split"].to_numpy() == expected[windows["group"]].to_numpy()).all()


def test_published_splits_windows_and_so_leaks(cut):
    split = with_protocol(cut, "published")
    tested = split[split["split"] == "test"]
    assert Counter(tested["label"]) == dict.fromkeys(gtzan_tracks.GENRES, 580)  # a fifth of 2,900
    on_both_sides = split.groupby("track")["split"].nunique() == 2
    assert on_both_sides.mean() > 0.99
    assert (with_protocol(cut, "grouped").groupby("track")["split"].nunique() == 1).all()


@pytest.mark.parametrize("protocol", ["published", "grouped"])
def test_seed(whole, protocol):
    first, same, other = (with_protocol(whole, protocol, seed=seed)["split"] for seed in (0, 0, 1))
    assert first.equals(same)
    assert not first.equals(other)


def test_genres_are_drawn_independently(whole):
    jazz = whole[whole["label"] == "jazz"]
    for protocol in ("published", "grouped"):
        expected = with_protocol(whole, protocol)["split"]
        assert with_protocol(jazz, protocol)["split"].equals(expected[jazz.index])
        assert with_protocol(jazz, protocol, whole=False)["split"].equals(expected[jazz.index])


def test_rows_stay_in_place(cut):
    shuffled = cut.sample(frac=1, random_state=0)
    for protocol in ("published", "grouped"):
        split = with_protocol(shuffled, protocol)
        assert split is not shuffled
        assert split.drop(columns="split").equals(shuffled.drop(columns="split"))


@pytest.mark.parametrize(
    ("protocol", "fold", "words"),
    [
        ("random", 0, "unknown protocol 'random'; the known are: published, grouped, fault_filtered"),
        ("grouped", 5, "has fold 0 to 4, not 5"),
        ("published", 1, "has fold 0, not 1"),
    ],
)
def test_unknown_protocol_or_fold(whole, protocol, fold, words):
    with pytest.raises(ValueError, match=words):
        with_protocol(whole, protocol, fold)


# Windows.


def test_windows(whole, cut):
    assert len(cut) == 29_000
    assert cut["clip"].is_unique
    assert list(cut.columns) == list(whole.columns)
    row = cut.iloc[29 + 7]
    assert tuple(row[["clip", "track", "group", "offset", "n_samples"]]) == (
        *("blues.00001.07", "blues.00001", "blues.00001", 7 * 22_050, 44_100),
    )
    assert cut["split"].equals(with_protocol(cut, "published")["split"])


@pytest.mark.parametrize(("n_samples", "expected"), [(44_100, 1), (66_149, 1), (66_150, 2), (660_000, 28)])
def test_number_of_windows(n_samples, expected):
    frame = tracks(["pop.00000"]).assign(n_samples=n_samples)
    assert len(gtzan_tracks.windows(frame, 44_100, 22_050)) == expected


def test_first_windows_only(whole):
    ten = gtzan_tracks.windows(whole.iloc[:2], 44_100, 44_100, 10)
    assert list(ten["offset"]) == [44_100 * number for number in range(10)] * 2


@pytest.mark.parametrize(("n_samples", "n_windows"), [(44_099, None), (20_000, None), (440_999, 10)])
def test_track_shorter_than_its_windows(whole, n_samples, n_windows):
    frame = whole.iloc[:3].assign(n_samples=[661_794, n_samples, 661_794])
    with pytest.raises(CorpusError, match=rf"(?s)1 of 3 tracks have fewer.*a\.wav: {n_samples:,} samples"):
        gtzan_tracks.windows(frame, 44_100, 44_100, n_windows)


def test_windows_keep_what_the_index_has_to_say(whole):
    frame = whole.iloc[:1].copy()
    frame.attrs["notes"] = ["a note"]
    assert gtzan_tracks.windows(frame, 44_100, 22_050).attrs == {"notes": ["a note"]}


# The lists of the fault-filtered split.


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Folder with lists of six, two and three tracks, in the forms that are in circulation."""
    monkeypatch.setattr(gtzan_tracks, "N_LISTED", {"train": 6, "validation": 2, "test": 3})
    folder = tmp_path / "lists"
    folder.mkdir()
    lines = [f"blues/{name}.wav" for name in gtzan_tracks.track_names("blues")[:11]]
    (folder / "train_filtered.txt").write_bytes("\r\n".join(lines[:6]).encode() + b"\r\n")
    (folder / "valid_filtered.txt").write_text("blues.00006.au\nblues.00007\n\n")
    (folder / "test_filtered.txt").write_text("\n".join(lines[8:]))
    return folder


def test_fault_filtered(whole, cut, lists):
    split = with_protocol(whole, "fault_filtered", lists=lists)
    assert list(split["split"][:12]) == ["train"] * 6 + ["validation"] * 2 + ["test"] * 3 + ["excluded"]
    assert Counter(split["split"]) == {"train": 6, "validation": 2, "test": 3, "excluded": 989}
    windows = with_protocol(cut, "fault_filtered", lists=lists)
    assert Counter(windows["split"])["validation"] == 2 * 29


@pytest.mark.parametrize("place", ["root", "data"])
def test_lists_are_found(whole, lists, tmp_path, place):
    frame = whole.copy()
    if place == "root":
        frame.attrs["root"] = str(lists)
    else:
        lists.rename(tmp_path / "gtzan_filtered")
        (tmp_path / "data").symlink_to(tmp_path)
    assert Counter(with_protocol(frame, "fault_filtered")["split"])["train"] == 6


def test_lists_are_not_there(whole, tmp_path):
    frame = whole.copy()
    frame.attrs["root"] = str(tmp_path / "corpus")
    words = (
        r"valid_filtered\.txt, .*blues/blues.00029.wav\. They are not part .*corpus or .*gtzan_filtered; put them there"
    )
    with pytest.raises(CorpusError, match=words):
        with_protocol(frame, "fault_filtered")


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("valid_filtered.txt", None, r"the list .*valid_filtered\.txt is missing; the others are there"),
        (
            "test_filtered.txt",
            "blues/blues.00100.wav",
            r"test_filtered\.txt, line 4: 'blues/blues.00100.wav' is not a tr",
        ),
        ("test_filtered.txt", "blues/blues.00002.wav", r"line 4: blues.00002 is listed already, for train"),
        ("test_filtered.txt", "pop/pop.00002.wav", r"test_filtered\.txt lists 4 tracks; the published list has 3"),
    ],
)
def test_wrong_lists(whole, lists, name, line, words):
    if line is None:
        (lists / name).unlink()
    else:
        with (lists / name).open("a") as file:
            file.write(f"\n{line}\n")
    with pytest.raises(CorpusError, match=words):
        with_protocol(whole, "fault_filtered", lists=lists)
