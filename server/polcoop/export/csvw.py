"""CSV on the Web: a file for each table, and the metadata that says what the columns are (Metadata Vocabulary
for Tabular Data, W3C 2015)."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from polcoop.errors import ParseError
from polcoop.export.compiled import Compiled
from polcoop.export.tables import TABLES, Column, Table
from polcoop.iris import PREFIXES

METADATA: Final = "csv-metadata.json"
"""Name of the metadata file, where readers of a table look for it."""
SEPARATOR: Final = "|"
"""Between several values in a cell; no IRI and no text of the data has it."""
_LICENSE: Final = "https://creativecommons.org/publicdomain/zero/1.0/"


def write(data: Compiled) -> dict[str, bytes]:
    """The files by name.

    :raises ParseError: a value has the character that separates values.
    """
    files = {f"{table.name}.csv": _table(data, table) for table in TABLES}
    files[METADATA] = (json.dumps(_metadata(data), ensure_ascii=False, indent=2) + "\n").encode()
    return files


def _table(data: Compiled, table: Table) -> bytes:
    keys = [
        s.value
        for (s,) in data.select(f"SELECT DISTINCT ?s {{ ?s a <{table.of}> }} ORDER BY ?s")
        if isinstance(s, NamedNode)
    ]
    cells = [_values(data, table, column) for column in table.columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["id", *(column.name for column in table.columns)])
    for key in sorted(keys):
        row = [
            _cell(column, values.get(key, ())) for column, values in zip(table.columns, cells, strict=True)
        ]
        writer.writerow([key, *row])
    return buffer.getvalue().encode()


def _values(data: Compiled, table: Table, column: Column) -> dict[str, list[str]]:
    """The values of a column by row."""
    condition = f'FILTER(LANG(?v) = "{column.language}")' if column.language else ""
    found: dict[str, list[str]] = defaultdict(list)
    for s, v in data.select(f"SELECT DISTINCT ?s ?v {{ ?s a <{table.of}> ; {column.path} ?v {condition} }}"):
        if isinstance(s, NamedNode) and isinstance(v, NamedNode | Literal):
            found[s.value].append(v.value)
    return found


def _cell(column: Column, values: Sequence[str]) -> str:
    if not column.many and len(values) > 1:
        raise ParseError(
            f"the column {column.name} has one value a row, here it has {len(values)}: {', '.join(values)}"
        )
    if column.many and any(SEPARATOR in value for value in values):
        raise ParseError(f"a value of the column {column.name} has the separator '{SEPARATOR}' in it")
    return SEPARATOR.join(sorted(values))


def _metadata(data: Compiled) -> dict[str, Any]:
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "dc:title": "polcoop: international police and judicial cooperation",
        "dc:license": {"@id": _LICENSE},
        "dc:hasVersion": data.manifest.version,
        "tables": [_table_metadata(table) for table in TABLES],
    }


def _table_metadata(table: Table) -> dict[str, Any]:
    key = {"name": "id", "titles": "id", "datatype": "anyURI", "required": True, "suppressOutput": True}
    of_rows = {
        "name": "type",
        "virtual": True,
        "propertyUrl": f"{PREFIXES['rdf']}type",
        "valueUrl": table.of,
    }
    links = [
        {
            "columnReference": column.name,
            "reference": {"resource": f"{column.rows_of}.csv", "columnReference": "id"},
        }
        for column in table.columns
        if column.rows_of
    ]
    schema: dict[str, Any] = {
        "columns": [key, *map(_column_metadata, table.columns), of_rows],
        "primaryKey": "id",
        "aboutUrl": "{+id}",
    }
    if links:
        schema["foreignKeys"] = links
    return {"url": f"{table.name}.csv", "dc:title": table.title, "tableSchema": schema}


def _column_metadata(column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {"name": column.name, "titles": column.name, "datatype": column.datatype}
    if column.language:
        told["lang"] = column.language
    if column.many:
        told["separator"] = SEPARATOR
    if column.property is None:
        # A way through several properties, or against one, is no property of the row.
        told["suppressOutput"] = True
    else:
        told["propertyUrl"] = column.property
        if column.datatype == "anyURI":
            told["valueUrl"] = f"{{+{column.name}}}"
    return told
