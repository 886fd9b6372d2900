"""Where numbers come from: the commit of the code, the machine, the versions of packages."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

VERSIONED_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "librosa", "scikit-learn")


@functools.cache
def commit_id() -> str:
    """The commit of the code that runs; ``unknown`` outside git.

    A ``+`` stands behind it where files of the code were changed since, or lie there and are in no commit.
    """
    root = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        code = ("shared", "data_prep", "reproductions")
        return git("rev-parse", "--short=10", "HEAD") + (
            "+" if git("status", "--porcelain", "-unormal", "--", *code) else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> str:
    """The processor in words, for example ``AMD EPYC (2 cores, avx512_bf16)``."""
    name, flags = platform.processor() or platform.machine(), set()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() == "flags":
                flags = set(value.split())
    best = next((flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if flag in flags), "")
    return f"{name} ({os.cpu_count()} cores{', ' + best if best else ''})"


def versions() -> dict[str, str]:
    """Versions of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in VERSIONED_PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
