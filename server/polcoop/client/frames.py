"""pandas and Polars tables made of Arrow ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polcoop.errors import MissingExtra

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def to_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """Return the table with pandas' nullable types; ``frame.attrs["polcoop"]`` has the metadata of each
    column."""
    try:
        import pandas as pd  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra("a DataFrame", "notebooks") from error
    import pyarrow as pa  # noqa: PLC0415

    nullable = {
        pa.int64(): pd.Int64Dtype(),
        pa.float64(): pd.Float64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype("pyarrow"),
    }

    def dtype(kind: pa.DataType) -> Any:
        if pa.types.is_decimal(kind) or pa.types.is_date(kind):
            return pd.ArrowDtype(kind)
        return nullable.get(kind)

    frame = table.to_pandas(types_mapper=dtype)
    frame.attrs["polcoop"] = {
        field.name: {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        for field in table.schema
    }
    return frame


def to_polars(table: pyarrow.Table) -> polars.DataFrame:
    """Return the table as a Polars one."""
    try:
        import polars as pl  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtra("a DataFrame of Polars", "notebooks") from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - of a table
    return frame
