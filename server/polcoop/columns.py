"""A SELECT result as typed columns: one Arrow table, from which pandas, Polars, DuckDB and Parquet files are
made.

A column has the narrowest type that holds every value in it as it is:

    integers              int64, or string when one does not fit into 64 bits
    decimals, integers    decimal128 or decimal256 with the digits that the column needs, or string beyond 76
    doubles, numbers      float64 (SPARQL 1.1, 17.1: integer is promoted to decimal to double)
    booleans              bool
    dates                 date32
    dateTimes             timestamp[us, UTC] when all have a time zone, timestamp[us] when none has
    IRIs, text, else      string

A column whose values are of several kinds is a string column of their lexical forms.  What the type does not
tell is in the metadata of the field: ``polcoop:kind`` (``iri``, ``text``, ``integer`` …, or ``mixed: iri,
integer``), ``polcoop:language`` when every text has the same one, ``polcoop:datatype`` when every literal
has.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from polcoop.errors import MissingExtra
from polcoop.values import BlankNode, Iri, Text, TripleTerm, Typed, Value, plain

if TYPE_CHECKING:
    import pyarrow

HINT: Final = "pip install 'polcoop[notebooks]'"
_INT64: Final = range(-(2**63), 2**63)
_DIGITS: Final = (38, 76)

# A bool is an int and a datetime a date, so the order counts.
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (Iri, "iri"),
    (BlankNode, "blank node"),
    (Typed, "typed"),
    (str, "text"),
    (bool, "boolean"),
    (int, "integer"),
    (Decimal, "decimal"),
    (float, "double"),
    (datetime, "dateTime"),
    (date, "date"),
    (TripleTerm, "triple"),
)
_NUMBERS: Final = frozenset({"integer", "decimal", "double"})


def available() -> bool:
    """Whether the library that makes Arrow tables is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def table(variables: Sequence[str], rows: Sequence[Sequence[Value | None]]) -> pyarrow.Table:
    """Return the rows as an Arrow table.

    :raises MissingExtra: pyarrow is not installed.
    """
    if not available():
        raise MissingExtra("an Arrow table", "notebooks")
    import pyarrow as pa  # noqa: PLC0415 - heavy, and optional

    columns: list[list[Value | None]] = [list(column) for column in zip(*rows, strict=True)] or [
        [] for _ in variables
    ]
    fields, arrays = [], []
    for name, values in zip(variables, columns, strict=True):
        array, kind = _array(pa, values)
        fields.append(pa.field(name, array.type, metadata=_metadata(values, kind)))
        arrays.append(array)
    return pa.table(arrays, schema=pa.schema(fields))


def _kind(value: Value) -> str:
    return next(kind for cls, kind in _KINDS if isinstance(value, cls))


def _array(pa: Any, values: Sequence[Value | None]) -> tuple[Any, str]:
    """Return the column and its kind in words."""
    kinds = sorted({_kind(value) for value in values if value is not None})
    if not kinds:
        return pa.array(values, pa.string()), "unbound"
    kind = _promoted(kinds)
    # A column of one kind that its own type cannot hold (an integer of 20 digits) is one of texts.
    build = _BUILDERS.get(kind)
    array = build(pa, values) if build else None
    if array is None:
        array = pa.array([None if value is None else plain(value) for value in values], pa.string())
    return array, kind


def _promoted(kinds: Sequence[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    if set(kinds) <= _NUMBERS:
        return "double" if "double" in kinds else "decimal"
    return f"mixed: {', '.join(kinds)}"


def _integers(pa: Any, values: Sequence[Any]) -> Any:
    fits = all(value is None or value in _INT64 for value in values)
    return pa.array(values, pa.int64()) if fits else None


def _decimals(pa: Any, values: Sequence[Any]) -> Any:
    numbers = [None if value is None else Decimal(value) for value in values]
    digits = [number.as_tuple() for number in numbers if number is not None]
    scale = max(max(0, -int(number.exponent)) for number in digits)
    whole = max(max(1, len(number.digits) + int(number.exponent)) for number in digits)
    for most, make in zip(_DIGITS, (pa.decimal128, pa.decimal256), strict=True):
        if whole + scale <= most:
            return pa.array(numbers, make(whole + scale, scale))
    return None


def _doubles(pa: Any, values: Sequence[Any]) -> Any:
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def _moments(pa: Any, values: Sequence[Any]) -> Any:
    zoned = {value.tzinfo is not None for value in values if value is not None}
    if len(zoned) > 1:
        return None
    if zoned == {False}:
        return pa.array(values, pa.timestamp("us"))
    moments = [None if value is None else value.astimezone(UTC) for value in values]
    return pa.array(moments, pa.timestamp("us", "UTC"))


_BUILDERS: Final[dict[str, Callable[[Any, Sequence[Any]], Any]]] = {
    "integer": _integers,
    "decimal": _decimals,
    "double": _doubles,
    "boolean": lambda pa, values: pa.array(values, pa.bool_()),
    "date": lambda pa, values: pa.array(values, pa.date32()),
    "dateTime": _moments,
}


def _metadata(values: Sequence[Value | None], kind: str) -> dict[str, str]:
    found = {"polcoop:kind": kind}
    languages = {value.language if isinstance(value, Text) else None for value in values if value is not None}
    if kind == "text" and len(languages) == 1 and (language := languages.pop()):
        found["polcoop:language"] = language
    datatypes = {str(value.datatype) for value in values if isinstance(value, Typed)}
    if kind == "typed" and len(datatypes) == 1:
        found["polcoop:datatype"] = datatypes.pop()
    return found
