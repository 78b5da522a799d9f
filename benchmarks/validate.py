"""How long SHACL validation takes, and how much memory, as the data grows: this project, pySHACL and pyrudof.

The project's data with all that is computed from it is copied under other IRIs and labels, ontology and
vocabularies stay single; the shapes are those of the profile `general`.  Each measurement is a process of its
own that reads the same N-Triples and Turtle; the tools take turns.  Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTANCES = "<https://w3id.org/polcoop/id/"
WIKIDATA = " <http://www.wikidata.org/entity/"
LABEL = "Label> "
TOOLS = ("polcoop", "pyshacl", "pyrudof")


@dataclass(frozen=True)
class Measurement:
    """Seconds for reading and for validating, seconds of CPU for validating (which a busy machine does not
    lengthen), peak memory in MiB, number of results."""

    read: float
    validate: float
    cpu: float
    memory: float
    results: int


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    if options.child:
        # Nobody else on the machine is to pay for a greedy tool.
        resource.setrlimit(resource.RLIMIT_AS, (options.memory << 30, options.memory << 30))
        print(json.dumps(_CHILDREN[options.child](options.data, options.shapes)))
        return 0
    with tempfile.TemporaryDirectory(prefix="polcoop-") as directory:
        shapes = Path(directory, "shapes.ttl")
        shapes.write_text(_shapes(options.root), encoding="utf-8")
        print(_machine())
        print(
            "\n| data | triples | tool | read, s | validate, s | CPU, s | × polcoop | peak, MiB | results |"
        )
        print("|---|---:|---|---:|---:|---:|---:|---:|---:|")
        for scale in options.scale:
            data = Path(directory, f"{scale}.nt")
            triples = _write(options.root, scale, data)
            _rows(scale, triples, _measured(data, shapes, options), options)
            data.unlink()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=int, nargs="+", default=[1, 10], help="how many copies (1 10)")
    parser.add_argument("--runs", type=int, default=3, help="measurements of each, of which the median (3)")
    parser.add_argument("--limit", type=float, default=600, help="seconds after which one is given up (600)")
    parser.add_argument("--memory", type=int, default=12, help="GiB of address space for each (12)")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS), help="which to measure")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project whose data and shapes to take")
    for name in ("--child", "--data", "--shapes"):
        parser.add_argument(name, type=Path if name != "--child" else str, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(data: Path, shapes: Path, options: argparse.Namespace) -> dict[str, list[Measurement] | str]:
    """What each tool took, run by run, or why it did not finish."""
    found: dict[str, list[Measurement] | str] = {tool: [] for tool in options.tools}
    for _ in range(options.runs):
        for tool in options.tools:
            runs = found[tool]
            if isinstance(runs, list):
                outcome = _run(tool, data, shapes, options)
                if isinstance(outcome, str):
                    found[tool] = outcome
                else:
                    runs.append(outcome)
    return found


def _run(tool: str, data: Path, shapes: Path, options: argparse.Namespace) -> Measurement | str:
    command = [sys.executable, __file__, "--child", tool, "--data", str(data), "--shapes", str(shapes)]
    command += ["--memory", str(options.memory)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.limit, check=True)
    except subprocess.TimeoutExpired:
        return f"not within {options.limit:.0f} s"
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or [""])[-1]
        if "MemoryError" in said or "memory allocation" in error.stderr or error.returncode < 0:
            return f"more than {options.memory} GiB"
        return f"failed: {said[:80]}"
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def _rows(
    scale: int, triples: int, found: dict[str, list[Measurement] | str], options: argparse.Namespace
) -> None:
    def median(runs: list[Measurement], of: Callable[[Measurement], float]) -> float:
        return statistics.median(map(of, runs))

    ours = found.get("polcoop")
    for tool in options.tools:
        runs = found[tool]
        head = f"| {scale}× | {triples:,} | {tool}"
        if isinstance(runs, str):
            print(f"{head} | {runs} | | | | | |", flush=True)
            continue
        cpu = median(runs, lambda run: run.cpu)
        ratio = f"{cpu / median(ours, lambda run: run.cpu):.1f}" if isinstance(ours, list) else ""
        seconds = f"{median(runs, lambda run: run.read):.1f} | {median(runs, lambda run: run.validate):.1f}"
        memory = f"{median(runs, lambda run: run.memory):,.0f}"
        print(f"{head} | {seconds} | {cpu:.1f} | {ratio} | {memory} | {runs[0].results} |", flush=True)


def _machine() -> str:
    tools = []
    for name in ("polcoop", "pyshacl", "pyrudof", "rdflib", "pyoxigraph"):
        with contextlib.suppress(PackageNotFoundError):
            tools.append(f"{name} {version(name)}")
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}; {', '.join(tools)}; load before: {load}"
    )


def _shapes(root: Path) -> str:
    from polcoop.quality.judging import rules  # noqa: PLC0415

    return "\n".join(file.text for file in rules(root, note=False))


def _write(root: Path, scale: int, file: Path) -> int:
    """Write the data, ``scale`` times, and return the number of triples."""
    from polcoop.quality.material import of_project  # noqa: PLC0415
    from polcoop.sources.project import Project  # noqa: PLC0415

    lines = of_project(Project(root)).data.content.decode().splitlines()
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for copy in range(scale):
            for line in _copied(lines, copy):
                out.write(line + "\n")
                count += 1
    return count


def _copied(lines: list[str], copy: int) -> Iterator[str]:
    if copy == 0:
        yield from lines
        return
    for line in lines:
        # Two things with one label, or one item of Wikidata, are results, which would outgrow the data.
        if WIKIDATA in line:
            continue
        if INSTANCES in line or "_:" in line:
            renamed = line.replace(INSTANCES, f"{INSTANCES}copy{copy}/")
            renamed = re.sub(r"(^| )_:(\w+)", rf"\1_:c{copy}x\2", renamed)
            if LABEL in line:
                renamed = re.sub(r'"(@\S+ \.)$', rf' {copy}"\1', renamed)
            yield renamed


def _timed(read: Callable[[], object], validate: Callable[[], int]) -> dict[str, float]:
    start = time.perf_counter()
    read()
    middle, cpu = time.perf_counter(), time.process_time()
    results = validate()
    end, cpu = time.perf_counter(), time.process_time() - cpu
    peak = _peak()
    return {"read": middle - start, "validate": end - middle, "cpu": cpu, "memory": peak, "results": results}


def _peak() -> float:
    """MiB.  What getrusage tells of a child may be its parent's peak, which it inherits."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)


def _polcoop(data: Path, shapes: Path) -> dict[str, float]:
    from polcoop.quality.material import located_files  # noqa: PLC0415
    from polcoop.quality.shacl import shapes_graph, validate  # noqa: PLC0415
    from polcoop.sources.turtle import Triples  # noqa: PLC0415

    known = {}

    def read() -> None:
        # The strict parser has written it: canonical N-Triples, as the command hands them over.
        known["data"], known["shapes"] = Triples(data.read_bytes()), shapes_graph(located_files([shapes]))

    return _timed(read, lambda: len(validate(known["data"], known["shapes"]).results))


def _pyshacl(data: Path, shapes: Path) -> dict[str, float]:
    import logging  # noqa: PLC0415

    import pyshacl  # noqa: PLC0415
    from rdflib import SH, Graph  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    graphs = {}

    def read() -> None:
        graphs["data"] = Graph().parse(data, format="nt")
        graphs["shapes"] = Graph().parse(shapes, format="turtle")

    def validate() -> int:
        _, report, _ = pyshacl.validate(graphs["data"], shacl_graph=graphs["shapes"], inference="none")
        return len(set(report.objects(None, SH.result)))

    return _timed(read, validate)


def _pyrudof(data: Path, shapes: Path) -> dict[str, float]:
    import pyrudof  # noqa: PLC0415

    session = pyrudof.Rudof()

    def read() -> None:
        session.read_data(data, pyrudof.RDFFormat.NTriples)
        session.read_shacl(shapes, pyrudof.ShaclFormat.Turtle)

    return _timed(read, lambda: len(session.validate_shacl()))


_CHILDREN = {"polcoop": _polcoop, "pyshacl": _pyshacl, "pyrudof": _pyrudof}

if __name__ == "__main__":
    sys.exit(main())
