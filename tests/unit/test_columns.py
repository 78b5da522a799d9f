"""Columns have the narrowest type that holds each value as it is, and say why when it is text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from polcoop.columns import table
from polcoop.values import BlankNode, Iri, Text, Typed

LOCAL = datetime.fromisoformat("2016-05-02T00:00:00")
PARIS = timezone(timedelta(hours=1))


def column(*values: Any) -> tuple[pa.Field, list[Any]]:
    """One column and what is in it."""
    made = table(("x",), [(value,) for value in values])
    return made.schema.field("x"), made.column("x").to_pylist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, None, -(2**63)), pa.int64()),
        ((Decimal("1.50"), Decimal(20)), pa.decimal128(4, 2)),
        ((1, Decimal("0.005")), pa.decimal128(4, 3)),
        ((Decimal("1E+40"), Decimal("0.1")), pa.decimal256(42, 1)),
        ((1, 0.5, Decimal(2)), pa.float64()),
        ((True, None), pa.bool_()),
        ((date(2016, 5, 2),), pa.date32()),
        ((datetime(2016, 5, 2, tzinfo=UTC),), pa.timestamp("us", "UTC")),
        ((LOCAL,), pa.timestamp("us")),
        ((Iri("http://example.org/"), None), pa.string()),
    ],
)
def test_one_kind_has_its_type(values: tuple[Any, ...], kind: pa.DataType) -> None:
    field, found = column(*values)
    assert field.type == kind
    assert found == list(values)


def test_moments_are_in_utc() -> None:
    assert column(datetime(2016, 5, 2, 1, tzinfo=PARIS))[1] == [datetime(2016, 5, 2, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("values", "texts", "kind"),
    [
        ((1, "one"), ["1", "one"], "mixed: integer, text"),
        ((True, 1), ["true", "1"], "mixed: boolean, integer"),
        (
            (date(2016, 5, 2), datetime(2016, 5, 2, tzinfo=UTC)),
            ["2016-05-02", "2016-05-02T00:00:00Z"],
            "mixed: date, dateTime",
        ),
        ((BlankNode("b"), Iri("a:b")), ["b", "a:b"], "mixed: blank node, iri"),
        ((2**63, 1), [str(2**63), "1"], "integer"),
        ((Decimal("1E+80"),), ["1" + "0" * 80], "decimal"),
        (
            (LOCAL, datetime(2016, 5, 2, tzinfo=UTC)),
            ["2016-05-02T00:00:00", "2016-05-02T00:00:00Z"],
            "dateTime",
        ),
        ((None, None), [None, None], "unbound"),
    ],
)
def test_what_fits_no_type_is_text_and_says_so(values: tuple[Any, ...], texts: list[str], kind: str) -> None:
    field, found = column(*values)
    assert field.type == pa.string()
    assert found == texts
    assert field.metadata[b"polcoop:kind"].decode() == kind


def test_language_and_datatype_are_told_when_there_is_one() -> None:
    assert column(Text("a", "fr"), None)[0].metadata[b"polcoop:language"] == b"fr"
    assert b"polcoop:language" not in column(Text("a", "fr"), Text("b", "en"))[0].metadata
    assert b"polcoop:language" not in column(Text("a", "fr"), "b")[0].metadata
    datatype = "http://www.w3.org/2001/XMLSchema#gYear"
    assert column(Typed("2016", datatype))[0].metadata[b"polcoop:datatype"].decode() == datatype


def test_no_rows_still_have_columns() -> None:
    made = table(("a", "b"), [])
    assert made.column_names == ["a", "b"]
    assert made.num_rows == 0
