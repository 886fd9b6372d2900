"""Files that are read once: what is kept, what is read again, and a cache that is damaged."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from data_prep.common import read_once as module
from data_prep.common.read_once import read_once


@dataclass(frozen=True)
class Text:
    path: Path
    words: str = ""
    long: bool = False
    error: str = ""


@pytest.fixture
def paths(tmp_path):
    files = [tmp_path / f"{number}.txt" for number in range(4)]
    for file in files:
        file.write_text(f"text {file.stem}")
    return files


@pytest.fixture
def reading():
    """A function as `read`, and the names of the files that it was called with."""
    names = []

    def read(path: Path) -> Text:
        names.append(path.name)
        words = path.read_text()
        return Text(path, error="is empty") if not words else Text(path, words, len(words) > 6)

    return read, names


def test_second_time_nothing_is_read(paths, reading):
    read, names = reading
    first = read_once(paths, "demo", read, Text)
    assert first == [Text(path, f"text {path.stem}") for path in paths]
    assert sorted(names) == ["0.txt", "1.txt", "2.txt", "3.txt"]
    names.clear()
    assert read_once(paths[::-1], "demo", read, Text) == first[::-1]
    assert names == []
    assert all(isinstance(found.path, Path) and found.long is False for found in first)


def test_changed_file_is_read_again(paths, reading):
    read, names = reading
    first = read_once(paths, "demo", read, Text)
    names.clear()
    paths[2].write_text("something else")
    second = read_once(paths, "demo", read, Text)
    assert names == ["2.txt"]
    assert second[2] == Text(paths[2], "something else", True)
    assert second[:2] + second[3:] == first[:2] + first[3:]


def test_other_version_is_read_again(paths, reading):
    read, names = reading
    for version in ("1", "2", "2"):
        read_once(paths, "demo", read, Text, version)
    assert len(names) == 8


@pytest.mark.parametrize(
    "damage", [b"", b"path,mtime_ns\n1,2\n", b"\xff\xfe\x00", b"[1]\n", b'["a", 1, 2, {"b": 3}]\n', None]
)
def test_damaged_cache_is_made_again(paths, reading, tmp_path, damage):
    read, names = reading
    first = read_once(paths, "demo", read, Text)
    (cache,) = (tmp_path / "cache" / "hashes").iterdir()
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-9] if damage is None else damage)
    names.clear()
    assert read_once(paths, "demo", read, Text) == first
    assert len(names) == 4
    assert cache.read_bytes() == whole


def test_unreadable_files_are_not_kept(paths, reading):
    read, names = reading
    paths[1].write_text("")
    assert read_once(paths, "demo", read, Text)[1].error
    names.clear()
    assert read_once(paths, "demo", read, Text)[1].error
    assert names == ["1.txt"]


def test_a_reading_that_is_stopped_goes_on(paths, reading, monkeypatch):
    read, names = reading
    keep = module._keep

    def keep_and_stop(cache, known):
        keep(cache, known)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "SAVE_EVERY", 3)
    monkeypatch.setattr(module, "_keep", keep_and_stop)
    with pytest.raises(KeyboardInterrupt):
        read_once(paths, "demo", read, Text)
    monkeypatch.setattr(module, "_keep", keep)
    names.clear()
    assert [found.path for found in read_once(paths, "demo", read, Text)] == paths
    assert names == ["3.txt"]


def test_a_name_that_is_not_utf8(paths, reading, tmp_path):
    read, names = reading
    odd = paths[0].rename(Path(os.fsdecode(os.fsencode(tmp_path) + b"/z\xe9ro.txt")))
    for _ in range(2):
        assert read_once([odd], "demo", read, Text)[0].path == odd
    assert len(names) == 1


def test_no_files(reading):
    assert read_once([], "demo", reading[0], Text) == []
