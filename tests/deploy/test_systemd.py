"""The unit of the documentation is one that systemd takes, and locks the service in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polcoop.settings import Settings


@pytest.fixture
def analyze() -> str:
    """The systemd-analyze command."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed (make system installs it where it can)")
    return found


@pytest.fixture
def unit(root: Path, tmp_path: Path) -> Path:
    """The unit, with a command that exists on this machine."""
    text = (root / "deploy" / "polcoop.service").read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=(\S+) serve$", text, re.M)
    assert command
    copy = tmp_path / "polcoop.service"
    copy.write_text(text.replace(command[1], sys.executable), encoding="utf-8")
    return copy


def test_systemd_takes_it(analyze: str, unit: Path) -> None:
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("Type=exec", "Type=exex"), encoding="utf-8")
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "exex" in done.stderr


def test_it_is_locked_in(analyze: str, unit: Path) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", "--threshold=20", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # Exposure from 0 to 100; an unconfined service has 96.
    assert done.returncode == 0, done.stdout[-300:]


def test_it_sets_only_settings_that_exist(unit: Path) -> None:
    names = re.findall(r"^Environment=POLCOOP_(\w+)=", unit.read_text(), re.M)
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def test_what_it_writes_is_where_it_may_write(unit: Path) -> None:
    text = unit.read_text()
    folder = re.search(r"^CacheDirectory=(\S+)$", text, re.M)
    cache = re.search(r"^Environment=POLCOOP_FEDERATION_CACHE=(\S+)$", text, re.M)
    assert folder
    assert cache
    assert Path(cache[1]).parent == Path("/var/cache") / folder[1]
