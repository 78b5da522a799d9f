"""The benchmark of the endpoint runs, against this server alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "benchmarks" / "endpoint.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def test_it_measures_this_server(root: Path) -> None:
    if shutil.which("wrk") is None:
        pytest.skip("wrk is not installed (Debian: apt install wrk)")
    done = run(root, "--servers", "polcoop", "--runs", "1", "--seconds", "1", "--only", "^light")
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line
    ]
    rates = {row[0]: row[1].replace(",", "") for row in rows if row[0].startswith("light")}
    assert set(rates) == {
        "light, each new",
        "light, repeated",
        "light, each new, beside 4 runaway queries",
    }
    # Beside runaway queries a busy machine may answer none within the second.
    assert float(rates["light, each new"]) > 0
    assert float(rates["light, repeated"]) > 0
    assert "were errors" not in done.stderr


def test_it_says_what_it_can_do(root: Path) -> None:
    told = run(root, "--help").stdout
    assert all(option in told for option in ("--runs", "--seconds", "--servers", "--only"))
