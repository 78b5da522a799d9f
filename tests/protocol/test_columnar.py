"""Arrow stream and Parquet over HTTP: typed columns, negotiated, bounded."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from serving import Server, serving

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
DATE = "http://www.w3.org/2001/XMLSchema#date"
VALUES = f'SELECT * {{ VALUES (?n ?day ?text ?when) {{ (1 "2016-05-02"^^<{DATE}> "é"@fr UNDEF) }} }}'


def table(response: httpx2.Response) -> pa.Table:
    assert response.status_code == 200, response.text
    if response.headers["content-type"] == ARROW:
        return ipc.open_stream(response.content).read_all()
    return parquet.read_table(io.BytesIO(response.content))


def settled(endpoint: Server, processes: int) -> None:
    """See that no process is left behind, and that those which were ended are replaced."""
    deadline = time.monotonic() + 60
    while len(endpoint.workers) != processes:
        assert time.monotonic() < deadline, f"{len(endpoint.workers)} processes, not {processes}"
        time.sleep(0.1)


@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_columns_have_types(client: httpx2.Client, kind: str) -> None:
    response = client.get("/sparql", params={"query": VALUES}, headers={"Accept": kind})
    assert response.headers["content-type"] == kind
    found = table(response)
    assert found.schema.field("n").type == pa.int64()
    assert found.schema.field("day").type == pa.date32()
    assert found.schema.field("text").metadata[b"polcoop:language"] == b"fr"
    assert found.column("when").to_pylist() == [None]
    named = client.get("/sparql", params={"query": VALUES, "format": "arrow" if kind == ARROW else "parquet"})
    assert table(named).equals(found)


def test_they_are_no_format_of_other_results(client: httpx2.Client) -> None:
    for query in ("ASK { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"):
        assert client.get("/sparql", params={"query": query}, headers={"Accept": ARROW}).status_code == 406


def test_nobody_gets_them_who_has_not_asked(client: httpx2.Client) -> None:
    for accept in ("*/*", "application/*"):
        response = client.get("/sparql", params={"query": VALUES}, headers={"Accept": accept})
        assert response.headers["content-type"] == "application/sparql-results+json"


def test_errors_still_have_a_status(client: httpx2.Client, endpoint: Server) -> None:
    workers = endpoint.workers
    for query, status in (("SELECT * {", 400), ("SELECT * { SERVICE <http://127.0.0.1:9/> {} }", 403)):
        assert client.get("/sparql", params={"query": query, "format": "arrow"}).status_code == status
    runaway = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(40)) + " }"
    late = client.get("/sparql", params={"query": runaway, "format": "arrow", "timeout": "0.5"})
    assert (late.status_code, late.json()["title"]) == (503, "Query timed out")
    assert client.get("/sparql", params={"query": VALUES, "format": "arrow"}).status_code == 200
    settled(endpoint, len(workers))


def test_head_leaves_nothing_behind(client: httpx2.Client, endpoint: Server) -> None:
    before = len(endpoint.workers)
    for _ in range(2):
        response = client.head("/sparql", params={"query": VALUES, "format": "parquet"})
        assert response.status_code == 200
        assert response.content == b""
    assert client.get("/sparql", params={"query": VALUES, "format": "arrow"}).status_code == 200
    settled(endpoint, before)


def test_without_the_library_it_is_a_406_with_a_hint(small_data: Path, tmp_path: Path) -> None:
    """A server that cannot import pyarrow, as one without the extra."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'pyarrow' else find(name, *rest)\n",
        encoding="utf-8",
    )
    with serving("--data", small_data, "--workers", "1", PYTHONPATH=str(tmp_path)) as bare:
        response = httpx2.get(bare.sparql, params={"query": VALUES, "format": "arrow"}, trust_env=False)
        assert response.status_code == 406
        assert "polcoop[notebooks]" in response.json()["hint"]
        assert httpx2.get(bare.sparql, params={"query": VALUES}, trust_env=False).status_code == 200


def test_the_server_itself_never_imports_the_library(root: Path) -> None:
    program = (
        "import sys, polcoop.cli.serving; print({'pyarrow', 'pandas', 'IPython', 'ijson'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_command_writes_them(small_data: Path, tmp_path: Path) -> None:
    target = tmp_path / "answer.parquet"
    command = [
        sys.executable,
        "-m",
        "polcoop",
        "query",
        "--data",
        str(small_data),
        "-f",
        "parquet",
        "-e",
        VALUES,
    ]
    with target.open("wb") as out:
        subprocess.run(command, stdout=out, check=True)
    assert parquet.read_table(target).num_rows == 1
