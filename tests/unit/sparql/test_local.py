"""The pool of worker processes: real stores, real processes, real kills."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import math
import os
import re
import signal
import time
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from polcoop.errors import (
    EngineFailure,
    NotAcceptable,
    Overloaded,
    PolcoopError,
    QueryError,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    ResultTooLarge,
    SourceError,
    Throttled,
)
from polcoop.formats import CSV, JSON, RDFXML, XML, Format
from polcoop.sparql.engine import Dataset, Limits
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.process import Worker
from polcoop.sparql.query import Bounds, Query
from serving import Listener

MEMORY = 1 << 28
EX = "http://example.org/"
LIGHT = f"SELECT ?o {{ <{EX}7> <{EX}p> ?o }}"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 3,000 triples in two graphs and one outside."""
    path = tmp_path_factory.mktemp("engine") / "store"
    filled = Store(str(path))
    graphs = [NamedNode(f"{EX}odd"), NamedNode(f"{EX}even")]
    for number in range(2999):
        subject, value = NamedNode(f"{EX}{number}"), Literal(str(number))
        filled.add(Quad(subject, NamedNode(f"{EX}p"), value, graphs[number % 2 == 0]))
    filled.add(Quad(NamedNode(f"{EX}outside"), NamedNode(f"{EX}p"), Literal("outside")))
    filled.flush()
    return path


def with_engine(
    store: Path,
    test: Callable[[LocalEngine], Awaitable[None]],
    workers: int = 1,
    memory: int = MEMORY,
    **options: float,
) -> None:
    """Run ``test`` with an engine; see that no process outlives it."""

    async def run() -> set[int]:
        seen: set[int] = set()
        capacity = Capacity(workers=workers, memory=memory, **options)  # type: ignore[arg-type]
        async with LocalEngine(store, capacity) as engine:
            await until(lambda: len(engine.pids) == workers)
            await test(engine)
            seen |= engine.pids
        return seen

    for pid in asyncio.run(run()):
        assert not Path(f"/proc/{pid}").exists()


async def ask(
    engine: LocalEngine,
    text: str,
    form: Format = JSON,
    seconds: float = 30,
    graphs: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> bytes:
    """The whole result."""
    query = Query.parse(text, Bounds(length=1 << 24, depth=1 << 20, parts=1 << 24)).with_dataset(*graphs)
    result = await engine.query(query, form, Limits(seconds))
    return b"".join([chunk async for chunk in result.chunks()])


def request(text: str, seconds: float) -> bytes:
    """A request to a worker, written by hand: no guard has seen it, and no parent keeps its deadline."""
    members = {"text": text, "seconds": seconds, "format": "json", "has_dataset": False, "bytes": None}
    return json.dumps(members | {"default_graphs": None, "named_graphs": None}).encode()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in its own time."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def count(answer: bytes) -> int:
    """The number in a result of one row."""
    return int(json.loads(answer)["results"]["bindings"][0]["n"]["value"])


def test_the_dataset_is_the_requests_else_the_texts_else_the_union(store: Path) -> None:
    odd, even = f"{EX}odd", f"{EX}even"
    plain, named = (
        "SELECT (COUNT(*) AS ?n) {} {{ ?s ?p ?o }}",
        "SELECT (COUNT(*) AS ?n) {} {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    )

    async def test(engine: LocalEngine) -> None:
        async def counted(
            pattern: str, clause: str = "", default: tuple[str, ...] = (), names: tuple[str, ...] = ()
        ) -> int:
            return count(await ask(engine, pattern.format(clause), graphs=(default, names)))

        assert await counted(plain) == 3000
        assert await counted(named) == 2999
        assert await counted(plain, f"FROM <{odd}>") == 1499
        assert await counted(named, f"FROM <{odd}>") == 0
        assert await counted(named, f"FROM NAMED <{even}>") == 1500
        assert await counted(plain, f"FROM <{odd}>", (even,)) == 1500
        assert await counted(plain, "", (odd, even)) == 2999
        assert await counted(named, "", (odd,)) == 0
        assert await counted(plain, "", (), (odd,)) == 0
        assert await counted(named, f"FROM NAMED <{even}>", (), (odd,)) == 1499
        assert await counted(plain, "", ("http://nowhere.invalid/", "file:///etc/passwd")) == 0
        with pytest.raises(QueryError, match="IRI"):
            await counted(plain, "", ("not an iri",))

    with_engine(store, test)


def test_errors_of_the_query_leave_the_worker_in_place(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        pids = engine.pids
        for text, error, words in [
            ("SELECT * { ?s ?p }", QuerySyntaxError, "expected a term or variable, found '}'"),
            ("SELECT * {", QuerySyntaxError, "expected '}', found the end of the text"),
            ("SELECT * { ?s a skos:Concept }", QuerySyntaxError, "the prefix skos: is not declared"),
            ("SELECT * { ?s ?p ", QuerySyntaxError, "expected '}', found the end of the text"),
            (
                'SELECT (COUNT(?s AS ?n) { ?s ?p "}" }',
                QuerySyntaxError,
                "expected ')', found the end of the text",
            ),
            ("SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }", QuerySyntaxError, "a variable that is unbound"),
            ("SELECT (<a:f>(1) AS ?x) {}", QueryError, "custom function <a:f> is not supported"),
        ]:
            with pytest.raises(error, match=re.escape(words)):
                await ask(engine, text)
        assert b'"7"' in await ask(engine, LIGHT)
        assert engine.pids == pids

    with_engine(store, test)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('SELECT ("a\\u0001b" AS ?x) {}', XML),
        ('SELECT ("a\\uFFFEb" AS ?x) {}', XML),
        ('CONSTRUCT { <a:a> <a:b> "\\u0008" } {}', RDFXML),
        (f"CONSTRUCT {{ <a:a> <{EX}1> 'x' }} {{}}", RDFXML),
    ],
)
def test_what_xml_cannot_carry_is_refused_and_not_sent_broken(store: Path, text: str, form: Format) -> None:
    async def test(engine: LocalEngine) -> None:
        with pytest.raises(NotAcceptable, match="XML cannot carry"):
            await ask(engine, text, form)

    with_engine(store, test)


@pytest.mark.parametrize("text", [RUNAWAY, LARGE + "#" * 70_000], ids=["silent", "streaming"])
def test_a_query_ends_at_its_deadline_and_its_process_with_it(store: Path, text: str) -> None:
    async def test(engine: LocalEngine) -> None:
        before = engine.pids
        with pytest.raises(QueryTimeout, match=r"after 0\.5 seconds"):
            await ask(engine, text, seconds=0.5)
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
        assert b'"7"' in await ask(engine, LIGHT)
        assert len(engine.pids) == 1

    with_engine(store, test)


def test_others_are_answered_while_one_runs_away(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        runaway = asyncio.create_task(ask(engine, RUNAWAY, seconds=60))
        await asyncio.sleep(0.2)
        for _ in range(50):
            assert b'"7"' in await ask(engine, LIGHT)
        assert not runaway.done()
        runaway.cancel()

    with_engine(store, test, workers=2)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("ASK " + "{" * 100_000 + "}" * 100_000, QueryTooLarge, "overflowed the stack"),
        (
            f"SELECT (GROUP_CONCAT(CONCAT(?c, '{'x' * 60_000}')) AS ?n) {{ ?a ?b ?c . ?d ?e ?f }}",
            EngineFailure,
            r"ended \(SIGABRT",
        ),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i", EngineFailure, r"ended \(SIGABRT"),
    ],
    ids=["stack", "memory", "sort"],
)
def test_a_query_that_kills_its_process_costs_itself_alone(
    store: Path, text: str, error: type[PolcoopError], words: str
) -> None:
    async def test(engine: LocalEngine) -> None:
        before = engine.pids
        with pytest.raises(error, match=words):
            await ask(engine, text, seconds=120)
        assert b'"7"' in await ask(engine, LIGHT)
        await until(lambda: len(engine.pids) == 2)
        assert len(engine.pids & before) == 1

    # Less than elsewhere: it takes its time to fill.
    with_engine(store, test, workers=2, memory=MEMORY // 4)


def test_a_worker_that_dies_idle_is_replaced_unnoticed(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not engine.pids)
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test)


def test_dead_workers_are_replaced_before_anybody_asks(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        before = engine.pids
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: len(engine.pids - before) == 3)

    with_engine(store, test, workers=3)


def test_a_long_query_makes_way_and_its_worker_is_retired(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        pattern = "?a ?b ?c . ?d ?e ?f FILTER(?c < '15' && CONTAINS(CONCAT(?c, ?f, ?c, ?f), 'x'))"
        task = asyncio.create_task(ask(engine, f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", seconds=100))
        await until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 19)
        assert count(await task) == 0
        await until(lambda: len(engine.pids - {pid}) == 1)
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test, grace=0.1)


def test_without_room_a_long_query_has_its_time_before_one_is_ended(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        task = asyncio.create_task(ask(engine, RUNAWAY, seconds=60))
        had = 0.0
        while not task.done():
            with contextlib.suppress(OSError):
                # Its processor's clock, as clock_getcpuclockid(3) names it.
                had = time.clock_gettime(~pid << 3 | 2)
            await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="to make room"):
            await task
        assert had > 0.8 * 1.5

    with_engine(store, test, long=0, grace=1.5)


def test_a_worker_that_dies_in_mid_result_breaks_the_result(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        result = await engine.query(Query.parse(LARGE), CSV, Limits(60))
        assert result.length is None
        for pid in engine.pids:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineFailure):
            _ = [chunk async for chunk in result.chunks()]
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test)


def test_closing_a_result_early_ends_its_query(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        result = await engine.query(Query.parse(LARGE), CSV, Limits(60))
        await result.aclose()
        await result.aclose()
        await until(lambda: not Path(f"/proc/{pid}").exists())
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test)


def test_a_result_closed_while_its_pipe_is_full_gives_way_to_another_worker(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        result = await engine.query(Query.parse(LARGE), CSV, Limits(60))
        await asyncio.sleep(1)  # until more has come than anybody has asked for
        await result.aclose()
        await until(lambda: not Path(f"/proc/{pid}").exists())
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test)


def test_a_result_is_gone_as_soon_as_nobody_holds_it(store: Path) -> None:
    """What waits for the garbage collector keeps buffers and compressors, megabytes for each query."""

    async def test(engine: LocalEngine) -> None:
        for text, ended in ((LIGHT, False), (LARGE, True)):
            result = await engine.query(Query.parse(text), CSV, Limits(60))
            kept = weakref.ref(result)
            if ended:
                result.shed()
            with contextlib.suppress(Overloaded):
                async for _ in result.chunks():
                    pass
            del result
            await until(lambda kept=kept: kept() is None)  # type: ignore[misc]

    gc.disable()
    try:
        with_engine(store, test)
    finally:
        gc.enable()


def test_cancelling_a_query_ends_it(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        task = asyncio.create_task(ask(engine, RUNAWAY, seconds=60))
        await asyncio.sleep(0.3)
        task.cancel()
        await until(lambda: not Path(f"/proc/{pid}").exists())
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test)


def test_a_reader_that_stops_reading_is_cut_off_at_the_deadline(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        (pid,) = engine.pids
        result = await engine.query(Query.parse(LARGE), CSV, Limits(1))
        await until(lambda: not Path(f"/proc/{pid}").exists())
        with pytest.raises(QueryTimeout):
            _ = [chunk async for chunk in result.chunks()]

    with_engine(store, test)


def test_too_many_queries_are_turned_away(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        tasks = [asyncio.create_task(ask(engine, RUNAWAY, seconds=60)) for _ in range(2)]
        await asyncio.sleep(0.2)
        with pytest.raises(Overloaded, match="too many"):
            await ask(engine, LIGHT)
        with pytest.raises(Overloaded, match="busy"):
            await tasks[1]
        tasks[0].cancel()

    with_engine(store, test, queue=1, patience=1.0, grace=math.inf)


def test_light_queries_pass_as_many_long_ones_as_there_are_workers(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        runaways = [asyncio.create_task(ask(engine, RUNAWAY, seconds=60)) for _ in range(2)]
        await until(lambda: engine.telemetry.busy == 2)
        # Nothing but what is set aside makes room.
        for _ in range(20):
            assert b'"7"' in await ask(engine, LIGHT)
        assert not any(task.done() for task in runaways)
        await until(lambda: len(engine.pids) == 4)
        for task in runaways:
            task.cancel()

    with_engine(store, test, workers=2, long=2, grace=0.3, patience=60)


def test_where_too_many_are_long_the_client_with_most_loses_its_youngest(store: Path) -> None:
    async def long(engine: LocalEngine, client: str) -> None:
        await engine.query(Query.parse(RUNAWAY), JSON, Limits(60, client=client))

    async def test(engine: LocalEngine) -> None:
        tasks = []
        for client in ("greedy", "greedy", "modest"):
            aside = len(engine._aside)
            tasks.append(asyncio.create_task(long(engine, client)))
            await until(lambda aside=aside: len(engine._aside) > min(aside, 1))  # type: ignore[misc]
        with pytest.raises(Overloaded, match="to make room"):
            await tasks[1]
        assert [each.client for each in engine._aside] == ["greedy", "modest"]
        with pytest.raises(Overloaded, match="to make room"):
            await long(engine, "greedy")
        assert not tasks[0].done()
        assert not tasks[2].done()
        for task in tasks:
            task.cancel()

    with_engine(store, test, workers=1, long=2, grace=0.2, patience=60)


def test_a_client_has_its_share(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        runaway = asyncio.create_task(ask(engine, RUNAWAY, seconds=60))
        await until(lambda: engine.telemetry.busy == 1)
        with pytest.raises(Throttled, match="1 queries in flight"):
            await ask(engine, LIGHT)
        other = await engine.query(Query.parse(LIGHT), CSV, Limits(30, client="another"))
        assert b"".join([chunk async for chunk in other.chunks()]).split() == [b"o", b"7"]
        runaway.cancel()
        await asyncio.gather(runaway, return_exceptions=True)
        assert b'"7"' in await ask(engine, LIGHT)

    with_engine(store, test, workers=2, share=1)


def test_a_result_that_is_too_large_is_refused_or_broken_off(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        pids = engine.pids
        with pytest.raises(ResultTooLarge, match="more than 1,000 bytes"):
            await engine.query(Query.parse(LARGE), CSV, Limits(60, bytes=1000))
        result = await engine.query(Query.parse(LARGE), CSV, Limits(60, bytes=1_000_000))
        received = 0
        with pytest.raises(ResultTooLarge):  # noqa: PT012
            async for chunk in result.chunks():
                received += len(chunk)
        assert 900_000 < received <= 1_000_000
        light = await engine.query(Query.parse(LIGHT), CSV, Limits(30, bytes=6))
        assert light.length == 6
        assert engine.pids == pids

    with_engine(store, test)


def test_queries_behind_a_long_one_are_answered_by_others(store: Path) -> None:
    """Where many wait, a worker gets several at once; whatever becomes of the first is not their matter."""

    async def test(engine: LocalEngine) -> None:
        ends = ["deadline", "killed", "left"]
        for end in ends:
            blocked = [asyncio.create_task(ask(engine, RUNAWAY, seconds=60)) for _ in range(2)]
            await until(lambda: engine.telemetry.busy == 2)
            long = asyncio.create_task(ask(engine, RUNAWAY, seconds=1 if end == "deadline" else 60))
            light = [asyncio.create_task(ask(engine, LIGHT)) for _ in range(30)]
            await asyncio.sleep(0)
            for task in blocked:
                task.cancel()
            if end == "killed":
                await until(lambda: engine.telemetry.busy > 0)
                for pid in engine.pids:
                    os.kill(pid, signal.SIGKILL)
            answers = await asyncio.gather(*light, return_exceptions=True)
            lost = [answer for answer in answers if isinstance(answer, BaseException)]
            # A kill costs no more than what the workers were at.
            assert len(lost) <= (2 if end == "killed" else 0), lost
            assert all(b'"7"' in answer for answer in answers if isinstance(answer, bytes))
            if end != "deadline":
                long.cancel()
            await asyncio.gather(long, *blocked, return_exceptions=True)

    with_engine(store, test, workers=2, grace=30.0, patience=60)


def test_another_dataset_is_taken_up_while_queries_end_on_the_one_before(store: Path, tmp_path: Path) -> None:
    other = Store(str(tmp_path / "other"))
    other.add(Quad(NamedNode(f"{EX}7"), NamedNode(f"{EX}p"), Literal("new")))
    other.flush()
    del other

    async def test(engine: LocalEngine) -> None:
        old = engine.pids
        result = await engine.query(Query.parse(LARGE), CSV, Limits(60))
        with pytest.raises(SourceError):
            await engine.switch(Dataset(tmp_path / "nothing", "bad"))
        assert engine.dataset.store == store
        await engine.switch(Dataset(tmp_path / "other", "new"))
        assert engine.dataset.version == "new"
        assert b'"new"' in await ask(engine, LIGHT)
        chunks = result.chunks()
        assert (await anext(chunks)).startswith(b"a,b,c")
        assert engine.pids & old
        await result.aclose()
        await until(lambda: not engine.pids & old)

    with_engine(store, test, workers=2)


def test_large_results_arrive_whole(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        answer = await ask(engine, "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f FILTER(STRSTARTS(?c, '12')) }", CSV)
        assert answer.count(b"\r\n") == 1 + 111 * 3000
        assert answer.endswith(b"\r\n")

    with_engine(store, test)


def test_concurrent_queries_get_their_own_answers(store: Path) -> None:
    async def test(engine: LocalEngine) -> None:
        texts = [f"SELECT ?o {{ <{EX}{number}> ?p ?o }}" for number in range(300)]
        answers = await asyncio.gather(*(ask(engine, text, CSV) for text in texts))
        assert [answer.split() for answer in answers] == [
            [b"o", str(number).encode()] for number in range(300)
        ]

    with_engine(store, test, workers=3, queue=1000)


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    async def start(path: Path) -> None:
        async with LocalEngine(path, Capacity(workers=2)):
            pass

    with pytest.raises(SourceError, match="cannot be opened"):
        asyncio.run(start(tmp_path / "nothing"))
    (tmp_path / "file").write_text("no store", encoding="utf-8")
    with pytest.raises(SourceError, match="cannot be opened"):
        asyncio.run(start(tmp_path / "file"))


def test_a_worker_cannot_leave_even_when_the_guard_is_passed_by(store: Path) -> None:
    listener = Listener()

    async def test() -> list[bytes]:
        worker = await Worker.start(store, MEMORY)
        answers = []
        for text in (f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}", LIGHT):
            exchange = worker.ask(request(text, 10))
            kind, payload = await exchange.frame()
            answers.append(kind + payload)
        worker.kill()
        await worker.ended()
        return answers

    refused, answered = asyncio.run(test())
    assert refused.startswith(b"X")
    assert b"Too many open files" in refused
    assert answered.startswith(b"W")
    assert listener.visits == 0
    listener.close()


def test_a_worker_whose_parent_is_gone_ends_by_itself(store: Path) -> None:
    async def test() -> None:
        worker = await Worker.start(store, MEMORY)
        worker.ask(request(RUNAWAY, 0.1))
        async with asyncio.timeout(30):
            assert await worker.ended() == "SIGALRM"

    asyncio.run(test())


def test_every_error_knows_its_status() -> None:
    def tree(kind: type[PolcoopError]) -> list[type[PolcoopError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]

    for kind in tree(QueryError):
        assert 400 <= kind.status < 500, kind
    for kind in (QueryTimeout, EngineFailure, Overloaded):
        assert 500 <= kind.status < 600, kind
