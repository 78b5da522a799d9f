"""``polcoop.open()`` and ``polcoop.connect()``: the same interface, the same answers."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import rdflib

import polcoop
from polcoop.errors import (
    EngineFailure,
    ForbiddenQuery,
    ParseError,
    PolcoopError,
    Position,
    QueryError,
    QuerySyntaxError,
    QueryTimeout,
    SourceError,
    UsageError,
)
from processes import children

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGE = "SELECT * { ?s ?p ?o }"
CHINA = polcoop.iri("agent:cn")


def test_values_have_their_types(data: polcoop.Connection) -> None:
    row = data.select(
        """SELECT ?fact ?number ?from ?label ?firm ?nothing ?sum {
          BIND(statistic:cn-extradition-treaties-ratified-2022-12 AS ?fact)
          ?fact polcoop:value ?number ; polcoop:earliest ?from ; skos:prefLabel ?label ; polcoop:isHedged
          ?firm FILTER(LANG(?label) = "fr") BIND(1.50 AS ?sum) }"""
    )[0]
    assert row.fact.curie == "statistic:cn-extradition-treaties-ratified-2022-12"
    assert row.number == 45
    assert row["from"] == datetime(2022, 12, 1, tzinfo=UTC)
    assert row.label.language == "fr"
    assert row.firm is True
    assert row.nothing is None
    assert row.sum == Decimal("1.5")


def test_parameters_are_values(data: polcoop.Connection) -> None:
    query = (
        "SELECT ?thing ?label { ?thing skos:prefLabel ?label FILTER(LANG(?label) = ?lang) } ORDER BY ?thing"
    )
    found = data.select(query, {"thing": [CHINA, polcoop.iri("agent:fr")], "lang": "fr"})
    assert [(row.thing.curie, row.label) for row in found] == [("agent:cn", "Chine"), ("agent:fr", "France")]
    assert data.ask("ASK { ?thing a polcoop:Country }", {"thing": CHINA})
    assert not data.ask("ASK { ?thing a polcoop:Place }", {"thing": CHINA})
    text = 'x" } INSERT { ?s ?p ?o } # '
    assert data.select("SELECT ?x { }", {"x": text})[0].x == text


def test_a_long_parameter_list_goes_by_post(connected: polcoop.Connection) -> None:
    things = [polcoop.iri(f"wd:Q{number}") for number in range(5000)]
    found = connected.select(
        "SELECT ?c { ?c schema:sameAs ?item }", {"item": [*things, polcoop.iri("wd:Q148")]}
    )
    assert CHINA in found.column("c")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_either_method(server: str, method: str) -> None:
    with polcoop.connect(f"{server}/sparql", method=method) as data:
        assert data.ask("ASK { agent:cn ?p ?o }")


def test_graphs_are_those_of_rdflib(data: polcoop.Connection) -> None:
    graph = data.construct(
        "CONSTRUCT { ?c skos:prefLabel ?l } WHERE { ?c a polcoop:Country ; skos:prefLabel ?l }"
    )
    assert (rdflib.URIRef(CHINA), rdflib.SKOS.prefLabel, rdflib.Literal("Chine", lang="fr")) in graph
    assert "agent:cn skos:prefLabel" in graph.serialize()
    assert len(data.describe(CHINA)) == len(data.describe("DESCRIBE agent:cn")) > 3
    assert len(data.construct("CONSTRUCT WHERE { agent:nobody ?p ?o }")) == 0


def test_the_line_at_fault_is_shown(data: polcoop.Connection) -> None:
    query = "SELECT ?x {\n  ?x a polcoop:Country .\n  FILTER(?x > )\n}"
    with pytest.raises(QuerySyntaxError) as raised:
        data.select(query, {"x": CHINA})
    assert raised.value.__notes__ == ["3 |   FILTER(?x > )\n                  ^"]
    assert raised.value.position == Position(3, 15)


def test_a_place_behind_what_was_inserted_is_the_written_one(data: polcoop.Connection) -> None:
    query = "SELECT ?y { ?x skos:prefLabel ?y FILTER(?x != nowhere:thing) }"
    with pytest.raises(QuerySyntaxError, match="nowhere: is not declared") as raised:
        data.select(query, {"x": CHINA})
    assert raised.value.position.column == query.index("nowhere") + 1
    assert any("PREFIX nowhere:" in note for note in raised.value.__notes__)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", ForbiddenQuery),
        ("SELECT (<http://example.org/f>(1) AS ?x) {}", QueryError),
        ("ASK {}", UsageError),
        ("", PolcoopError),
        ("INSERT DATA {}", PolcoopError),
    ],
)
def test_errors_are_of_their_kind(data: polcoop.Connection, query: str, error: type[PolcoopError]) -> None:
    with pytest.raises(error):
        data.select(query)


def test_a_timeout_ends_the_query_and_the_connection_lives_on(data: polcoop.Connection) -> None:
    with pytest.raises(QueryTimeout):
        data.select(RUNAWAY, timeout=0.5)
    assert data.ask("ASK { ?s ?p ?o }")
    with pytest.raises(UsageError, match="timeout"):
        data.ask("ASK {}", timeout=0)


def test_a_query_that_kills_its_process_costs_itself_alone(tmp_path: Path) -> None:
    (file := tmp_path / "one.nt").write_text("<a:b> <a:c> <a:d> .", encoding="utf-8")
    doubled = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(40))
    with polcoop.open(file, memory=512) as small:
        with pytest.raises(EngineFailure):
            small.select(f'SELECT (STRLEN(?x40) AS ?n) {{ BIND("0123456789" AS ?x0) {doubled} }}')
        assert small.ask("ASK { ?s ?p ?o }")


def test_rows_are_streamed(data: polcoop.Connection) -> None:
    text = "SELECT ?claim ?text { ?claim polcoop:statement ?text }"
    whole = len(data.select(text))
    assert whole > 1000
    with data.stream(text) as rows:
        assert rows.variables == ("claim", "text")
        assert not any("result-digest" in name.lower() for name in rows.said), "nothing is held back"
        assert sum(1 for _ in rows) == whole
    with data.stream(LARGE) as rows:
        first = next(iter(rows))
        # Another query, while this one is under way.
        assert data.label("agent:cn", "fr") == "Chine"
    assert first["s"] is not None
    for _ in range(5):
        # Given up without a word: its process must not be missed afterwards.
        next(iter(data.stream(LARGE)))
    gc.collect()
    assert data.ask("ASK { ?s ?p ?o }")


def test_memory_of_a_stream_does_not_grow_with_the_result(
    dataset: Path, bare_environment: dict[str, str]
) -> None:
    program = """
import resource, sys, polcoop
data = polcoop.open(memory=1024)
query = "SELECT ?a ?b ?c { { ?a ?b ?c } UNION { ?a ?b ?c } }"
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
next(iter(data.stream(query)))
before, count = peak(), 0
for row in data.stream(query): count += 1
print(count, peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**bare_environment, "POLCOOP_DATASET": str(dataset.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    count, grown = map(float, done.stdout.split())
    assert count > 80_000
    assert grown < 20, "MiB: the rows were held"


def interrupt_process() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_other_thread() -> None:
    """The system may hand the signal to any thread; this one stays, so that its end wakes nobody."""
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    time.sleep(60)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler, as every notebook has it: a shell lets what it starts in the background ignore
    interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("interrupt", [interrupt_process, interrupt_other_thread])
def test_an_interrupt_ends_the_query(opened: polcoop.Connection, interrupt: Callable[[], None]) -> None:
    """As the stop button of a notebook does: the process that evaluated it is gone at once."""
    before = children()
    timer = threading.Timer(0.5, interrupt)
    timer.daemon = True
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        opened.select(RUNAWAY, timeout=3000)
    deadline = time.monotonic() + 120
    while before <= children():
        assert time.monotonic() < deadline, "the query goes on"
        time.sleep(0.1)
    assert opened.ask("ASK { ?s ?p ?o }")


def test_labels_fall_back(data: polcoop.Connection) -> None:
    assert data.label("agent:cn") == "China"
    assert data.label(CHINA, "fr") == "Chine"
    assert data.label(CHINA, "zh-Hans") == "中国"
    assert data.label(CHINA, "de") == "China"
    assert data.label("agent:nobody") is None
    assert data.labels([CHINA, polcoop.iri("agent:fr")], "fr") == {
        CHINA: "Chine",
        polcoop.iri("agent:fr"): "France",
    }
    with pytest.raises(UsageError, match="unknown prefix"):
        data.label("china:x")


def test_the_evidence_of_a_fact(data: polcoop.Connection) -> None:
    (row,) = data.evidence("statistic:cn-extradition-treaties-ratified-2022-12")
    assert (row.claim.curie, row.page, row.footnote) == ("claim:p14-26", 14, 73)
    assert row.modality == "conditional"
    assert row.source == "China Expands System of Extradition Treaties"
    assert row.work.curie.startswith("work:")
    assert data.evidence("claim:p14-26", "fr")[0].modality == "conditionnel"
    with pytest.raises(UsageError, match="no claim establishes"):
        data.evidence("agent:cn")


def test_the_item_of_wikidata(data: polcoop.Connection) -> None:
    assert data.wikidata("agent:cn") == "http://www.wikidata.org/entity/Q148"
    assert data.wikidata("claim:p14-26") is None


def test_tables_show_labels(data: polcoop.Connection) -> None:
    result = data.select("SELECT ?x { VALUES ?x { agent:cn wd:Q148 } }")
    html = result._repr_html_()
    assert f'<a href="{CHINA}" title="agent:cn">China</a>' in html
    assert ">wd:Q148</a>" in html


def test_files_of_your_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.ttl"
    file.write_text('<http://example.org/a> <http://example.org/p> "x"@fr .', encoding="utf-8")
    with polcoop.open(file, prefixes={"ex": "http://example.org/"}) as mine:
        assert mine.select("SELECT ?o { ex:a ex:p ?o }")[0].o.language == "fr"
    file.write_text("<a> <b> .", encoding="utf-8")
    with pytest.raises(ParseError, match=r"mine\.ttl:1"):
        polcoop.open(file)
    with pytest.raises(SourceError, match="no file"):
        polcoop.open(tmp_path / "nothing.ttl")
