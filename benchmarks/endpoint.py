"""How fast the endpoint answers, beside the native oxigraph server and rdflib-endpoint: the same data, the
same queries, the same run.

The servers take turns at every workload, several times over; what is printed are medians, and the medians of
the ratios of each turn.  The load comes from wrk (Debian: wrk), which is written in C and costs a tenth of
what the fastest server does; it shares the processors with them.  "Each new" means that queries differ by a
comment, so that nobody can answer from memory; "repeated" ones were all asked once before.  All servers have
their default settings.  A server that leaves a query unanswered for a while takes no part in that workload.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from socket import create_server

from pyoxigraph import RdfFormat, parse, serialize

from polcoop.sources.example import example_query

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SERVERS = ("polcoop", "oxigraph", "rdflib-endpoint")

PREFIXES = """PREFIX polcoop: <https://w3id.org/polcoop/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> """
LIGHT = [
    f"SELECT ?p ?o {{ <https://w3id.org/polcoop/id/claim/p{page:02}-{number:02}> ?p ?o }}"
    for page in range(3, 23)
    for number in range(1, 9)
]
ANALYTIC = [
    "SELECT ?class (COUNT(?thing) AS ?n) { ?thing a ?class } GROUP BY ?class ORDER BY DESC(?n)",
    "SELECT ?p (COUNT(DISTINCT ?s) AS ?n) (COUNT(DISTINCT ?o) AS ?m) { ?s ?p ?o } GROUP BY ?p ORDER BY ?n",
    PREFIXES
    + "SELECT ?page ?voice (COUNT(*) AS ?n) { ?claim polcoop:onPage ?page ; polcoop:claimant ?voice ; "
    "polcoop:establishes ?fact . ?fact a ?kind } GROUP BY ?page ?voice ORDER BY ?page ?voice",
    PREFIXES
    + "SELECT ?a ?b (COUNT(?claim) AS ?n) { ?claim polcoop:about ?a , ?b FILTER(STR(?a) < STR(?b)) } "
    "GROUP BY ?a ?b ORDER BY DESC(?n) LIMIT 100",
]
LARGE = ["SELECT * { ?s ?p ?o }"]
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

SCRIPT = """
local paths, n, first = {}, 0, 0
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local fresh, stamp = os.getenv("FRESH") == "1", os.getenv("STAMP")
function request()
  n = n + 1
  local path = paths[n % #paths + 1]
  if fresh then path = path .. "%20%23" .. stamp .. "-" .. n end
  return wrk.format("GET", path, {["Accept"] = os.getenv("ACCEPT")})
end
"""
ACCEPT = "application/sparql-results+json"


@dataclass(frozen=True)
class Workload:
    """Queries, whether each one is new, and how many connections ask at a time."""

    name: str
    queries: list[str]
    fresh: bool
    connections: int = 16
    runaways: int = 0


@dataclass(frozen=True)
class Measurement:
    """Answers in a second, milliseconds of the median and of the slowest hundredth, what was no answer."""

    rate: float
    median: float
    slow: float
    errors: int


def workloads() -> list[Workload]:
    """What is measured."""
    dashboard = list(_examples())
    return [
        Workload("light, each new", LIGHT, fresh=True),
        Workload("light, repeated", LIGHT[:40], fresh=False),
        Workload("analytic, each new", ANALYTIC, fresh=True, connections=4),
        Workload("analytic, repeated", ANALYTIC, fresh=False, connections=4),
        Workload(f"dashboard: {len(dashboard)} example queries, repeated", dashboard, fresh=False),
        Workload("dashboard, each new", dashboard, fresh=True),
        Workload("large (all triples), each new", LARGE, fresh=True, connections=2),
        Workload("light, each new, beside 4 runaway queries", LIGHT, fresh=True, runaways=4),
    ]


def _examples() -> Iterator[str]:
    """The example queries of the project, on one line each."""
    for path in sorted((ROOT / "queries").glob("*.ttl")):
        yield "\n".join(
            line for line in example_query(path).splitlines() if not line.lstrip().startswith("#")
        )


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    if shutil.which("wrk") is None:
        print("benchmark: wrk is missing: install it (Debian, Ubuntu: apt install wrk)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="polcoop-") as directory:
        folder = Path(directory)
        (folder / "wrk.lua").write_text(SCRIPT, encoding="utf-8")
        _compile(folder)
        print(_machine(options))
        print("\n| workload | " + " | ".join(f"{name}, 1/s" for name in options.servers), end=" |")
        print(" " + " | ".join(f"× {name}" for name in options.servers[1:]) + " |")
        print("|---|" + "---:|" * (2 * len(options.servers) - 1))
        beside = []
        for workload in workloads():
            if options.only and not re.search(options.only, workload.name):
                continue
            turns = _turns(workload, folder, options)
            _row(workload, turns, options.servers)
            if workload.runaways:
                beside.append((workload, turns))
        for workload, turns in beside:
            _latencies(workload, turns, options.servers)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--runs", type=int, default=5, help="turns of each server at each workload (default 5)"
    )
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn (default 3)")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--only", help="regular expression: the workloads to measure")
    return parser.parse_args()


def _compile(folder: Path) -> None:
    """The project's dataset, as each server wants it; the plain one has every triple once."""
    command = [BIN / "polcoop", "compile", "--root", ROOT, "--out", folder / "dataset"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    current = folder / "dataset" / "current"
    shutil.copytree(current / "store", folder / "native")
    quads = parse(path=current / "dataset.nq", format=RdfFormat.N_QUADS)
    serialize((quad.triple for quad in quads), folder / "data.nt", format=RdfFormat.N_TRIPLES)


def _turns(workload: Workload, folder: Path, options: argparse.Namespace) -> list[dict[str, Measurement]]:
    if workload.runaways:
        # Who cannot end a runaway query has to be started anew.
        return [
            {name: _beside_runaways(workload, name, folder, options.seconds) for name in options.servers}
            for _ in range(options.runs)
        ]
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(_serving(name, folder)) for name in options.servers}
        asked = workload.queries[:1] if workload.fresh else workload.queries
        urls = {name: url for name, url in urls.items() if _warm_up(name, url, asked)}
        return [
            {name: _measure(workload, url, folder, options.seconds) for name, url in urls.items()}
            for _ in range(options.runs)
        ]


def _warm_up(name: str, url: str, queries: list[str]) -> bool:
    """Ask each query once; return whether all were answered in time.  The answers are compared by their
    number of rows with those of the server before."""
    for query in queries:
        asked = urllib.request.Request(_url(url, query), headers={"Accept": ACCEPT})  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=_PATIENCE) as response:  # noqa: S310
                rows = len(json.load(response)["results"]["bindings"])
        except OSError as error:
            print(
                f"benchmark: {name} did not answer in {_PATIENCE} s ({error}): {query[:60]}", file=sys.stderr
            )
            return False
        if _rows.setdefault(query, rows) != rows:
            print(f"benchmark: {name} answers {rows} rows, not {_rows[query]}: {query[:60]}", file=sys.stderr)
    return True


_PATIENCE = 30
_rows: dict[str, int] = {}


def _url(url: str, query: str) -> str:
    return f"{url}?query={urllib.parse.quote(query, safe='')}"


def _beside_runaways(workload: Workload, name: str, folder: Path, seconds: int) -> Measurement:
    with _serving(name, folder) as url:
        command = ["curl", "-s", "-o", os.devnull, _url(url, RUNAWAY)]
        runaways = [subprocess.Popen(command) for _ in range(workload.runaways)]
        time.sleep(2)
        try:
            return _measure(workload, url, folder, seconds)
        finally:
            for each in runaways:
                each.kill()
                each.wait()


def _measure(workload: Workload, url: str, folder: Path, seconds: int) -> Measurement:
    """One turn: wrk asks for some seconds."""
    paths = folder / "paths"
    parts = [urllib.parse.urlsplit(_url(url, query)) for query in workload.queries]
    paths.write_text("".join(f"{part.path}?{part.query}\n" for part in parts), encoding="utf-8")
    environment = os.environ | {
        "PATHS": str(paths),
        "FRESH": "1" if workload.fresh else "0",
        "STAMP": f"{time.time_ns():x}",
        "ACCEPT": ACCEPT,
    }
    command = ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    command += ["-s", str(folder / "wrk.lua"), url]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return Measurement(
        float(_found(r"Requests/sec: +([\d.]+)", told)),
        _milliseconds(_found(r"50% +(\S+)", told)),
        _milliseconds(_found(r"99% +(\S+)", told)),
        int(_found(r"Non-2xx or 3xx responses: (\d+)", told)),
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else "0"


def _milliseconds(told: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m|)", told).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "": 0.0}[unit]


@contextlib.contextmanager
def _serving(name: str, folder: Path) -> Iterator[str]:
    """Run a server; yield the address of its endpoint."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    at = f"127.0.0.1:{port}"
    command, path = {
        "polcoop": (["serve", "--dataset", folder / "dataset", "--port", port], "/sparql"),
        "oxigraph": (
            ["serve-read-only", "--location", folder / "native", "--bind", at, "--union-default-graph"],
            "/query",
        ),
        "rdflib-endpoint": (["serve", "--host", "127.0.0.1", "--port", port, folder / "data.nt"], "/"),
    }[name]
    arguments = [str(BIN / name), *map(str, command)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(arguments, **quiet) as process:  # type: ignore[call-overload]
        try:
            _await(f"http://{at}{path}", process)
            yield f"http://{at}{path}"
        finally:
            process.kill()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"benchmark: the server for {url} ended at once")
        with contextlib.suppress(OSError):
            asked = urllib.request.Request(_url(url, "ASK {}"), headers={"Accept": ACCEPT})  # noqa: S310
            urllib.request.urlopen(asked, timeout=60).close()  # noqa: S310
            return
        time.sleep(0.1)
    raise SystemExit(f"benchmark: {url} does not answer")


def _row(workload: Workload, turns: list[dict[str, Measurement]], names: list[str]) -> None:
    cells = []
    for name in names:
        rates = [turn[name].rate for turn in turns if name in turn]
        cells.append(f"{statistics.median(rates):,.1f}" if rates and max(rates) else "no answer")
    for name in names[1:]:
        ratios = [turn[names[0]].rate / turn[name].rate for turn in turns if name in turn and turn[name].rate]
        cells.append(f"{statistics.median(ratios):,.2f}" if ratios else "–")
    for name in names:
        if count := sum(turn[name].errors for turn in turns if name in turn):
            print(f"benchmark: {count} answers of {name} were errors ({workload.name})", file=sys.stderr)
    print(f"| {workload.name} | {' | '.join(cells)} |", flush=True)


def _latencies(workload: Workload, turns: list[dict[str, Measurement]], names: list[str]) -> None:
    print(f"\n{workload.name}, in ms:\n\n| server | p50 | p99 |\n|---|---:|---:|")
    for name in names:
        answered = [turn[name] for turn in turns if turn[name].rate]
        if not answered:
            print(f"| {name} | no answer | no answer |")
            continue
        p50, p99 = (statistics.median(getattr(each, key) for each in answered) for key in ("median", "slow"))
        print(f"| {name} | {p50:,.1f} | {p99:,.1f} |")


def _machine(options: argparse.Namespace) -> str:
    names = {"polcoop": "pyoxigraph", "oxigraph": "oxigraph", "rdflib-endpoint": "rdflib-endpoint"}
    versions = ", ".join(f"{names[name]} {version(names[name])}" for name in options.servers)
    load = f"{os.getloadavg()[0]:.1f}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} processors ({platform.machine()}), Python {platform.python_version()}, {versions}; wrk; "
        f"medians of {options.runs} turns of {options.seconds} s; load average at the start {load}"
    )


if __name__ == "__main__":
    sys.exit(main())
