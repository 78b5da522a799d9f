"""The answer to a SELECT query: rows of Python values, and the tables that other libraries make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from polcoop import columns
from polcoop.errors import UsageError
from polcoop.values import Iri, Value, plain

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from polcoop.citation.provenance import Provenance

    from .citing import Cite

Labels = Callable[[Sequence[Iri]], dict[Iri, str]]
"""Finds labels for IRIs; those without one are left out."""
_SHOWN = 20
_WIDTH = 60


class Row(tuple[Value | None, ...]):
    """One solution: a tuple of values, None where unbound, that also knows the names of its variables.

    ``row.country``, ``row["country"]`` and ``row[0]`` are the same; ``row.asdict()`` is a dictionary.
    """

    _variables: tuple[str, ...]

    @classmethod
    def of(cls, variables: tuple[str, ...], values: Sequence[Value | None]) -> Row:
        """Return the row of these values."""
        row = cls(values)
        row._variables = variables
        return row

    def __getattr__(self, name: str) -> Value | None:
        if name.startswith("__") or name == "_variables":
            raise AttributeError(name)
        try:
            value: Value | None = self[name]
        except KeyError as error:
            raise AttributeError(str(error.args[0])) from None
        return value

    def __getattribute__(self, name: str) -> Any:
        # Tuples have methods of these names, and queries love them: COUNT(*) AS ?count.
        if name in {"count", "index"} and name in self._variables:
            return self[name]
        return super().__getattribute__(name)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key not in self._variables:
            raise KeyError(f"no variable ?{key} in {' '.join('?' + name for name in self._variables)}")
        return super().__getitem__(self._variables.index(key))

    def __reduce__(self) -> tuple[Any, ...]:
        return Row.of, (self._variables, tuple(self))

    def asdict(self) -> dict[str, Value | None]:
        """Return the values by the names of their variables."""
        return dict(zip(self._variables, self, strict=True))

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!r}' for name, value in self.asdict().items())})"


class Table(Sequence[Row]):
    """All solutions of a SELECT query, in their order.

    ``variables`` are the columns, ``query`` is the text that was sent, ``source`` says in words what was
    asked, ``provenance`` what it is an answer to: dataset version, digests of query and result, time.
    """

    def __init__(  # noqa: PLR0913 - all but two are keywords
        self,
        variables: tuple[str, ...],
        rows: Sequence[Sequence[Value | None]],
        *,
        query: str = "",
        source: str = "",
        labels: Labels | None = None,
        provenance: Provenance | None = None,
        cite: Cite | None = None,
    ) -> None:
        self.variables, self.query, self.source = variables, query, source
        self.provenance = provenance
        self._rows, self._labels, self._cite = rows, labels, cite

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> Row | Table:
        if isinstance(index, slice):
            return Table(
                self.variables,
                self._rows[index],
                query=self.query,
                source=self.source,
                labels=self._labels,
                # A part of a result is not that result.
                provenance=self.provenance and replace(self.provenance, result=None),
                cite=self._cite,
            )
        return Row.of(self.variables, self._rows[index])

    def __iter__(self) -> Iterator[Row]:
        return (Row.of(self.variables, row) for row in self._rows)

    def cite(self, style: str = "apa", lang: str | None = None) -> str:
        """Return how these rows are cited: the dataset version, the note with the pages, and the sources of
        the claims, facts, footnotes and works among the rows (of a part: ``result[:20].cite()``).

        :param style: ``apa``, ``bibtex``, ``ris`` or ``csl-json``.
        :param lang: ``en`` or ``fr``, by default the language of the connection.
        :raises UsageError: there is no such style or language, or nothing of ours was asked.
        """
        if self._cite is None:
            raise UsageError("nobody can be asked about these rows any more")
        return self._cite(
            (value for row in self._rows for value in row if isinstance(value, Iri)), style, lang
        )

    def column(self, name: str) -> list[Value | None]:
        """Return the values of one variable.

        :raises UsageError: the result has no such variable.
        """
        if name not in self.variables:
            known = " ".join(f"?{each}" for each in self.variables)
            raise UsageError(f"the result has no variable ?{name}", hint=f"it has {known}")
        place = self.variables.index(name)
        return [row[place] for row in self._rows]

    @cached_property
    def _arrow(self) -> pyarrow.Table:
        return columns.table(self.variables, self._rows)

    def to_arrow(self) -> pyarrow.Table:
        """Return an Arrow table; its types are those of ``polcoop.columns``.

        :raises MissingExtra: pyarrow is not installed.
        """
        return self._arrow

    def to_pandas(self) -> pandas.DataFrame:
        """Return a DataFrame with nullable types: Int64, Float64, boolean, string, datetime64[us, UTC];
        decimals and dates are Arrow-backed, so that neither is rounded.

        :raises MissingExtra: pandas or pyarrow is not installed.
        """
        from .frames import to_pandas  # noqa: PLC0415 - heavy, and optional

        return to_pandas(self._arrow)

    def to_polars(self) -> polars.DataFrame:
        """Return a Polars DataFrame: Int64, Decimal, Date, Datetime with UTC, String.

        :raises MissingExtra: Polars or pyarrow is not installed.
        """
        from .frames import to_polars  # noqa: PLC0415 - heavy, and optional

        return to_polars(self._arrow)

    def __repr__(self) -> str:
        """The first rows as aligned columns, with CURIEs."""
        names = [list(self.variables)]
        cells = names + [[_cell(value) for value in row] for row in self._rows[:_SHOWN]]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.variables))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        more = len(self) - _SHOWN
        told = f"{len(self)} row{'' if len(self) == 1 else 's'}"
        return "\n".join([*lines, f"({told}, {more} of them not shown)" if more > 0 else f"({told})"])

    def _repr_html_(self) -> str:
        """The first rows as an HTML table with labels and links (called by Jupyter)."""
        from .view import html  # noqa: PLC0415 - wanted in notebooks only

        return html(self.variables, self._rows, self._labels)


def _cell(value: Value | None) -> str:
    text = "" if value is None else value.curie if isinstance(value, Iri) else plain(value)
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
