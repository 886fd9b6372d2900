"""Keys, whole-or-nothing writes, locks that outlive no process, and arrays that are checked before they are trusted."""

import errno
import json
import os
import random
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from shared.base.arrays import cached_array
from shared.base.files import (
    atomic_write,
    cache_key,
    cache_root,
    keep,
    keep_text,
    kept_text,
)
from shared.base.locks import LockedError, file_lock, remove_abandoned
from shared.base.write_errors import DiskFullError, UnwritableError, number_of

PROJECT = Path(__file__).resolve().parents[3]


def test_the_cache_is_where_the_variable_says(monkeypatch):
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", "/scratch/features")
    assert cache_root() == Path("/scratch/features")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", "")
    assert cache_root() == PROJECT / "cache"
    monkeypatch.delenv("AUDIO_REPRODUCTIONS_CACHE")
    assert cache_root() == PROJECT / "cache"


def test_a_key_knows_neither_order_nor_tuple_from_list_but_every_value():
    assert cache_key(a=1, size=(128, 1292)) == cache_key(size=[128, 1292], a=1)
    others = [cache_key(a=1), cache_key(a=2), cache_key(a=1.5), cache_key(a="1"), cache_key(a=None), cache_key(b=1)]
    assert len(set(others)) == len(others)
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in others)


def test_a_key_stays_the_same_between_versions_and_processes():
    # echo -n '{"corpus":"vntm","hop_length":512}' | sha256sum
    assert cache_key(hop_length=512, corpus="vntm") == "5ee1f8eaf9c81c9d"


def test_a_key_refuses_what_has_no_stable_text():
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        cache_key(a={1, 2})
    with pytest.raises(ValueError, match="not JSON compliant"):
        cache_key(a=float("nan"))


def test_a_write_replaces_the_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "folder" / "a.bin"
    assert atomic_write(path, lambda file: file.write(b"old")) == path
    atomic_write(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["a.bin"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        atomic_write(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(("keep_suffix", "suffix"), [(False, ".tmp"), (True, ".weights.h5")])
def test_the_temporary_name_is_hidden_and_may_keep_the_suffix(tmp_path, keep_suffix, suffix):
    seen = []

    def write_by_name(file):
        seen.append(Path(file.name))
        Path(file.name).write_bytes(b"by name")

    path = atomic_write(tmp_path / "best.weights.h5", write_by_name, keep_suffix=keep_suffix)
    assert path.read_bytes() == b"by name"
    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith(".")
    assert seen[0].name.endswith(suffix)


def test_a_full_disk_names_the_path_the_size_and_the_way_out(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    path = tmp_path / "images.npy"
    message = r"images\.npy needs 1,234,567 bytes\. Free space there, or set AUDIO_REPRODUCTIONS_CACHE"
    with pytest.raises(DiskFullError, match=message) as caught:
        atomic_write(path, lambda file: file.write(b"x"), n_bytes=1_234_567)
    assert caught.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "quota"), OSError("4096 requested and 100 written")],
)
def test_a_disk_that_fills_up_while_writing_says_how_far_it_came(tmp_path, error):
    def fill(file):
        file.write(b"x" * 5000)
        file.flush()
        raise error

    with pytest.raises(DiskFullError, match=r"more than the 5,000 bytes"):
        atomic_write(tmp_path / "a", fill)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_numpys_own_error_on_a_full_device_is_recognised():
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as file:  # noqa: PT011
        np.save(file, np.zeros(100_000))
    assert number_of(caught.value) == errno.ENOSPC


def test_another_error_of_the_disk_stays_itself(tmp_path):
    def fail(file):
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error") as caught:
        atomic_write(tmp_path / "a", fail)
    assert not isinstance(caught.value, DiskFullError)


PLACES = {
    "AUDIO_REPRODUCTIONS_CACHE": "the cache",
    "AUDIO_REPRODUCTIONS_DATA": "the folder of corpora",
    "AUDIO_REPRODUCTIONS_RESULTS": "the results folder",
}


@pytest.mark.parametrize("variable", PLACES)
def test_a_full_disk_names_the_variable_of_the_place(tmp_path, monkeypatch, variable):
    def fill(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFullError, match="Free space there and run the same command again"):
        atomic_write(tmp_path / "a", fill)
    monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(DiskFullError, match=f"Free space there, or set {variable} to a folder on another disk, and"):
        atomic_write(tmp_path / "a", fill)


LIMITED = """
import resource, sys
from pathlib import Path
import h5py, numpy as np
from shared.base.files import atomic_write
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
def by_name(file):
    with h5py.File(file.name, "w") as opened:
        opened["x"] = np.zeros(100_000)
for writer in (lambda file: file.write(bytes(100_000)), by_name):
    try:
        atomic_write(sys.argv[1], writer)
    except OSError as error:
        print(type(error).__name__, error)
print(list(Path(sys.argv[1]).parent.iterdir()))
"""


def test_a_limit_of_the_system_on_sizes_is_named(tmp_path):
    """SIGXFSZ would end the program; Python ignores it, so the write fails: with ``ulimit -f``, also in HDF5."""
    path = tmp_path / "a"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    words = (
        f"TooLargeError the system allows this program no file of more than 50,000 bytes, and {path} is larger. Raise "
        "the limit (ulimit -f unlimited) and run the same command again; nothing half-written was left\n"
    )
    assert done.stdout == words * 2 + "[]\n"


def test_an_error_of_a_file_that_is_read_is_not_one_of_writing(tmp_path):
    for error in (PermissionError(errno.EACCES, "denied", "/somewhere/else"), OSError(errno.EIO, "Input/output error")):
        with pytest.raises(type(error)) as caught:
            atomic_write(tmp_path / "a", lambda file, error=error: (_ for _ in ()).throw(error))
        assert caught.value is error


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(UnwritableError, match="/a cannot be written: a folder is where a file should be. Move it"):
        atomic_write(tmp_path / "a", lambda file: file.write(b"x"))
    with pytest.raises(UnwritableError, match="a folder is where"), file_lock(tmp_path / "a", "the run"):
        pass
    (tmp_path / "kept").write_text("not to be overwritten")
    (tmp_path / "lock").symlink_to(tmp_path / "kept")
    with (
        pytest.raises(UnwritableError, match="/lock cannot be written: a link is where a file should be"),
        file_lock(tmp_path / "lock", "the run"),
    ):
        pass
    assert (tmp_path / "kept").read_text() == "not to be overwritten"


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_cache_that_may_not_be_written_names_the_folder_and_the_variable(tmp_path, monkeypatch, error):
    def refuse(descriptor):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refuse)
    why = os.strerror(error).lower()
    with pytest.raises(UnwritableError, match=f"^{tmp_path}/elsewhere cannot be written to: {why}. Make it writable"):
        atomic_write(tmp_path / "elsewhere" / "a", lambda file: file.write(b"x"))
    for variable, called in PLACES.items():
        monkeypatch.setenv(variable, str(tmp_path / variable))
        words = (
            f"^{called} cannot be written to: {tmp_path}/{variable}/sub: {why}. Set {variable} to a folder that can,"
        )
        with pytest.raises(UnwritableError, match=words) as caught:
            atomic_write(tmp_path / variable / "sub" / "a", lambda file: file.write(b"x"))
        assert caught.value.errno == error
        assert os.listdir(tmp_path / variable / "sub") == []


def test_a_cache_that_is_a_file_says_so(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    for path in (tmp_path / "cache" / "a", tmp_path / "cache" / "sub" / "a.npy"):
        with pytest.raises(
            UnwritableError, match="cannot be written to: .*: a file is where a folder should be. Set AUDIO"
        ):
            cached_array(path, (1, 1), np.uint8, lambda: np.zeros((1, 1), np.uint8))
        with pytest.raises(UnwritableError, match="cannot be written to"), file_lock(path, "the run"):
            pass


def test_what_saves_time_only_is_kept_or_not_and_said_once(tmp_path, monkeypatch, capsys):
    assert keep(tmp_path / "a", lambda file: file.write(b"x"))
    assert (tmp_path / "a").read_bytes() == b"x"
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "a"))
    assert not keep(tmp_path / "a" / "b", lambda file: file.write(b"x"))
    assert not keep(tmp_path / "a" / "c", lambda file: file.write(b"x"))
    assert capsys.readouterr().err == (
        f"note: in the cache folder {tmp_path / 'a'} nothing can be kept: a file is where a folder should be. "
        "Results are the same, only computed anew each time; set AUDIO_REPRODUCTIONS_CACHE to another folder to keep "
        "them\n"
    )
    with pytest.raises(RuntimeError, match="stop"):  # of what is written, not of where
        keep(tmp_path / "d", lambda file: (_ for _ in ()).throw(RuntimeError("stop")))


@pytest.mark.parametrize("text", ["", "a,1\n", "é\udce9,1\n# crc32 00000000\n"])
def test_a_kept_text_is_read_back_or_not_at_all(tmp_path, text):
    path = tmp_path / "a.csv"
    assert kept_text(path) is None
    assert keep_text(path, text)
    assert kept_text(path) == text
    whole = path.read_bytes()
    for offset in range(len(whole)):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        assert kept_text(path) is None
        path.write_bytes(whole[:offset])
        assert kept_text(path) is None


def test_a_kept_text_does_not_wait_for_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("it waited"))
    assert keep_text(tmp_path / "a.csv", "a,1\n")
    with pytest.raises(pytest.fail.Exception):
        atomic_write(tmp_path / "b.csv", lambda file: file.write(b"b"))


HOLD = """
import sys, time
from shared.base.locks import file_lock
with file_lock(sys.argv[1], "the run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds tmp_path/lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_told_who_holds_the_lock(tmp_path, holder):
    message = rf"the run lam is already under way: process {holder.pid} on \S+, started 20\S+ \S+, holds .*lock"
    with pytest.raises(LockedError, match=message), file_lock(tmp_path / "lock", "the run lam"):
        pass
    assert holder.poll() is None


def test_a_killed_process_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert (tmp_path / "lock").exists()
    with file_lock(tmp_path / "lock", "the run"):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "lock").exists()


def test_a_lock_that_a_killed_process_left_is_removed_and_one_that_is_held_is_not(tmp_path, holder):
    (tmp_path / "left.lock").touch()
    for lock in (tmp_path / "left.lock", tmp_path / "lock", tmp_path / "none.lock"):
        remove_abandoned(lock)
    assert not (tmp_path / "left.lock").exists()
    assert (tmp_path / "lock").exists()


def test_waiting_gets_the_lock_once_it_is_free(tmp_path, holder):
    threading.Timer(0.2, holder.kill).start()
    with file_lock(tmp_path / "lock", "the run", wait=True):
        assert holder.wait() != 0
        with pytest.raises(LockedError, match=f"process {os.getpid()}"), file_lock(tmp_path / "lock", "the run"):
            pass


def test_many_threads_that_wait_take_turns(tmp_path):
    counter = {"inside": 0, "most": 0, "total": 0}

    def work():
        for _ in range(20):
            with file_lock(tmp_path / "lock", "counting", wait=True):
                counter["inside"] += 1
                counter["most"] = max(counter["most"], counter["inside"])
                counter["total"] += 1
                counter["inside"] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter == {"inside": 0, "most": 1, "total": 80}
    assert not (tmp_path / "lock").exists()


def test_an_error_inside_gives_the_lock_back(tmp_path):
    with pytest.raises(KeyError), file_lock(tmp_path / "lock", "the run"):
        raise KeyError("x")
    with file_lock(tmp_path / "lock", "the run"):
        pass


def test_a_lock_whose_holder_has_not_signed_yet_still_says_no(tmp_path):
    with file_lock(tmp_path / "lock", "the run"):
        (tmp_path / "lock").write_bytes(b"")
        with pytest.raises(LockedError, match="under way: another process holds"), file_lock(tmp_path / "lock", "it"):
            pass


ROWS = np.random.default_rng(0).integers(0, 256, (5, 60, 70, 3), np.uint8)


class Rows:
    """The rows of an array, and how often they were asked for."""

    def __init__(self, array):
        self.array, self.asked = array, 0

    def __call__(self):
        self.asked += 1
        yield from self.array


def test_an_array_is_computed_once_and_mapped(tmp_path):
    rows = Rows(ROWS)
    for _ in range(2):
        array = cached_array(tmp_path / "a.npy", ROWS.shape, np.uint8, rows)
        np.testing.assert_array_equal(array, ROWS)
    assert rows.asked == 1
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), ROWS)
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "a.npy.json"]


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _lengthen(path):
    path.write_bytes(path.read_bytes() + b"x")


def _flip(offset):
    def flip(path):
        content = bytearray(path.read_bytes())
        content[offset] ^= 255
        path.write_bytes(content)

    return flip


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _lengthen,
        _flip(9),
        _flip(40),
        _flip(30_000),
        _flip(-1),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.with_name("a.npy.json").unlink(),
        lambda path: path.with_name("a.npy.json").write_text("{"),
    ],
    ids=["cut", "longer", "header length", "header", "middle", "end", "emptied", "gone", "no record", "half a record"],
)
def test_a_damaged_array_is_computed_again(tmp_path, damage):
    rows = Rows(ROWS)
    cached_array(tmp_path / "a.npy", ROWS.shape, np.uint8, rows)
    damage(tmp_path / "a.npy")
    np.testing.assert_array_equal(cached_array(tmp_path / "a.npy", ROWS.shape, np.uint8, rows), ROWS)
    assert rows.asked == 2


def test_one_damaged_byte_or_block_is_found_wherever_it_is(tmp_path):
    """Eighty places of a file, as if a disk had lost a bit or a block there; the checksum is zlib's of all of it."""
    path, rows = tmp_path / "a.npy", Rows(ROWS)
    cached_array(path, ROWS.shape, np.uint8, rows)
    whole = path.read_bytes()
    record = json.loads((tmp_path / "a.npy.json").read_text())
    assert (record["n_bytes"], record["crc32"]) == (len(whole), zlib.crc32(whole))
    draw = random.Random(0)
    for turn in range(80):
        offset, length = draw.randrange(len(whole)), 1 if turn % 2 else 4096
        block = whole[offset : offset + length]
        path.write_bytes(whole[:offset] + bytes(byte ^ 16 for byte in block) + whole[offset + length :])
        np.testing.assert_array_equal(cached_array(path, ROWS.shape, np.uint8, rows), ROWS)
        assert rows.asked == turn + 2
        assert path.read_bytes() == whole


def test_another_shape_or_type_is_computed_again(tmp_path):
    cached_array(tmp_path / "a.npy", ROWS.shape, np.uint8, Rows(ROWS))
    fewer = cached_array(tmp_path / "a.npy", ROWS[:3].shape, np.uint8, Rows(ROWS[:3]))
    np.testing.assert_array_equal(fewer, ROWS[:3])
    signed = cached_array(tmp_path / "a.npy", ROWS[:3].shape, np.int8, Rows(ROWS[:3].view(np.int8)))
    assert signed.dtype == np.int8


def test_rows_that_do_not_fit_are_an_error_and_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="got 5 rows, not 6"):
        cached_array(tmp_path / "a.npy", (6, *ROWS.shape[1:]), np.uint8, Rows(ROWS))
    with pytest.raises(ValueError, match=r"row 1 of .* is uint8 \(60, 70, 3\), expected float32 \(60, 70, 3\)"):
        cached_array(tmp_path / "a.npy", ROWS.shape, np.float32, Rows(ROWS))
    assert os.listdir(tmp_path) == []


def test_a_full_disk_names_the_arrays_size(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match=r"a\.npy needs 63,000 bytes"):
        cached_array(tmp_path / "a.npy", ROWS.shape, np.uint8, Rows(ROWS))
    assert os.listdir(tmp_path) == []
