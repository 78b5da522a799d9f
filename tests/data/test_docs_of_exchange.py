"""What the documentation says of reconciliation and of exports is so."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from polcoop.cli.export import ExportFormat
from polcoop.export import statements
from polcoop.export.links import FILES
from polcoop.reconcile.batches import MOST_ENTITIES, MOST_LETTERS, MOST_PROPERTIES, MOST_QUERIES
from polcoop.reconcile.matching import MARGIN, MATCH

ROOT = Path(__file__).resolve().parents[2]
RECONCILIATION = (ROOT / "docs" / "reconciliation.md").read_text(encoding="utf-8")
EXPORTS = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_example_has_its_answer(server: str) -> None:
    request, answer = re.search(
        r"```json request\n(.*?)```.*?```csv answer\n(.*?)```", RECONCILIATION, re.S
    ).groups()  # type: ignore[union-attr]
    response = httpx2.post(f"{server}/reconcile", data={"queries": request}, timeout=120, trust_env=False)
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert len(rows) == 4
    for row in rows:
        first = response.json()[row["query"]]["result"][0]
        assert (first["id"], first["name"], json.dumps(first["match"])) == (
            row["id"],
            row["name"],
            row["match"],
        )


def test_the_figures_are_those_of_the_code() -> None:
    said = " ".join(RECONCILIATION.split())
    assert f"At most {MOST_QUERIES} queries a batch, of {MOST_LETTERS} characters" in said
    assert f"{MOST_ENTITIES} entities and {MOST_PROPERTIES} properties in `extend`" in said
    assert f"from {MATCH:g} points and {MARGIN:g} points ahead of the next" in said
    rows = (ROOT / "tests" / "reconcile" / "graded.tsv").read_text(encoding="utf-8").splitlines()[1:]
    counted = [sum(row.endswith(split) for row in rows) for split in ("tuned", "held-out")] + [len(rows)]
    told = [int(n) for n in re.findall(r"^\| [a-z].*? \| (\d+) \|", RECONCILIATION, re.M)]
    assert told == [*counted, *[len(rows)] * 3]


def test_every_format_is_named() -> None:
    assert re.findall(r"^\| `([a-z]+)` \|", EXPORTS, re.M) == [
        form.value for form in sorted(ExportFormat, key=lambda form: EXPORTS.index(f"| `{form.value}` |"))
    ]
    assert set(re.findall(r"^\| `([a-z]+)` \|", EXPORTS, re.M)) == {form.value for form in ExportFormat}


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^polcoop (\w+)", EXPORTS, re.M))))
def test_the_options_exist(polcoop: Run, command: str) -> None:
    offered = re.findall(r"--[a-z-]+", polcoop(command, "--help").stdout)
    for line in re.findall(rf"^polcoop {command}(.*)$", EXPORTS, re.M):
        for option in re.findall(r"--[a-z-]+", line):
            assert option in offered


def test_the_properties_and_files_are_those_of_the_code() -> None:
    used = {
        value
        for name, value in vars(statements).items()
        if name.isupper() and re.fullmatch(r"P\d+", str(value))
    }
    references = {
        statements.STATED_IN,
        statements.TITLE,
        statements.PAGES,
        statements.PUBLISHED,
        statements.REFERENCE_URL,
    }
    # The qualifier for what is hedged is named because no statement has it.
    explained = {"P1480"}
    assert not explained & used
    assert set(re.findall(r"\bP\d+\b", EXPORTS)) == (used - references) | explained
    assert all(f"`{name}`" in EXPORTS for name in FILES)
