"""Archives as people have them: which names are taken, and what is said of those that cannot be unpacked."""

import bz2
import gzip
import io
import lzma
import shutil
import struct
import tarfile
import zipfile

import numpy as np
import pytest

from data_prep import CorpusError
from data_prep.common.download import file_names, from_path

CONTENT = b"path,label\na,1\n"


def unpacked(archive, tmp_path, wanted=lambda names: names):
    """Names and contents of what comes out of an archive."""
    found = {}

    def build(folder, partial):
        found.update({name: (folder / name).read_bytes() for name in file_names(folder)})

    from_path(archive, tmp_path / "partial", wanted, build)
    return found


def make_zip(path, names, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, method  # as it is: the constructor would turn backslashes
            archive.writestr(info, CONTENT if not name.endswith(("/", "\\")) else b"")
    return path


def test_names_with_backslashes(tmp_path):
    """As .NET on Windows wrote them for years; nothing leaves the folder."""
    names = ["Data\\", "Data\\a.csv", "Data\\sub\\b.csv", "..\\..\\c.csv", "/d.csv", "C:\\e.csv", "f.csv"]
    found = unpacked(make_zip(tmp_path / "a.zip", names), tmp_path)
    assert found == dict.fromkeys(["Data/a.csv", "Data/sub/b.csv", "C:/e.csv", "f.csv"], CONTENT)
    assert not (tmp_path.parent / "c.csv").exists()


def test_names_with_backslashes_in_a_tar_file(tmp_path):
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as archive:
        for name in ("Data\\a.csv", "./b.csv", "../c.csv"):
            member = tarfile.TarInfo(name)
            member.size = len(CONTENT)
            archive.addfile(member, io.BytesIO(CONTENT))
    assert unpacked(tmp_path / "a.tar.xz", tmp_path) == dict.fromkeys(["Data/a.csv", "b.csv"], CONTENT)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_that_can_be_read(tmp_path, method):
    assert unpacked(make_zip(tmp_path / "a.zip", ["a.csv"], method), tmp_path) == {"a.csv": CONTENT}


def marked(path, offset, code, value):
    """A zip file with a field of its first file's two headers overwritten."""
    content = bytearray(path.read_bytes())
    for start, place in ((b"PK\3\4", offset), (b"PK\1\2", offset + 2)):
        struct.pack_into(code, content, content.find(start) + place, value)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (
            8,
            9,
            "a.zip: Data/a.csv is packed with deflate64, as Windows packs large files, which cannot be read here. Unp",
        ),
        (
            8,
            98,
            "Data/a.csv is packed with ppmd, which cannot be read here. Unpack it with another program and name the",
        ),
        (8, 1234, "Data/a.csv is packed with method 1234"),
        (6, 1, "a.zip: Data/a.csv is encrypted. Unpack it with another program and name the folder with --from"),
    ],
)
def test_packings_that_cannot_be_read(tmp_path, offset, value, words):
    archive = marked(make_zip(tmp_path / "a.zip", ["Data\\a.csv", "b.csv"]), offset, "<H", value)
    with pytest.raises(CorpusError, match=words):
        unpacked(archive, tmp_path)
    assert unpacked(archive, tmp_path, lambda names: ["b.csv"]) == {"b.csv": CONTENT}  # the others can be had


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4", r"is a 7z archive, which cannot be unpacked here; unpack it \(7z x\) and name the"),
        (b"Rar!\x1a\7\1\0", r"is a rar archive, which cannot be unpacked here; unpack it \(unrar x\) and name the"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "is a web page, no archive; open its address in a browser"),
        (gzip.compress(CONTENT, mtime=0), r"is one file packed with gzip, no tar file; unpack it \(gunzip\)"),
        (bz2.compress(CONTENT), "is one file packed with bzip2"),
        (lzma.compress(CONTENT), "is one file packed with xz"),
        (b"\x28\xb5\x2f\xfd....", "is packed with zstd"),
        (b"PK\3\4....", "is not a whole zip file; fetch it again"),
        (CONTENT, "is neither a zip nor a tar file: it begins with b'path,label.na'"),
    ],
)
def test_what_is_no_zip_or_tar_file(tmp_path, content, words):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(CorpusError, match=f"a.zip {words}"):
        unpacked(tmp_path / "a.zip", tmp_path)


def test_a_message_names_the_archive_and_not_a_folder_that_is_gone(tmp_path):
    def refuse(folder, partial):
        raise CorpusError(f"{folder} has no file x.csv")

    archive = make_zip(tmp_path / "a.zip", ["a.csv"])
    with pytest.raises(CorpusError, match=r"a\.zip has no file x\.csv$"):
        from_path(archive, tmp_path / "partial", lambda names: names, refuse)


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_tar_file_that_is_damaged_in_its_middle_is_not_taken_for_a_shorter_one(tmp_path, suffix):
    """tarfile ends at a damaged header without a word, and reads no packed file to its checksum."""
    archive, content = tmp_path / f"a.{suffix}", np.random.default_rng(0).bytes(2000)
    with tarfile.open(archive, f"w:{suffix.partition('.')[2]}") as opened:
        for name in ("a.wav", "b.wav", "c.wav"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    assert set(unpacked(archive, tmp_path)) == {"a.wav", "b.wav", "c.wav"}
    whole = archive.read_bytes()
    places = [512 + 2048 + 20] if suffix == "tar" else range(len(whole) // 3, len(whole) - 12, 500)
    for place in places:
        shutil.rmtree(tmp_path / "partial", ignore_errors=True)
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CorpusError, match=r"a\.tar.* is (not a whole tar file .*; fetch it again|one file packed)"):
            unpacked(archive, tmp_path)
