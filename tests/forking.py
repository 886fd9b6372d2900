"""A Python that has imported what takes long, and is forked for each program that a test runs in its own process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# It answers a line by a line: a program by the process's number, a number by the exit status once there is one.
SERVER = """
import importlib, json, os, sys, traceback
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
for line in sys.stdin:
    asked = json.loads(line)
    if "pid" in asked:
        pid, status = os.waitpid(asked["pid"], 0 if asked["wait"] else os.WNOHANG)
        print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
    elif pid := os.fork():
        os.setpgid(pid, pid)  # a group of its own, also before the program begins
        print(pid, flush=True)
    else:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if asked["out"] else 2, 1)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        try:
            exec(asked["program"], {"__name__": "__main__", **asked["names"]})
        except BaseException as error:
            if not isinstance(error, SystemExit) or error.code:
                traceback.print_exc()
                os._exit(1)
        sys.stdout.flush()
        os._exit(0)
"""


class Forked:
    """A process that runs a program: what `subprocess.Popen` offers of it, as far as it is used."""

    stdin = stdout = stderr = None

    def __init__(self, ask, **asked):
        self.ask, self.returncode = ask, None
        self.pid = ask(**asked)

    def poll(self) -> int | None:
        return self._status(wait=False)

    def wait(self) -> int:
        return self._status(wait=True)

    def _status(self, wait: bool) -> int | None:
        if self.returncode is None:
            self.returncode = self.ask(pid=self.pid, wait=wait)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def forking(modules: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator:
    """A function that runs a program, given as its text, in a fork of a Python that has imported some modules.

    The function takes ``folder``, ``environment`` (the whole of it; as here if None), ``names`` (what the program finds
    as its global names, of what JSON knows) and ``out`` (a file for what it prints), and gives a `Forked`.
    """
    options = {"cwd": ROOT, "env": {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})}, "text": True}
    command = [sys.executable, "-c", SERVER, json.dumps([*modules])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options) as server:

        def ask(**asked):
            print(json.dumps(asked), file=server.stdin, flush=True)
            return json.loads(server.stdout.readline())

        def start(program, folder=ROOT, environment=None, names=None, out=None):
            environment = dict(os.environ if environment is None else environment)
            places = {"folder": str(folder), "out": out and str(out)}
            return Forked(ask, program=program, environment=environment, names=names or {}, **places)

        try:
            yield start
        finally:
            server.kill()  # TensorFlow takes its time to end
