"""A music library: what is taken of it, and each thing that can be wrong with a folder of somebody's own."""

from collections import Counter

import numpy as np
import pytest
import soundfile

from data_prep import CorpusError, fingerprint
from data_prep.__main__ import main
from data_prep.common import label_sets
from data_prep.corpora import music_library
from data_prep.corpora.music_library import library_audio
from shared.audio.signals import AudioError
from tests.data_prep.check_corpus import check_corpus

RATE = 44100
SECONDS = 2.0  # of the middle, instead of 40


@pytest.fixture(autouse=True)
def _short_middle(monkeypatch):
    monkeypatch.setattr(library_audio, "SECONDS", SECONDS)
    monkeypatch.setattr("data_prep.corpora.music_library.library.SECONDS", SECONDS)


def samples(seed, seconds=3.0, rate=RATE, channels=1):
    noise = np.random.default_rng(seed).integers(-9000, 9000, (int(seconds * rate), channels), dtype=np.int16)
    return noise[:, 0] if channels == 1 else noise


LINES = {
    "a.wav": "Rock,Pop,x",
    "b.flac": "Rock,,x",
    "sub/c.ogg": "Jazz,Rock,y",
    "sub/d.mp3": "Jazz,,y",
    "e.wav": "Pop,,z",
    "f.wav": "Folk,Pop,",
}


@pytest.fixture
def root(tmp_path):
    """A library of six tracks under the data root, 3 s each, in the four formats."""
    folder = tmp_path / "data" / "music_library"
    (folder / "sub").mkdir(parents=True)
    for seed, name in enumerate(LINES):
        soundfile.write(folder / name, samples(seed), RATE)
    write_table(folder)
    return folder


def write_table(folder, changed=(), more=""):
    rows = {**LINES, **dict(changed)}
    text = "file,genre 1,genre 2,artist\n" + "".join(f"{name},{rest}\n" for name, rest in rows.items() if rest) + more
    (folder / "library.csv").write_text(text, encoding="utf-8")


def test_it_does_what_every_corpus_does(root):
    check_corpus(music_library.CORPUS)


def test_index(root):
    frame = music_library.index()
    assert list(frame.columns) == list(music_library.COLUMNS) == list(label_sets.COLUMNS)
    assert list(frame["clip"]) == sorted(LINES)
    row = frame.set_index("clip").loc["sub/c.ogg"]
    assert row["label"] == "Jazz|Rock"
    assert row["path"] == str(root / "sub" / "c.ogg")
    assert (row["group"], row["offset"], row["n_samples"]) == ("y", 0, 2 * RATE)
    assert frame.set_index("clip").loc["f.wav", "group"] == "f.wav"  # no artist: the track
    assert Counter(frame["split"]) == {"train": 5, "validation": 1}
    assert frame.attrs["skipped"] == []
    assert frame.attrs["notes"] == ["1 genre has one track only, so on one side of each split it is missing: Folk."]
    assert music_library.classes() == ("Folk", "Jazz", "Pop", "Rock")
    assert music_library.check().ok


def test_signals_are_the_middles(root):
    frame = music_library.index()
    by_clip = dict(zip(frame["clip"], music_library.signals(frame), strict=True))
    assert {signal.dtype for signal in by_clip.values()} == {np.dtype(np.float32)}
    assert np.array_equal(by_clip["b.flac"], samples(1)[RATE // 2 : RATE // 2 + 2 * RATE] / np.float32(32768))
    assert np.abs(by_clip["sub/d.mp3"]).max() > 0.05


def test_signals_of_windows(root):
    frame = music_library.index()
    windows = frame.iloc[[1, 1, 0]].assign(offset=[RATE, 0, RATE], n_samples=[RATE, 100, RATE])
    whole = samples(1)[RATE // 2 :] / np.float32(32768)
    first, second, third = music_library.signals(windows)
    assert np.array_equal(first, whole[RATE : 2 * RATE])
    assert np.array_equal(second, whole[:100])
    assert third.shape == (RATE,)
    with pytest.raises(AudioError, match=r"a\.wav: has 88,200 samples in its middle, expected 132,300; it has changed"):
        list(music_library.signals(windows.iloc[[2]].assign(n_samples=2 * RATE)))


def test_signals_are_read_one_after_another(root, monkeypatch):
    """Memory does not grow with the number of tracks: nothing is read before it is asked for."""
    opened, load_middle = [], library_audio.load_middle
    monkeypatch.setattr(
        library_audio, "load_middle", lambda path, *rest: opened.append(path) or load_middle(path, *rest)
    )
    signals = music_library.signals(music_library.index().iloc[:3])
    opened.clear()
    next(signals)
    assert len(opened) == 1


def test_a_table_that_is_not_called_library(root):
    (root / "library.csv").rename(root / "metadata.CSV")
    assert len(music_library.index()) == 6
    (root / "other.csv").write_text("x")
    with pytest.raises(
        CorpusError, match=r"2 CSV files \(metadata.CSV, other.csv\); call the library's table library.csv"
    ):
        music_library.index()


def test_no_library(tmp_path):
    for ask in (music_library.locate, music_library.index, music_library.check):
        with pytest.raises(
            CorpusError, match=r"(?s)music_library.*library.csv, whose first line is 'file,genre 1,genre 2'"
        ):
            ask()
    assert music_library.classes() == ()


def test_rare_genres_and_thinning(root):
    frame = music_library.index(n_genres=2)
    assert list(frame["label"]) == ["Pop|Rock", "Rock", "Pop", "Others|Pop", "Others|Rock", "Others"]
    assert frame.attrs["notes"] == []
    thin = music_library.index(n_genres=2, max_per_set=1)
    assert thin.attrs["notes"] == ["0 of 6 tracks are left out to thin the most frequent genres."]


def test_content_is_known_by_its_samples(root):
    before = music_library.index()
    soundfile.write(root / "a.wav", samples(0), RATE, subtype="PCM_24")  # the same samples
    assert fingerprint(music_library.index()) == fingerprint(before)
    soundfile.write(root / "a.wav", np.r_[samples(99)[:100], samples(0)[100:]], RATE)  # another beginning
    assert fingerprint(music_library.index()) == fingerprint(before)
    soundfile.write(root / "a.wav", samples(99), RATE)
    assert fingerprint(music_library.index()) != fingerprint(before)


def test_unchanged_files_are_not_read_again(root, monkeypatch, tmp_path):
    before = music_library.index()
    monkeypatch.setattr(library_audio, "read_middle", None)
    assert music_library.index().equals(before)
    (cache,) = (tmp_path / "cache" / "hashes").glob("music_library-*.jsonl")
    cache.write_bytes(cache.read_bytes()[:-30])  # damaged: all are read again
    monkeypatch.undo()
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_DATA", str(tmp_path / "data"))
    assert set(music_library.index()["n_samples"]) == {3 * RATE}  # of the whole 3 s, now that 40 are taken


def test_same_recording_under_two_names(root):
    """They share a group, and so do all tracks of their artists."""
    (root / "e.wav").write_bytes((root / "a.wav").read_bytes())
    frame = music_library.index()
    assert set(frame.set_index("clip").loc[["a.wav", "b.flac", "e.wav"], "group"]) == {"x"}
    assert "2 tracks hold a recording that another one holds too: a.wav, e.wav." in frame.attrs["notes"]


# Bad input: named and counted, and the rest goes on.


def skipped_and_rest(root, clip, reason):
    frame, report = music_library.index(), music_library.check()
    assert clip not in set(frame["clip"])
    assert len(frame) == 5
    ((_, found),) = frame.attrs["skipped"]
    assert reason in found
    assert not report.ok
    assert "1 of 6 tracks cannot be used and are left out:" in frame.attrs["notes"]
    assert any(reason in note for note in frame.attrs["notes"])
    return frame


def test_row_whose_file_is_missing(root):
    (root / "b.flac").unlink()
    frame = skipped_and_rest(root, "b.flac", "no such file")
    assert frame.attrs["skipped"][0][0] == "line 3 (b.flac)"


def test_genre_that_appears_once(root):
    assert music_library.index().attrs["notes"] == [
        "1 genre has one track only, so on one side of each split it is missing: Folk."
    ]
    assert "Folk" not in "|".join(music_library.index(n_genres=3)["label"])


def test_three_genres(root):
    write_table(root, {"b.flac": "Rock|Soul,Pop,x"})
    skipped_and_rest(root, "b.flac", "has 3 genres (Rock, Soul, Pop); one or two are expected")


def test_empty_genre(root):
    write_table(root, {"b.flac": ",,x"})
    skipped_and_rest(root, "b.flac", "has no genre")


def test_track_that_is_too_short(root):
    soundfile.write(root / "b.flac", samples(1, 1.5), RATE)
    frame = music_library.index()
    assert frame.set_index("clip").loc["b.flac", "n_samples"] == 1.5 * RATE
    assert "1 track is shorter than 2 s and indexed whole, a paper may leave it out: b.flac." in frame.attrs["notes"]
    assert music_library.check().ok
    soundfile.write(root / "b.flac", samples(1, 0.5), RATE)
    skipped_and_rest(root, "b.flac", "lasts 0.50 s, less than one sample of 1 s")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: b"RIFF" + content[4:], "cannot be read as audio"),  # says that it is something else
        (
            lambda content: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + content,
            "cannot be read as audio",
        ),  # a tag longer than the file
        (lambda content: content[:40], "cannot be read as audio"),
        (lambda content: content[: len(content) // 2], "the header says 3.030 s, the file holds 1.463 s"),
    ],
    ids=["header", "tag", "header only", "half"],
)
def test_mp3_with_a_broken_header(root, damage, reason):
    path = root / "sub" / "d.mp3"
    path.write_bytes(damage(path.read_bytes()))
    frame = skipped_and_rest(root, "sub/d.mp3", reason)
    assert frame.attrs["skipped"][0][0] == "sub/d.mp3"


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"])
def test_file_that_is_no_audio(root, content):
    (root / "b.flac").write_bytes(content)
    skipped_and_rest(root, "b.flac", "cannot be read as audio" if content else "is empty (0 bytes)")


def test_file_with_nan(root):
    soundfile.write(root / "a.wav", np.full(3 * RATE, np.nan), RATE, subtype="FLOAT")
    skipped_and_rest(root, "a.wav", "are NaN or infinite")


def test_duplicate_rows(root):
    write_table(root, more="b.flac,Rock,,x\n")
    frame = music_library.index()
    assert len(frame) == 6
    assert "1 line names a file that another line names too." in frame.attrs["notes"]


def test_duplicate_rows_that_disagree(root):
    write_table(root, more="b.flac,Jazz,,x\n")
    skipped_and_rest(root, "b.flac", "is listed 2 times with different genres (line 3: Rock, line 8: Jazz)")


def test_table_in_another_encoding(root):
    soundfile.write(root / "café.wav", samples(7), RATE)
    write_table(root, more="café.wav,Chanson d'été,Rock,Zoë\n")
    text = (root / "library.csv").read_text(encoding="utf-8")
    expected = music_library.index()
    assert expected.set_index("clip").loc["café.wav", "label"] == "Chanson d'été|Rock"
    for encoding in ("utf-8-sig", "cp1252", "utf-16"):
        (root / "library.csv").write_bytes(text.encode(encoding))
        found = music_library.index()
        assert found.equals(expected)
        assert any("read as Windows-1252" in note for note in found.attrs["notes"]) is (encoding == "cp1252")


def test_table_with_another_delimiter(root):
    expected, text = music_library.index(), (root / "library.csv").read_text()
    (root / "library.csv").write_text(text.replace(",", ";"))
    assert music_library.index().equals(expected)


def test_files_that_no_line_names(root):
    soundfile.write(root / "new.wav", samples(8), RATE)
    assert "1 audio file is not in the table and is left out." in music_library.index().attrs["notes"]


def test_no_name_is_found(root):
    """The report names every line, and what may be meant; the index sends to it."""
    write_table(root, dict.fromkeys(LINES, ""), "a.mp3,Rock,,\nmusic/b.flac,Jazz,,\nzz.wav,Pop,,\n")
    report = music_library.check()
    assert report.problems == [
        "extra: line 2 (a.mp3): no such file; is it a.wav? Then write that",
        "extra: line 3 (music/b.flac): no such file; is it b.flac? Then write that",
        "extra: line 4 (zz.wav): no such file",
    ]
    assert "NOT OK" in str(report)
    with pytest.raises(CorpusError, match=r"(?s)3 of 3 tracks.*is it a.wav\?.*Run 'python -m data_prep check"):
        music_library.index(allow_incomplete=True)
    assert main(["check", "music_library"]) == 1


def test_absolute_names(root, tmp_path):
    """In the library they count as those below it do; elsewhere the whole name is the clip's."""
    other = tmp_path / "elsewhere" / "o.wav"
    other.parent.mkdir()
    soundfile.write(other, samples(20), RATE)
    write_table(root, {"a.wav": ""}, f"{root / 'a.wav'},Rock,Pop,x\n{other},Jazz,,q\n")
    frame = music_library.index()
    assert list(frame["clip"]) == sorted([*LINES, other.as_posix()])
    assert frame.set_index("clip").loc["a.wav", "path"] == str(root / "a.wav")


def test_names_by_case_and_accent(root):
    """Each line its own file; a file whose two names stand in two lines counts once."""
    for seed, name in enumerate(("Song.wav", "song.wav", "Zoe\u0301.wav", "Zo\u00e9.wav"), 30):
        soundfile.write(root / name, samples(seed), RATE)
    more = "Song.wav,Rock,,\nsong.wav,Jazz,,\nZoe\u0301.wav,Rock,,\nZo\u00e9.wav,Jazz,,\nA.WAV,Rock,Pop,x\n"
    write_table(root, more=more)
    frame = music_library.index().set_index("clip")
    assert len(frame) == 10
    assert list(frame.loc[["Song.wav", "song.wav", "Zoe\u0301.wav", "Zo\u00e9.wav"], "label"]) == ["Rock", "Jazz"] * 2
    assert "1 line names a file that another line names too." in music_library.check().notes


def test_other_formats(root):
    for name, form in (("g.aiff", {}), ("h.opus", {"format": "OGG", "subtype": "OPUS"}), ("i.au", {}), ("j.caf", {})):
        soundfile.write(root / name, samples(40, rate=48000), 48000 if name == "h.opus" else RATE, **form)
    (root / "k.m4a").write_bytes(b"\0\0\0\x1cftypM4A ")
    (root / "l.txt").write_bytes(b"x")
    write_table(root, more="".join(f"{name},Rock,,\n" for name in ("g.aiff", "h", "i.au", "j.caf", "k.m4a", "l.txt")))
    frame, report = music_library.index(), music_library.check()
    assert {"g.aiff", "h.opus", "i.au", "j.caf"} < set(frame["clip"])
    assert report.problems[0] == (
        "extra: line 12 (k.m4a): .m4a cannot be read; convert it with: ffmpeg -i 'k.m4a' 'k.flac'"
    )
    assert "line 13 (l.txt): is no audio file (.txt); readable are mp3, wav" in report.problems[1]


def test_links(root):
    """A link to the folder itself is no second library, and one that leads nowhere is named."""
    (root / "all").symlink_to(".")
    (root / "gone.wav").symlink_to("nowhere.wav")
    write_table(root, more="gone.wav,Rock,,\nall/a.wav,Rock,Pop,x\n")
    frame, report = music_library.index(), music_library.check()
    assert list(frame["clip"]) == sorted(LINES)
    assert report.problems == ["extra: line 8 (gone.wav): is a link to nowhere.wav, where no file is"]
    assert not any("are not in the table" in note for note in report.notes)


def test_a_table_with_a_quote_too_many(root):
    text = (root / "library.csv").read_text()
    (root / "library.csv").write_text(text.replace("b.flac,Rock", 'b.flac,"Rock'))
    with pytest.raises(CorpusError, match="library.csv, line 3: .* opens a double quote"):
        music_library.check()


def test_a_cache_that_cannot_be_written_costs_no_track(root, monkeypatch, tmp_path, capsys):
    expected = music_library.index()
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "a file"))
    assert music_library.index().equals(expected)
    assert music_library.check().ok
    note = capsys.readouterr().err
    assert note.count("note: ") == 1
    assert f"in the cache folder {tmp_path / 'a file'} nothing can be kept: a file is where a folder should be" in note
    assert "AUDIO_REPRODUCTIONS_CACHE" in note


def test_other_rates_and_channels_are_converted(root):
    soundfile.write(root / "a.wav", samples(0, rate=22050, channels=2), 22050)
    frame = music_library.index()
    assert set(frame["n_samples"]) == {2 * RATE}
    assert "1 file is 22,050 Hz, 2 channels, 16 bit, resampled to 44,100 Hz." in frame.attrs["notes"]


def test_when_most_cannot_be_used(root):
    """A wrong folder or table is more likely then."""
    for name in list(LINES)[:4]:
        (root / name).unlink()
    with pytest.raises(CorpusError, match=r"(?s)4 of 6 tracks.*cannot be used.*no such file.*--allow-incomplete"):
        music_library.index()
    assert list(music_library.index(allow_incomplete=True)["clip"]) == ["e.wav", "f.wav"]
    for name in ("e.wav", "f.wav"):
        (root / name).unlink()
    with pytest.raises(CorpusError, match="6 of 6 tracks"):
        music_library.index(allow_incomplete=True)


def test_command_line(root, tmp_path, capsys):
    (root / "b.flac").write_bytes(b"")
    assert main(["check", "music_library"]) == 1
    assert "unreadable: b.flac: is empty (0 bytes)" in capsys.readouterr().out
    assert main(["index", "music_library", "--protocol", "grouped", "--csv", str(tmp_path / "index.csv")]) == 0
    printed = capsys.readouterr().err
    assert "music_library: 5 clips (train 4, validation 1), fingerprint" in printed
    assert "note: unreadable: b.flac" in printed
    assert main(["fetch", "music_library"]) == 1
    assert (
        "the corpus music_library cannot be fetched: put your own into the folder music_library"
        in capsys.readouterr().err
    )


def test_real_tracks_as_a_library(real_gtzan_subset, monkeypatch, tmp_path):
    """The middle 20 s of tracks of 30 s at 22,050 Hz, against the whole file cut with NumPy; one cannot be read."""
    import librosa

    from shared.audio.signals import load_audio

    monkeypatch.setattr(library_audio, "SECONDS", 20)
    root = tmp_path / "library"
    root.mkdir()
    paths = [*sorted(real_gtzan_subset.glob("*/*.flac"))[::9], real_gtzan_subset / "jazz" / "jazz.00054.wav"]
    for path in paths:
        (root / path.name).symlink_to(path)
    lines = "".join(f"{path.stem};{path.parent.name}\n" for path in paths)
    (root / "tracks.csv").write_text(f"file;genre 1\n{lines}")
    frame = music_library.index(root)
    assert [name for name, _ in frame.attrs["skipped"]] == ["jazz.00054.wav"]
    assert Counter(frame["label"]) == {"classical": 2, "jazz": 1, "rock": 1}
    whole = load_audio(frame["path"].iloc[0], 22050)
    start = (whole.size - 20 * 22050) // 2
    expected = librosa.resample(whole[start : start + 20 * 22050], orig_sr=22050, target_sr=RATE, res_type="soxr_hq")
    assert np.array_equal(next(music_library.signals(frame)), expected)
