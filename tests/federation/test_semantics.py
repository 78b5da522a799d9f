"""A federated query means what the standard says: random queries against three other implementations.

Each of them asks the same two endpoints over HTTP, in its own way: the engine inside pyoxigraph sends every
pattern as it stands and joins afterwards, which is the definition itself.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from pyoxigraph import QuerySolutions, RdfFormat, Store
from worlds import HERE, Writer, located, plain_query

from polcoop.errors import ForbiddenQuery
from polcoop.solutions import Blank, Iri, Literal, Solutions

Rows = Counter[frozenset[tuple[str, str]]]


def ours(found: Solutions) -> Rows:
    """The solutions as a bag of bindings."""
    return Counter(
        frozenset(
            (name, told(term)) for name, term in zip(found.variables, row, strict=True) if term is not None
        )
        for row in found.rows
    )


def told(term: object) -> str:
    """A term in words that all implementations write alike."""
    match term:
        case Iri(value):
            return value
        case Literal(value, language, datatype):
            return f"{value}|{language or ''}|{datatype or ''}"
        case Blank():
            return "[]"
    raise AssertionError(term)


def oxigraph(store: Store, query: str) -> Rows | None:
    """What the engine makes of it when it is let out; None if it takes it for no query."""
    try:
        found = store.query(query)
    except SyntaxError:
        return None
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return Counter(
        frozenset((name, _told(row[name])) for name in names if row[name] is not None) for row in found
    )


def _told(term: Any) -> str:
    """A term of pyoxigraph or rdflib in the same words."""
    value = str(term) if isinstance(term, rdflib.term.Identifier) else term.value
    if not hasattr(term, "datatype"):
        return value
    datatype = getattr(term.datatype, "value", str(term.datatype or ""))
    plain = term.language or datatype.endswith("#string")
    return f"{value}|{term.language or ''}|{'' if plain else datatype}"


@pytest.fixture(scope="session")
def store(files: dict[str, Path]) -> Store:
    local = Store()
    local.load(path=files[HERE], format=RdfFormat.TURTLE)
    return local


# What the random queries are to be of, by what their text has.
KINDS = {
    "within OPTIONAL": r"OPTIONAL \{[^{}]*SERVICE",
    "within UNION": r"\{[^{}]*SERVICE[^{}]*\{[^{}]*\}[^{}]*\} UNION|UNION \{[^{}]*SERVICE",
    "within MINUS": r"MINUS \{[^{}]*SERVICE",
    "within EXISTS": r"EXISTS \{[^{}]*SERVICE",
    "within a sub-select": r"SELECT (DISTINCT )?\?\w \?\w \{[^{}]*SERVICE",
    "SERVICE ?x": r"SERVICE (SILENT )?\?s",
    "several": r"(?s)SERVICE.*SERVICE",
    "several hosts": r"(?s)<ONE>.*<OTHER>|<OTHER>.*<ONE>",
    "SILENT of a failure": r"SILENT <NOBODY>",
    "OPTIONAL inside": r"SERVICE (SILENT )?\S+ \{[^{}]*OPTIONAL",
    "beside MINUS": r"SERVICE .*MINUS|MINUS .*SERVICE",
    "beside FILTER EXISTS": r"SERVICE .*FILTER (NOT )?EXISTS|FILTER (NOT )?EXISTS .*SERVICE",
    "beside BIND": r"BIND.*SERVICE|SERVICE.*BIND",
    "beside VALUES": r"VALUES \(.*SERVICE|SERVICE.*VALUES \(",
    "COUNT": r"COUNT\(\*\)",
    "GROUP BY": r"SERVICE.*GROUP BY",
    "VALUES at the end": r"\} VALUES \?a [^}]*\}$",
}


def test_random_queries(ask: Callable, addresses: dict[str, str], store: Store) -> None:
    writer = Writer(random.Random(20))  # noqa: S311 - the same queries every time
    compared = refused = answered = restricted = 0
    kinds: Counter[str] = Counter()
    while compared < 150:
        written = writer.query()
        query, explicit = (located(text, addresses) for text in written)
        wanted = oxigraph(store, explicit)
        if wanted is None:
            continue
        try:
            found, plan = ask(query)
        except ForbiddenQuery as error:
            if "in EXISTS" not in error.detail:
                raise
            refused += 1
            continue
        assert ours(found) == wanted, query
        local = [plan.rest, *(step.local for step in plan.steps)]
        assert not re.search("service", " ".join(local), re.IGNORECASE), "the engine never sees it"
        compared += 1
        answered += bool(wanted)
        restricted += any(step.join for step in plan.steps)
        kinds.update(kind for kind, pattern in KINDS.items() if re.search(pattern, written[0]))
    assert {kind for kind in KINDS if kinds[kind] < 3} == set(), kinds
    # Empty answers and patterns sent as they stand would prove little.
    assert answered > 50
    assert restricted > 40
    assert refused < 15


def plain_queries(count: int, addresses: dict[str, str]) -> list[str]:
    """Queries of the kind that people write."""
    chance = random.Random(5)  # noqa: S311
    return [located(plain_query(chance), addresses) for _ in range(count)]


def test_rdflib_agrees(ask: Callable, addresses: dict[str, str], files: dict[str, Path]) -> None:
    """Where a query has one SERVICE: of two, rdflib joins the second with nothing."""
    graph = rdflib.Graph().parse(files[HERE])
    queries = [query for query in plain_queries(100, addresses) if query.count("SERVICE") == 1]
    answered = 0
    for query in queries:
        wanted = {
            frozenset((name, _told(term)) for name, term in row.asdict().items())
            for row in graph.query(query)
        }
        # It asks with SELECT REDUCED, so how often a row comes is left open.
        assert set(ours(ask(query)[0])) == wanted, query
        answered += bool(wanted)
    assert answered > 10


def test_comunica_agrees(
    ask: Callable, addresses: dict[str, str], texts: dict[str, str], store: Store, root: Path
) -> None:
    modules = root / "build" / "comunica"
    if shutil.which("node") is None or not (modules / "node_modules").is_dir():
        pytest.skip("Comunica is not here: it needs Node and `make comunica`")
    some: dict[bool, list[str]] = {True: [], False: []}
    for query in plain_queries(200, addresses):
        some[bool(oxigraph(store, query))].append(query)
    queries = some[True][:40] + some[False][:10]
    program = Path(__file__).parent / "comunica" / "answer.mjs"
    done = subprocess.run(
        ["node", program, modules],  # noqa: S607
        input=json.dumps({"data": texts[HERE], "queries": queries}),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    for query, rows in zip(queries, json.loads(done.stdout), strict=True):
        assert not isinstance(rows, str), (rows, query)
        wanted = Counter(frozenset(row.items()) for row in rows)
        assert ours(ask(query)[0]) == wanted, query
        assert bool(wanted) == (query in some[True]), query
    assert len(queries) == 50, "most of them with answers"
