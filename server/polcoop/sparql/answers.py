"""The answers of many queries over one store, as rows of text, and what two states of the data answer
differently."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from polcoop.errors import EngineFailure, Overloaded, QueryError, QueryTimeout
from polcoop.formats import GRAPH, JSON, NTRIPLES
from polcoop.iris import shrink
from polcoop.solutions import Blank, Iri, Literal, Term, Triple, read
from polcoop.sparql.engine import Limits
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.query import Query

Row = tuple[str, ...]

_ORDERED: Final = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_BLANK: Final = re.compile(r"_:\w+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query answered: rows under ``columns``, or why it answered nothing (``failure``)."""

    text: str
    columns: Row = ()
    rows: tuple[Row, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """How the answer of a query differs.

    ``change`` is ``added`` or ``removed`` (the query itself), ``changed``, ``reordered`` (the same rows in
    another order, where the query asks for one) or ``failed`` (``failure`` says why, now or before);
    ``rewritten`` is true when the query's text differs too.
    """

    query: str
    change: str
    rewritten: bool
    columns: Row
    count_before: int
    count_after: int
    removed: tuple[Row, ...] = ()
    added: tuple[Row, ...] = ()
    failure: str = ""


def words(term: Term | None) -> str:
    """A term as a reader of a table wants it: CURIE or IRI, text with its language, nothing if unbound."""
    match term:
        case None:
            return ""
        case Iri(iri):
            curie = shrink(iri)
            return iri if curie.startswith("<") else curie
        case Blank(label):
            return f"_:{label}"
        case Literal(value, language):
            return f"{value} @{language}" if language else value
        case Triple(subject, predicate, thing):
            return f"<<( {words(subject)} {words(predicate)} {words(thing)} )>>"


async def answers(
    store: Path, queries: Mapping[str, str], *, seconds: float, memory: int
) -> dict[str, Answer]:
    """Answer ``queries`` (name to text) over the store in a folder, two at a time.

    A query that is refused (SERVICE), does not parse, reaches its deadline of ``seconds`` or exceeds
    ``memory`` bytes is answered by the reason.

    :raises SourceError: the store cannot be opened.
    """
    capacity = Capacity(workers=2, memory=memory, queue=len(queries), patience=3600, grace=math.inf)
    async with LocalEngine(store, capacity) as engine:
        found = await asyncio.gather(*(_answer(engine, text, seconds) for text in queries.values()))
    return dict(zip(queries, found, strict=True))


async def _answer(engine: LocalEngine, text: str, seconds: float) -> Answer:
    try:
        query = Query.parse(text)
        is_graph = query.form.formats == GRAPH
        result = await engine.query(query, NTRIPLES if is_graph else JSON, Limits(seconds))
        content = b"".join([chunk async for chunk in result.chunks()])
    except (QueryError, QueryTimeout, EngineFailure, Overloaded) as error:
        return Answer(text, failure=str(error))
    if is_graph:
        lines = sorted(_BLANK.sub("[]", line) for line in content.decode().splitlines())
        return Answer(text, ("triple",), tuple((line,) for line in lines))
    solutions = read(content)
    if isinstance(solutions, bool):
        return Answer(text, ("answer",), (("true" if solutions else "false",),))
    return Answer(text, solutions.variables, tuple(tuple(map(_stable, row)) for row in solutions.rows))


def _stable(term: Term | None) -> str:
    """The words of a term; a blank node's label means nothing beyond its own result."""
    return "[]" if isinstance(term, Blank) else words(term)


def answer_changes(before: Mapping[str, Answer], after: Mapping[str, Answer]) -> list[AnswerChange]:
    """Return the queries whose answers differ, by name; rows are compared as a bag, those that differ are in
    order of their text."""
    changes = (
        _change(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys())
    )
    return [change for change in changes if change]


def _change(name: str, old: Answer | None, new: Answer | None) -> AnswerChange | None:
    one = new or old
    assert one is not None  # noqa: S101 - the name comes from one of the two
    if old is None or new is None:
        kind = "removed" if new is None else "added"
        sizes = (0, len(one.rows)) if old is None else (len(one.rows), 0)
        return AnswerChange(name, kind, False, one.columns, *sizes, failure=one.failure)
    rewritten = old.text != new.text
    counts = (len(old.rows), len(new.rows))
    if old.failure != new.failure:
        failure = new.failure or f"before: {old.failure}"
        return AnswerChange(name, "failed", rewritten, new.columns, *counts, failure=failure)
    if old.columns != new.columns:
        removed, added = tuple(sorted(old.rows)), tuple(sorted(new.rows))
    else:
        removed, added = (_left(a, b) for a, b in ((old.rows, new.rows), (new.rows, old.rows)))
    if removed or added:
        return AnswerChange(name, "changed", rewritten, new.columns, *counts, removed, added)
    if old.rows != new.rows and _ORDERED.search(new.text):
        return AnswerChange(name, "reordered", rewritten, new.columns, *counts)
    return None


def _left(rows: tuple[Row, ...], others: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(sorted((Counter(rows) - Counter(others)).elements()))
