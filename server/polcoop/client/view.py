"""A result as HTML for a notebook: labels instead of IRIs, links, and how much is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from polcoop.errors import PolcoopError
from polcoop.values import Iri, Text, Typed, Value, plain

if TYPE_CHECKING:
    from .result import Labels

_SHOWN: Final = 20
_LONGEST: Final = 300
_LINKED: Final = ("http://", "https://")
_NUMERIC: Final = ' style="text-align: right"'


def html(variables: Sequence[str], rows: Sequence[Sequence[Value | None]], labels: Labels | None) -> str:
    """Return a table of the first rows; everything that comes from data is escaped."""
    shown = rows[:_SHOWN]
    known = _labels(shown, labels)
    head = "".join(f'<th style="text-align: left">{escape(name)}</th>' for name in variables)
    body = "".join(f"<tr>{''.join(_cell(value, known) for value in row)}</tr>\n" for row in shown)
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    caption = f"{count}; the first {_SHOWN} are shown" if len(rows) > _SHOWN else count
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n<p>{caption}</p>"


def _labels(rows: Sequence[Sequence[Value | None]], labels: Labels | None) -> dict[Iri, str]:
    wanted = sorted({value for row in rows for value in row if isinstance(value, Iri)})
    if not wanted or labels is None:
        return {}
    try:
        return labels(wanted)
    except PolcoopError:
        # A table without labels is better than none.
        return {}


def _cell(value: Value | None, labels: dict[Iri, str]) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, Iri):
        text = escape(labels.get(value) or value.curie)
        if value.startswith(_LINKED):
            text = f'<a href="{escape(value)}" title="{escape(value.curie)}">{text}</a>'
        return f'<td style="text-align: left">{text}</td>'
    text = plain(value)
    cut = escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    if isinstance(value, Text):
        tag = escape(value.language)
        return f'<td style="text-align: left" lang="{tag}" title="@{tag}">{cut}</td>'
    if isinstance(value, Typed):
        return f'<td style="text-align: left" title="{escape(value.datatype)}">{cut}</td>'
    return f"<td{_NUMERIC if not isinstance(value, str) else ''}>{cut}</td>"
