"""A result: rows that know their names, tables of other libraries, and what a notebook shows."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import polars as pl
import pytest

from polcoop.client.result import Row, Table
from polcoop.errors import QueryTimeout, UsageError
from polcoop.values import Iri, Text, Typed, Value

IRI = Iri("https://w3id.org/polcoop/id/agent/cn")
ROWS: list[tuple[Value | None, ...]] = [
    (1, Decimal("1.50"), date(2016, 5, 2), datetime(2016, 5, 2, tzinfo=UTC), True, IRI, Text("Chine", "fr")),
    (None, None, None, None, None, None, None),
]
NAMES = ("number", "sum", "day", "moment", "firm", "thing", "label")


@pytest.fixture
def result() -> Table:
    return Table(NAMES, ROWS)


def test_rows_are_tuples_with_names(result: Table) -> None:
    row = result[0]
    assert row.number == row["number"] == row[0] == 1
    assert row[1:3] == ROWS[0][1:3]
    assert row.asdict()["label"] == "Chine"
    assert list(result) == ROWS
    assert len(result[1:]) == 1
    assert result.column("number") == [1, None]
    with pytest.raises(AttributeError, match=r"no variable \?nummer in \?number"):
        _ = row.nummer
    with pytest.raises(UsageError, match="no variable"):
        result.column("nummer")
    assert pickle.loads(pickle.dumps(row)).label.language == "fr"  # noqa: S301 - our own
    assert repr(Row.of(("a",), (1,))) == "Row(a=1)"
    counted = Row.of(("count", "index"), (5, 6))
    assert (counted.count, counted.index) == (5, 6), "names that a tuple has of its own"
    assert row.count("Chine") == 1


def test_pandas_has_the_types(result: Table) -> None:
    frame = result.to_pandas()
    assert [str(kind) for kind in frame.dtypes] == [
        "Int64", "decimal128(3, 2)[pyarrow]", "date32[day][pyarrow]", "datetime64[us, UTC]", "boolean",
        "string", "string",
    ]  # fmt: skip
    assert frame.loc[0, "sum"] == Decimal("1.50")
    assert frame.loc[0, "moment"] == pd.Timestamp("2016-05-02", tz="UTC")
    assert frame.loc[1].isna().all()
    assert frame.attrs["polcoop"]["label"] == {"polcoop:kind": "text", "polcoop:language": "fr"}


def test_polars_has_the_types(result: Table) -> None:
    frame = result.to_polars()
    assert frame.dtypes == [
        pl.Int64, pl.Decimal(3, 2), pl.Date, pl.Datetime("us", "UTC"), pl.Boolean, pl.String, pl.String,
    ]  # fmt: skip
    assert frame.row(0)[:3] == (1, Decimal("1.50"), date(2016, 5, 2))
    assert frame.row(1) == (None,) * 7


def test_the_plain_view_has_curies_and_says_what_it_leaves_out() -> None:
    text = repr(Table(("thing", "words"), [(IRI, "a\nb")] * 25))
    assert text.splitlines()[:2] == ["thing     words", "agent:cn  a b"]
    assert text.endswith("(25 rows, 5 of them not shown)")
    assert repr(Table(("x",), [(1,)])).endswith("(1 row)")


def labels(things: Sequence[Iri]) -> dict[Iri, str]:
    return {IRI: "China <b>"} if IRI in things else {}


def test_the_notebook_view_has_labels_and_links() -> None:
    html = Table(NAMES, ROWS, labels=labels)._repr_html_()
    assert f'<a href="{IRI}" title="agent:cn">China &lt;b&gt;</a>' in html
    assert 'lang="fr" title="@fr">Chine</td>' in html
    assert ">2016-05-02T00:00:00Z</td>" in html
    assert "<p>2 rows</p>" in html
    assert html.count("<td></td>") == 7


def test_nothing_in_the_data_becomes_markup() -> None:
    evil = "<script>alert(1)</script>"
    rows: list[tuple[Value | None, ...]] = [
        (
            evil,
            Text(evil, '"><b>'),
            Typed(evil, f"http://e.org/{evil}\"'"),
            Iri(f'http://e.org/"{evil}'),
            Iri("javascript:x"),
        ),
    ]
    html = Table(
        (evil, "b", "c", "d", "e"), rows, labels=lambda things: dict.fromkeys(things, evil)
    )._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert html.count("<a ") == 1
    assert "javascript" not in html.split("<td")[5].split(">")[0]


def test_the_notebook_view_is_capped_and_says_so() -> None:
    html = Table(("n",), [(number,) for number in range(1234)])._repr_html_()
    assert html.count("<tr>") == 1 + 20
    assert "<p>1,234 rows; the first 20 are shown</p>" in html
    assert "…</td>" in Table(("t",), [("x" * 1000,)])._repr_html_()


def test_no_labels_are_better_than_no_table() -> None:
    def late(_things: Sequence[Iri]) -> dict[Iri, str]:
        raise QueryTimeout("too late")

    assert ">agent:cn</a>" in Table(("thing",), [(IRI,)], labels=late)._repr_html_()
