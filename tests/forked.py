"""The real command in a process of its own, forked from one that has the libraries loaded: loading them takes
longer than most commands run in the tests do."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["pytest", "polcoop.cli", "polcoop.quality.judging", "polcoop.quality.former", "polcoop.quality.writers"]
)
_STREAMS = ("in", "out", "err")


def run(
    arguments: list[str], cwd: Path, environment: Mapping[str, str], given: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    """What ``subprocess.run(["polcoop", *arguments])`` returns and raises, with both streams captured."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory, name) for name in _STREAMS]
        for file in files:
            file.touch()
        files[0].write_text(given, encoding="utf-8")
        process = _CONTEXT.Process(target=_command, args=(arguments, cwd, dict(environment), files))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout)
        out, err = (file.read_text(encoding="utf-8") for file in files[1:])
        return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _command(arguments: list[str], cwd: Path, environment: dict[str, str], files: list[Path]) -> None:
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDWR), number)
    # The library that forked has closed standard input.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["polcoop", *arguments]
    from polcoop.cli import main

    main()
