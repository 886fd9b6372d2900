"""Names of unfinished files and folders say who writes them, so that what a killed process left can be removed.

A name holds the machine, the process and when it began. Another machine's, as on a shared disk, is never removed, as
nobody here can know whether its process lives.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import shutil
import socket
from pathlib import Path

UNFINISHED = re.compile(r"\.(?:.+\.)?(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-(?P<began>\d+)-[0-9a-f]{8}\.tmp(?:\..+)?")


def unfinished(path: Path, keep_suffix: bool = False) -> Path:
    """A hidden name beside `path`, another at each call, under which this process makes it before it is renamed.

    It ends in ``.tmp``, so that no search for ``*.png`` finds a leftover, or, with `keep_suffix`, as `path` does.
    """
    pid = os.getpid()
    mark = f"{_machine()}-{pid}-{_began(pid) or 0}-{os.urandom(4).hex()}.tmp"
    return path.with_name(f".{mark}.{path.name}" if keep_suffix else f".{path.name}.{mark}")


def sweep(*roots: Path) -> list[Path]:
    """Remove everything unfinished below some folders that no living process of this machine is making.

    What cannot be removed stays, and links are not followed.

    Returns
    -------
    list of Path
        What was removed.
    """
    removed = []
    for root in roots:
        for folder, folders, files in os.walk(root):
            for name in filter(_is_abandoned, [*files, *folders]):
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                        folders.remove(name)
                    else:
                        path.unlink()
                    removed.append(path)
    return removed


def _is_abandoned(name: str) -> bool:
    owner = UNFINISHED.fullmatch(name)
    if owner is None or owner["machine"] != _machine():
        return False
    began = _began(int(owner["pid"]))
    return began is None or began not in (int(owner["began"]), 0)


@functools.cache
def _machine() -> str:
    """Eight digits for this machine; containers, whose processes are numbered for themselves, count as machines."""
    known = [socket.gethostname()]
    with contextlib.suppress(OSError):
        known.append(os.readlink("/proc/self/ns/pid"))
    with contextlib.suppress(OSError):
        known.append(Path("/etc/machine-id").read_text())
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:8]


def _began(pid: int) -> int | None:
    """When a process began, in the system's clock ticks; 0 where that is not known, None where none is alive."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if status[0] in (b"Z", b"X") else int(status[19])  # a zombie writes nothing
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    try:  # macOS
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:  # another user's
        pass
    return 0
