"""What a query is cited by: its result, and the works behind the rows, asked of the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from polcoop.citation.bibliography import (
    MOST_SHOWN,
    Bibliography,
    bibliography_query,
    read_bibliography,
    shown_nodes,
)
from polcoop.citation.digests import query_digest
from polcoop.citation.provenance import DatasetVersion, Provenance, now
from polcoop.citation.terms import solutions_digest
from polcoop.errors import ForbiddenQuery, PolcoopError, QuerySyntaxError
from polcoop.formats import GRAPH, JSON, NTRIPLES
from polcoop.solutions import Iri, Solutions, read
from polcoop.sparql.engine import Engine, Limits
from polcoop.sparql.query import Query

_MOST_BYTES: Final = 1 << 20
"""Of a result whose sources are looked up."""
# Strings first, so that an IRI inside one is none.
_IRIS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|<([^<>\s]*+)>')


@dataclass(frozen=True, slots=True)
class Citation:
    """A query as it is cited; ``problem`` says why its sources are not known, or not all of them."""

    provenance: Provenance
    bibliography: Bibliography
    problem: str = ""


async def citation(
    query: Query | None, engine: Engine, version: DatasetVersion | None, limits: Limits, *, lang: str = "en"
) -> Citation:
    """Return the citation of ``query``, or of the dataset alone.

    A query that cannot be answered (its deadline, an unknown function) does not prevent one: dataset and
    note are cited all the same.

    :param limits: those of each of the two queries behind a citation.
    :param lang: language of names and translated titles, ``en`` or ``fr``.
    :raises QuerySyntaxError: the query does not parse.
    :raises ForbiddenQuery: it asks for what the engine never does.
    :raises PolcoopError: the engine cannot be asked.
    """
    iris: list[str] = []
    digest, problem = None, ""
    if query is not None:
        try:
            iris, digest, problem = await _shown(query, engine, limits)
        except (QuerySyntaxError, ForbiddenQuery):
            raise
        except PolcoopError as error:
            problem = error.detail
    nodes = shown_nodes(iris)
    answer = await _solutions(Query.parse(bibliography_query(nodes)), engine, limits)
    if len(nodes) > MOST_SHOWN:
        problem = f"the result shows {len(nodes)} nodes; the sources are those of the first {MOST_SHOWN}"
    name = query_digest(query.text) if query else ""
    return Citation(
        Provenance(version, name, digest, now()), read_bibliography(answer, version, lang=lang), problem
    )


async def _shown(query: Query, engine: Engine, limits: Limits) -> tuple[list[str], str | None, str]:
    """The IRIs in the result of ``query``, its digest, and why it was not read (then there are none)."""
    is_graph = query.form.formats == GRAPH
    result = await engine.query(query.with_digest(), NTRIPLES if is_graph else JSON, limits)
    content = bytearray()
    try:
        async for chunk in result.chunks():
            content += chunk
            if len(content) > _MOST_BYTES:
                return [], result.digest, "the result is too long for its sources to be looked up"
    finally:
        await result.aclose()
    if is_graph:
        return list(filter(None, _IRIS.findall(content.decode()))), result.digest, ""
    solutions = read(bytes(content))
    return list(_iris(solutions)), solutions_digest(solutions, ordered=query.ordered), ""


async def _solutions(query: Query, engine: Engine, limits: Limits) -> Solutions:
    result = await engine.query(query, JSON, limits)
    found = read(b"".join([chunk async for chunk in result.chunks()]))
    assert isinstance(found, Solutions)  # noqa: S101 - it is a SELECT
    return found


def _iris(solutions: Solutions | bool) -> Iterator[str]:
    if isinstance(solutions, Solutions):
        for row in solutions.rows:
            yield from (term.value for term in row if isinstance(term, Iri))
