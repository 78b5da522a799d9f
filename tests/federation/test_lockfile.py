"""The federation lockfile, by the command: recorded, replayed without a network, refreshed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from strange import StrangeServer, Visit, results

Run = Callable[..., subprocess.CompletedProcess[str]]

DATA = """@prefix ex: <http://example.org/> .
ex:fr ex:same ex:Q1 . ex:it ex:same ex:Q2 .
"""
POPULATION = {"Q1": "68", "Q2": "59"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[StrangeServer]:
    server = StrangeServer()
    yield server
    server.close()


def population(server: StrangeServer, known: dict[str, str], *, backwards: bool = False) -> None:
    """Let the endpoint know these, in this order or the other."""

    async def answer(visit: Visit) -> None:
        rows = [
            {"x": f"http://example.org/{name}", "pop": {"type": "literal", "value": value}}
            for name, value in known.items()
        ]
        await visit.answer(results(["x", "pop"], rows[:: -1 if backwards else 1]))

    server.behaviour = answer


@pytest.fixture(autouse=True)
def behaved(endpoint: StrangeServer) -> None:
    population(endpoint, POPULATION)
    endpoint.visits.clear()


def prepared(folder: Path, endpoint: StrangeServer) -> Path:
    """Put data and a query into a folder."""
    (folder / "data.ttl").write_text(DATA, encoding="utf-8")
    query = f"""PREFIX ex: <http://example.org/>
SELECT ?c ?pop {{ ?c ex:same ?x SERVICE SILENT <{endpoint.url}> {{ ?x ex:population ?pop }} }} ORDER BY ?c"""
    (folder / "q.rq").write_text(query, encoding="utf-8")
    return folder


def asking(polcoop: Run, folder: Path, endpoint: StrangeServer) -> Run:
    """Run ``polcoop query`` with the query of the folder."""
    environment = {
        "POLCOOP_FEDERATION_ENDPOINTS": endpoint.url,
        "POLCOOP_FEDERATION_PRIVATE": "true",
        "POLCOOP_FEDERATION_CACHE": str(folder / "cache.sqlite"),
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return polcoop(
            "query", "q.rq", "--data", "data.ttl", "-f", "csv", *arguments, cwd=folder, env=environment | more
        )

    return run


@pytest.fixture(scope="module")
def recorded(polcoop: Run, endpoint: StrangeServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lockfile, as ``--record`` writes it."""
    folder = prepared(tmp_path_factory.mktemp("recorded"), endpoint)
    population(endpoint, POPULATION)
    assert text(asking(polcoop, folder, endpoint)("--record", "lock.json")) == ANSWER
    return folder / "lock.json"


@pytest.fixture
def folder(tmp_path: Path, endpoint: StrangeServer) -> Path:
    return prepared(tmp_path, endpoint)


@pytest.fixture
def lock(folder: Path, recorded: Path, endpoint: StrangeServer) -> Path:
    """The lockfile in the folder, where it may be changed."""
    endpoint.visits.clear()
    return Path(shutil.copy(recorded, folder))


@pytest.fixture
def ask(polcoop: Run, folder: Path, endpoint: StrangeServer) -> Run:
    """Run ``polcoop query`` in the folder."""
    return asking(polcoop, folder, endpoint)


ANSWER = "c,pop\nhttp://example.org/fr,68\nhttp://example.org/it,59\n"


def text(done: subprocess.CompletedProcess[str]) -> str:
    """Standard output of a command that went well."""
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\r\n", "\n")


def test_recorded_and_replayed(ask: Run, lock: Path, endpoint: StrangeServer) -> None:
    (entry,) = json.loads(lock.read_text(encoding="utf-8"))["answers"]
    assert entry["endpoint"] == endpoint.url
    assert len(entry["sha256"]) == 64
    assert entry["time"].endswith("+00:00")
    assert len(entry["results"]["results"]["bindings"]) == 2
    assert text(ask("--replay", "lock.json")) == ANSWER
    assert endpoint.visits == [], "nobody is asked"


def test_the_same_answers_make_the_same_file(
    ask: Run, folder: Path, lock: Path, endpoint: StrangeServer
) -> None:
    population(endpoint, POPULATION, backwards=True)
    text(ask("--record", "two.json"))
    first, second = (
        [line for line in file.read_text(encoding="utf-8").splitlines() if '"time"' not in line]
        for file in (lock, folder / "two.json")
    )
    assert first == second
    assert len(first) > 30, "a line a member: a diff shows what changed"


def test_what_was_not_recorded_is_a_clear_error(
    ask: Run, folder: Path, lock: Path, endpoint: StrangeServer
) -> None:
    (folder / "data.ttl").write_text(DATA + "ex:de ex:same ex:Q3 .", encoding="utf-8")
    done = ask("--replay", lock.name)
    assert done.returncode == 3
    assert f"lock.json has no answer of <{endpoint.url}> to what this query asks it" in done.stderr
    assert "--record" in done.stderr
    assert endpoint.visits == [], "nobody was asked, and SILENT did not hide it"


def test_refresh_tells_the_drift_row_by_row(ask: Run, lock: Path, endpoint: StrangeServer) -> None:
    same = ask("--refresh", "lock.json")
    assert text(same) == ANSWER
    assert same.stderr == "lock.json: no drift\n"
    before = lock.read_text(encoding="utf-8")
    population(endpoint, {"Q1": "69", "Q2": "59"})
    done = ask("--refresh", "lock.json")
    assert text(done) == ANSWER.replace("68", "69")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"<{endpoint.url}> PREFIX ex:")
    assert [line[:2] for line in lines[1:]] == ["- ", "+ "]
    assert '"68"' in lines[1]
    assert '"69"' in lines[2]
    assert lock.read_text(encoding="utf-8") != before
    assert text(ask("--replay", "lock.json")) == ANSWER.replace("68", "69")


def test_a_refresh_that_fails_leaves_the_lockfile_as_it_is(
    ask: Run, folder: Path, lock: Path, endpoint: StrangeServer
) -> None:
    query = folder / "q.rq"
    query.write_text(query.read_text(encoding="utf-8").replace("SILENT ", ""), encoding="utf-8")
    endpoint.behaviour = lambda visit: visit.answer(b"no", "400 Bad Request")
    before = lock.read_bytes()
    assert ask("--refresh", "lock.json").returncode == 3
    assert lock.read_bytes() == before


def test_a_failure_that_was_silenced_is_recorded_too(ask: Run, endpoint: StrangeServer) -> None:
    endpoint.behaviour = lambda visit: visit.answer(b"no", "400 Bad Request")
    nothing = "c,pop\nhttp://example.org/fr,\nhttp://example.org/it,\n"
    assert text(ask("--record", "lock.json")) == nothing
    population(endpoint, POPULATION)
    assert text(ask("--replay", "lock.json")) == nothing
    done = ask("--refresh", "lock.json")
    assert text(done) == ANSWER
    assert "- failure: " in done.stderr


def test_a_lockfile_that_was_changed_by_hand_is_refused(ask: Run, lock: Path) -> None:
    lock.write_text(lock.read_text(encoding="utf-8").replace('"68"', '"86"'), encoding="utf-8")
    done = ask("--replay", "lock.json")
    assert done.returncode == 3
    assert "does not have the hash that stands beside it" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--replay", "none.json"], 3, "none.json cannot be read"),
        (["--replay", "data.ttl"], 3, "not a federation lockfile"),
        (["--record", "a", "--replay", "q.rq"], 2, "exclude each other"),
        (["--record", "none/lock.json"], 3, "cannot be written"),
    ],
)
def test_wrong_use(ask: Run, arguments: list[str], code: int, words: str) -> None:
    done = ask(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_switched_off(ask: Run) -> None:
    done = ask(POLCOOP_FEDERATION="false")
    assert done.returncode == 2
    assert "SERVICE (line 2, column 32) is refused: this endpoint asks no other one" in done.stderr
    assert ask("--record", "lock.json", POLCOOP_FEDERATION="false").returncode == 2


def test_explain(ask: Run, endpoint: StrangeServer) -> None:
    first, second = ask("--explain"), ask("--explain")
    assert text(first) == text(second) == ANSWER
    assert f"SERVICE <{endpoint.url}> (line 2)" in first.stderr
    assert "2 values of ?x, in 1 batches (0 cached)" in first.stderr
    assert "2 values of ?x, in 1 batches (1 cached)" in second.stderr
    assert len(endpoint.visits) == 1


def test_without_a_network_the_error_says_so(ask: Run, folder: Path) -> None:
    nowhere = "https://query.wikidata.invalid/sparql"
    (folder / "q.rq").write_text(f"SELECT * {{ SERVICE <{nowhere}> {{ ?x ?y 1 }} }}", encoding="utf-8")
    done = ask(POLCOOP_FEDERATION_ENDPOINTS=f"http://example.org/sparql, {nowhere}")
    assert done.returncode == 3, done.stderr
    assert f"<{nowhere}>: the address of query.wikidata.invalid cannot be found" in done.stderr
    assert "connected to the network" in done.stderr
