"""CSV on the Web, read back by a library for it, and compared with the data."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from csvw import TableGroup

from polcoop.export.compiled import Compiled
from polcoop.export.csvw import METADATA
from polcoop.export.tables import TABLES, Column
from polcoop.iris import PREFIXES

Rows = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(
    dataset: Path,
    polcoop: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The exported folder."""
    out = tmp_path_factory.mktemp("csvw") / "tables"
    done = polcoop("export", "csvw", "--dataset", dataset.parent, "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


@pytest.fixture(scope="module")
def group(folder: Path) -> TableGroup:
    """The tables by their metadata."""
    return TableGroup.from_file(folder / METADATA)


@pytest.fixture(scope="module")
def rows(group: TableGroup) -> Rows:
    """The rows of each table by id, read strictly: a wrong datatype or a missing column is an error."""
    return {
        name.removesuffix(".csv"): {written(row["id"]): row for row in table.iterdicts(strict=True)}
        for name, table in group.tabledict.items()
    }


def test_the_folder_has_the_tables_and_their_metadata(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {METADATA, *(f"{table.name}.csv" for table in TABLES)}
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    assert metadata["@context"] == "http://www.w3.org/ns/csvw"


def test_columns_and_keys_hold(group: TableGroup) -> None:
    group.check_referential_integrity(strict=True)
    for table in group.tables:
        assert table.check_primary_key()


def test_a_row_for_each_thing_of_the_class(rows: Rows, compiled: Compiled) -> None:
    for table in TABLES:
        things = {s.value for (s,) in compiled.select(f"SELECT ?s {{ ?s a <{table.of}> }}")}  # type: ignore[union-attr]
        assert rows[table.name].keys() == things
        assert things, table.name


def test_every_value_is_there_and_no_other(rows: Rows, compiled: Compiled) -> None:
    compared = 0
    for table in TABLES:
        for column in table.columns:
            found: dict[str, set[str]] = {}
            for s, v in compiled.select(f"SELECT ?s ?v {{ ?s a <{table.of}> ; {column.path} ?v }}"):
                if column.language in {"", getattr(v, "language", None)}:
                    found.setdefault(s.value, set()).add(v.value)  # type: ignore[union-attr]
            for key, row in rows[table.name].items():
                cell = row[column.name]
                values = cell if column.many else [] if cell is None else [cell]
                assert {written(value) for value in values} == {
                    normal(v, column) for v in found.get(key, ())
                }, (
                    key,
                    column,
                )
                compared += len(values)
    assert compared > 10_000


def written(value: object) -> str:
    """A value that was read back, in the form of :func:`normal`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return str(Decimal(value).normalize())
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(getattr(value, "unsplit", lambda: value)())


def normal(text: str, column: Column) -> str:
    """A value of the data; of a number the value, not how it is written."""
    return str(Decimal(text).normalize()) if column.datatype in {"decimal", "integer"} else text


def test_a_number_with_what_it_counts(rows: Rows) -> None:
    row = rows["statistics"][f"{PREFIXES['statistic']}cn-extradition-treaties-ratified-2022-12"]
    assert row["value"] == 45
    assert row["isHedged"] is True
    assert [written(modality) for modality in row["modality"]] == [f"{PREFIXES['modality']}conditional"]
    assert len(row["claim"]) >= 1


def test_csvw_needs_a_folder(
    polcoop: Callable[..., subprocess.CompletedProcess[str]], dataset: Path, tmp_path: Path
) -> None:
    done = polcoop("export", "csvw", "--dataset", dataset.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--out" in done.stderr
    (tmp_path / "file").touch()
    done = polcoop("export", "csvw", "--dataset", dataset.parent, "--out", tmp_path / "file")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
