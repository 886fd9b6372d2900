"""librosa's functions are compiled by one process at a time, and the place that says so is the only one."""

import re
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.base import librosa_import
from shared.base.librosa_import import COMPILED, import_librosa
from shared.base.locks import file_lock, is_held

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = Path(find_spec("librosa").origin).parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for what Numba compiles; nothing is compiled into it, since all is imported already."""
    for name in COMPILED:
        import_module(name)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    import_librosa.cache_clear()
    yield tmp_path / "numba"
    import_librosa.cache_clear()


@pytest.fixture
def imported(monkeypatch):
    """Names of what is imported, in order."""
    names = []
    importing = librosa_import.import_module
    monkeypatch.setattr(librosa_import, "import_module", lambda name: (names.append(name), importing(name))[1])
    return names


def test_all_that_numba_compiles_at_import_is_named():
    compiled = [
        ".".join(("librosa", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*@(numba\.)?(guvectorize|vectorize)\(\s*\[", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(compiled) == sorted(COMPILED)


def test_the_first_process_compiles_all_and_later_ones_only_what_they_use(folder, imported):
    import_librosa()
    assert imported == ["librosa", *COMPILED]
    assert [path.suffix for path in folder.iterdir()] == [".nbi"]
    imported.clear()
    import_librosa.cache_clear()
    import_librosa()
    assert imported == ["librosa"]


def test_another_process_that_compiles_is_waited_for(folder, imported):
    lock = folder / "audio-reproductions.lock"
    with file_lock(lock, "compiling"):
        thread = threading.Thread(target=import_librosa)
        thread.start()
        time.sleep(0.2)
        assert thread.is_alive()
        assert imported == ["librosa"]
    thread.join(60)
    assert imported == ["librosa", *COMPILED]
    assert not is_held(lock)


def test_where_nothing_can_be_written_librosa_is_imported_all_the_same(monkeypatch, imported):
    monkeypatch.setattr(librosa_import, "_is_writable", lambda folder: False)
    import_librosa.cache_clear()
    assert import_librosa().__name__ == "librosa"
    assert imported == ["librosa"]
    import_librosa.cache_clear()


def test_where_no_lock_can_be_written_librosa_is_imported_all_the_same(folder, imported):
    (folder / "audio-reproductions.lock").mkdir(parents=True)
    assert import_librosa().__name__ == "librosa"
    assert imported == ["librosa"]


def test_another_librosa_numba_or_processor_is_compiled_anew(monkeypatch):
    import librosa
    import numba
    from llvmlite import binding

    names = {librosa_import._what_is_compiled(librosa)}
    for module, name, value in (
        (librosa, "__version__", "0.12"),
        (numba, "__version__", "1.0"),
        (binding, "get_host_cpu_name", lambda: "another"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            names.add(librosa_import._what_is_compiled(librosa))
    assert len(names) == 4


def test_nothing_else_imports_librosa():
    folders = ("data_prep", "reproductions", "shared")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    places = [
        str(path.relative_to(ROOT))
        for path in paths
        if re.search(r"^\s*(import|from) librosa\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(paths) > 100
    assert places == []
