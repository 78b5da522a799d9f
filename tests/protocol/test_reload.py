"""What happens to the server while it runs: a new version of the dataset, faults of the disk, workers that
are killed, many kinds of clients at once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from serving import Server, serving

Run = Callable[..., subprocess.CompletedProcess[str]]
LABEL = "http://www.w3.org/2000/01/rdf-schema#comment"
MARKED = f"ASK {{ GRAPH ?g {{ ?s <{LABEL}> 'mark %s' }} }}"
COUNTING = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SOAK_SECONDS = float(os.environ.get("POLCOOP_SOAK_SECONDS", "5"))


@dataclass
class Live:
    """A server over a small project that changes."""

    server: Server
    project: Path
    out: Path
    polcoop: Run

    def mark(self, mark: int) -> None:
        """Change the data."""
        path = self.project / "instances" / "facts.ttl"
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if "mark " not in line]
        path.write_text("\n".join([*kept, f"<http://example.org/> <{LABEL}> 'mark {mark}' .", ""]), "utf-8")

    def compile(self) -> subprocess.CompletedProcess[str]:
        """Compile the project where the server looks."""
        return self.polcoop("compile", "--root", self.project, "--out", self.out)

    def has(self, mark: int, extra: str = "") -> bool:
        """Whether the server answers from the data with this mark."""
        return self.get(f"{MARKED % mark} {extra}").json()["boolean"] is True

    def get(self, query: str, **headers: str) -> httpx2.Response:
        """Ask."""
        return httpx2.get(
            self.server.sparql, params={"query": query}, headers=headers, trust_env=False, timeout=60
        )


def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in its own time."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def live(root: Path, polcoop: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running server, its project and the place of its dataset."""
    folder = tmp_path_factory.mktemp("live")
    shutil.copytree(root / "tests" / "fixtures" / "small", folder / "small")
    shutil.copytree(root / "queries" / "derive", folder / "small" / "queries" / "derive")
    dataset = Live(Server("", None), folder / "small", folder / "out", polcoop)  # type: ignore[arg-type]
    dataset.mark(0)
    done = dataset.compile()
    assert done.returncode == 0, done.stderr
    limits = {"PATIENCE": "2", "SHARE": "1000", "QUEUE": "1000", "CACHE": "4"}
    limits = {f"POLCOOP_{name}": value for name, value in limits.items()}
    with serving("--dataset", dataset.out, "--workers", "2", "--timeout", "20", **limits) as running:
        dataset.server = running
        yield dataset


def test_a_new_version_is_served_without_one_failed_request(live: Live) -> None:
    old = live.get(MARKED % 0)
    assert old.json()["boolean"] is True
    live.mark(1)

    async def run() -> tuple[Counter[tuple[int, bool]], bool]:
        answers: Counter[tuple[int, bool]] = Counter()
        compiled = asyncio.Event()

        async def ask(number: int) -> None:
            async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
                for count in range(100_000):
                    # Every other one from the cache.
                    extra = f"#{number} {count}" if count % 2 else ""
                    parameters = {"query": f"{MARKED % 1} {extra}"}
                    response = await client.get(live.server.sparql, params=parameters)
                    new = response.json().get("boolean", False)
                    answers[response.status_code, new] += 1
                    if compiled.is_set() and new:
                        return

        async def stream() -> bool:
            """A query that began on the old version, and goes on when the new one is served."""
            parameters = {"query": ENDLESS, "format": "csv"}
            async with (
                httpx2.AsyncClient(trust_env=False, timeout=60) as client,
                client.stream("GET", live.server.sparql, params=parameters) as response,
            ):
                async for _ in response.aiter_raw():
                    if compiled.is_set() and answers[200, True]:
                        return True
            return False

        tasks = [asyncio.create_task(ask(number)) for number in range(4)]
        streaming = asyncio.create_task(stream())
        done = await asyncio.to_thread(live.compile)
        assert done.returncode == 0, done.stderr
        compiled.set()
        await asyncio.gather(*tasks)
        return answers, await streaming

    answers, streamed = asyncio.run(run())
    assert set(answers) == {(200, False), (200, True)}, answers
    assert streamed
    new = live.get(MARKED % 0, **{"If-None-Match": old.headers["etag"]})
    assert new.status_code == 200
    assert new.json()["boolean"] is False
    assert (
        f"{json.loads((live.out / 'current' / 'manifest.json').read_text())['version'][:12]}"
        in httpx2.get(live.server.url, trust_env=False).text
    )


def test_a_version_that_cannot_be_opened_is_not_taken_up(live: Live) -> None:
    good = (live.out / "current").readlink()
    bad = live.out / "bad"
    shutil.copytree(live.out / good, bad)
    for table in (bad / "store").glob("*"):
        table.write_bytes(b"damaged")
    link = live.out / ".bad"
    link.symlink_to("bad")
    link.replace(live.out / "current")
    try:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert live.has(1, extra=f"#{time.monotonic()}")
    finally:
        link.symlink_to(good)
        link.replace(live.out / "current")
        shutil.rmtree(bad)


@pytest.mark.parametrize("size", [8, 16, 40], ids=["inferring", "dataset", "store"])
def test_a_disk_that_is_full_leaves_the_old_version(live: Live, size: int) -> None:
    """The limit on the size of files stands for the disk; whatever is written fails halfway."""
    before, listed = (live.out / "current").readlink(), sorted(live.out.iterdir())
    live.mark(2)
    command = f'ulimit -f {size}; exec "{sys.executable}" -m polcoop compile --root "$1" --out "$2"'
    done = subprocess.run(
        ["/bin/bash", "-c", command, "bash", str(live.project), str(live.out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert (live.out / "current").readlink() == before
    assert sorted(live.out.iterdir()) == listed
    assert live.has(1, extra=f"#full {size}")


def test_a_disk_that_has_room_again(live: Live) -> None:
    live.mark(2)
    assert live.compile().returncode == 0
    until(lambda: live.has(2, extra=f"#{time.monotonic()}"))


def test_a_store_that_cannot_be_read_is_told_and_got_over(live: Live) -> None:
    store = (live.out / "current").resolve() / "store"
    away = live.out / "away"
    store.rename(away)
    try:
        for pid in live.server.workers:
            os.kill(pid, signal.SIGKILL)
        response = live.get(f"{MARKED % 2} #unreadable")
        # The first one may still have found a worker that was being killed.
        assert response.status_code in {500, 503}
        response = live.get(f"{MARKED % 2} #unreadable, again")
        assert response.status_code == 503
        assert response.json()["title"] == "Too busy"
        assert "retry-after" in response.headers
    finally:
        away.rename(store)
    until(lambda: live.get(f"{MARKED % 2} #{time.monotonic()}").status_code == 200)


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def memory(server: Server) -> int:
    """Resident bytes of the server itself."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_crowd_of_all_kinds_leaves_the_server_as_it_was(live: Live) -> None:
    """A short soak; POLCOOP_SOAK_SECONDS makes it a long one."""
    chance = random.Random(20230501)  # noqa: S311 - the same crowd every time
    until(lambda: len(live.server.workers) == 2)
    assert live.get(MARKED % 2).status_code == 200
    before, taken = descriptors(live.server), memory(live.server)
    end = time.monotonic() + SOAK_SECONDS

    async def client(number: int, outcomes: Counter[str]) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            count = 0
            while time.monotonic() < end:
                count += 1
                kind = chance.choice(
                    ["light", "light", "light", "known", "heavy", "endless", "leaves", "wrong"]
                )
                query = {
                    "light": f"{MARKED % 2} #{number} {count}",
                    "known": MARKED % 2,
                    "wrong": "SELECT * {",
                    "endless": ENDLESS,
                }.get(kind, COUNTING)
                parameters = {"query": query, "timeout": "1"}
                try:
                    async with asyncio.timeout(0.2 if kind == "leaves" else 60):
                        response = await http.get(live.server.sparql, params=parameters)
                        outcomes[f"{kind} {response.status_code}"] += 1
                except (TimeoutError, httpx2.RemoteProtocolError) as error:
                    outcomes[f"{kind} {type(error).__name__}"] += 1

    async def kill() -> None:
        while time.monotonic() < end:
            await asyncio.sleep(1)
            for pid in list(live.server.workers)[:1]:
                os.kill(pid, signal.SIGKILL)

    async def run() -> Counter[str]:
        outcomes: Counter[str] = Counter()
        await asyncio.gather(kill(), *(client(number, outcomes) for number in range(8)))
        return outcomes

    outcomes = asyncio.run(run())
    possible = {
        "light": {"200", "500", "503"},  # 500: its worker was killed
        "known": {"200"},
        "heavy": {"500", "503"},
        "endless": {"RemoteProtocolError", "500", "503"},
        "leaves": {"TimeoutError", "500", "503"},
        "wrong": {"400", "500", "503"},
    }
    for outcome in outcomes:
        kind, _, how = outcome.partition(" ")
        assert how in possible[kind], outcomes
    assert outcomes["light 200"] > 0
    assert outcomes["known 200"] > 0
    until(lambda: len(live.server.workers) == 2)
    assert live.has(2, extra="#after")
    until(lambda: descriptors(live.server) <= before + 2)
    # The cache, the requests that are remembered, and what the allocator keeps; however long it goes on.
    assert memory(live.server) - taken < 60_000_000
