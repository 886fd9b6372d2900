"""Speed beside its reference: ``python -m tests.bench [NAME ...]``, or ``make bench ARGS=NAME``.

Every ``bench_<name>.py`` here has ``run() -> list[dict]``. A row has ``what`` (text), ``ours`` and ``reference``
(numbers, the reference may be None), ``ratio`` (number or None) and ``unit`` (of the two numbers). Both numbers of a
row are measured in the same run on the same machine; the ratio is 2 when ours is twice as good.
"""

import argparse
import importlib.util
import os
import platform
import sys
from pathlib import Path

import shared  # noqa: F401  sets how Keras and TensorFlow are read, before a benchmark imports them

HERE = Path(__file__).parent
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up remarks would bury the table


def modules() -> dict[str, Path]:
    """Files of the benchmarks by name, sorted."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


def rows_of(path: Path) -> list[dict]:
    """Import one benchmark file and run it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run()


def machine() -> str:
    """Processor, cores, and whether bfloat16 is in hardware, in words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    info = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = info.get("model name") or platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    bfloat16 = sorted(flag for flag in info.get("flags", "").split() if flag in ("amx_bf16", "avx512_bf16"))
    return f"{name}, {cores} cores, bfloat16 {'by ' + ', '.join(bfloat16) if bfloat16 else 'not found in hardware'}"


def number(value: float | None) -> str:
    """Three significant digits, never with an exponent, or a dash."""
    if value is None:
        return "–"
    digits = max(0, 2 - (len(str(int(abs(value)))) - 1))
    return f"{value:,.{digits}f}" if abs(value) >= 1 else f"{value:.3g}"


def table(rows: list[dict]) -> str:
    """Markdown table of the rows."""
    lines = ["| what | ours | reference | unit | ratio |", "| --- | ---: | ---: | --- | ---: |"]
    for row in rows:
        cells = [number(row["ours"]), number(row["reference"]), row["unit"], number(row["ratio"])]
        lines.append(f"| {' | '.join([row['what'], *cells])} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks, or all; the table goes to stdout and progress to stderr."""
    known = modules()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure speed beside its reference.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all by default; known: {', '.join(known) or 'none'}")
    names = parser.parse_args(arguments).names or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(known) or 'none'}")
    rows = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += rows_of(known[name])
    print(f"Measured on {machine()}, Python {platform.python_version()}.\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
