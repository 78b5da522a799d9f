"""POST /validate over real HTTP: what it takes, what it gives, what it never does."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import httpx2
import pytest
from rdflib import RDF, SH, Graph

from serving import Listener, Server, serving

TURTLE = {"Content-Type": "text/turtle"}
PREFIXES = """\
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://w3id.org/polcoop/shapes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPES = """
shapes:Treaty sh:targetClass polcoop:InternationalInstrument ; sh:property shapes:Treaty-party .
shapes:Treaty-party a sh:PropertyShape ; sh:path polcoop:hasParty ; sh:minCount 1 ;
    sh:message "A treaty has parties."@en , "Un traité a des parties."@fr .
"""
NOTE = """
shapes:Note a sh:NodeShape ; sh:targetClass polcoop:Claim ; sh:property shapes:Note-page .
shapes:Note-page sh:path polcoop:onPage ; sh:maxInclusive 26 ; sh:message "26 pages."@en .
"""
# Looked at by whoever has ex:slow: counts the ways through all the nodes, which takes for ever.
SLOW = """
shapes:Slow a sh:NodeShape ; sh:targetSubjectsOf ex:slow ; sh:sparql [ sh:select \"\"\"
    SELECT $this WHERE { $this ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c < ?l) }\"\"\" ] .
"""
GOOD = PREFIXES + "ex:t a polcoop:InternationalInstrument ;\n  polcoop:hasParty ex:a .\n"
BAD = PREFIXES + "ex:t a polcoop:InternationalInstrument .\n"
HANGS = PREFIXES + "ex:x ex:slow 1 ." + "".join(f"ex:x ex:p{n} {n} . " for n in range(200))


def project(root: Path, shapes: str = SHAPES) -> Path:
    """A small project with an ontology, a register and shapes."""
    files = {
        "ontology/core.ttl": "polcoop:InternationalInstrument a owl:Class .",
        "instances/all.ttl": "ex:a a polcoop:Agent .",
        "shapes/all.ttl": shapes,
        "shapes/note.ttl": NOTE,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PREFIXES + text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, small_data: Path) -> Iterator[Server]:
    """A server whose project is the small one, with a bound of 64 KiB on data."""
    root = project(tmp_path_factory.mktemp("project"), SHAPES + SLOW)
    limits = {
        "POLCOOP_MAX_DATA_BYTES": "65536",
        "POLCOOP_VALIDATION_MEMORY": "512",
        "POLCOOP_VALIDATION_TIMEOUT": "20",
    }
    with serving("--data", small_data, "--workers", "1", POLCOOP_ROOT=str(root), **limits) as running:
        yield running


def post(
    server: Server, body: str | bytes, headers: dict[str, str] = TURTLE, **parameters: str
) -> httpx2.Response:
    return httpx2.post(
        f"{server.url}/validate",
        content=body,
        headers=headers,
        params=parameters,
        timeout=120,
        trust_env=False,
    )


def validators(server: Server) -> set[int]:
    """Processes of the server that are validating."""
    return {
        pid
        for pid in server.workers
        if b"polcoop.quality.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def until_validating(server: Server) -> None:
    end = time.monotonic() + 30
    while not validators(server):
        assert time.monotonic() < end, "nothing is validated"
        time.sleep(0.05)


def test_the_report_is_that_of_shacl_whatever_the_verdict(server: Server) -> None:
    for body, conforms in ((GOOD, True), (BAD, False)):
        response = post(server, body)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/turtle; charset=utf-8"
        assert "Accept" in response.headers["vary"]
        graph = Graph().parse(data=response.text, format="turtle")
        report = graph.value(predicate=RDF.type, object=SH.ValidationReport)
        assert graph.value(report, SH.conforms).toPython() is conforms
        assert len(list(graph.objects(report, SH.result))) == (not conforms)


FORMATS = {
    "turtle": "text/turtle",
    "jsonld": "application/ld+json",
    "json": "application/json",
    "sarif": "application/sarif+json",
    "text": "text/plain",
    "markdown": "text/markdown",
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_by_accept_and_by_name(server: Server, name: str) -> None:
    negotiated = post(server, BAD, {**TURTLE, "Accept": f"{FORMATS[name]}, */*;q=0.1"})
    named = post(server, BAD, format=name)
    for response in (negotiated, named):
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].split(";")[0] == FORMATS[name]
        assert "Treaty-party" in response.text
        # Neither where the server keeps its shapes, nor where it put the data.
        assert "/tmp" not in response.text  # noqa: S108
    content = negotiated.text
    if name == "sarif":
        (result,) = json.loads(content)["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "data.ttl"
        assert place["region"]["startLine"] == PREFIXES.count("\n") + 1
    if name == "jsonld":
        graph = Graph().parse(data=content, format="json-ld")
        assert (None, SH.sourceShape, None) in graph
    if name == "text":
        assert content.startswith(
            f"data.ttl:{PREFIXES.count(chr(10)) + 1}:1: violation: A treaty has parties."
        )
        assert "shapes/all.ttl:" in content


def test_language_and_profile(server: Server) -> None:
    assert "Un traité a des parties." in post(server, BAD, format="text", lang="fr").text
    page = PREFIXES + "ex:c a polcoop:Claim ; polcoop:onPage 27 ."
    assert post(server, page, format="json").json()["conforms"] is True
    assert post(server, page, format="json", profile="note").json()["conforms"] is False


def test_n_triples_and_json_ld(server: Server) -> None:
    kind, treaty = (
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "https://w3id.org/polcoop/ontology#InternationalInstrument",
    )
    for media_type, body in {
        "application/n-triples": f"<https://example.org/t> <{kind}> <{treaty}> .",
        "application/ld+json": json.dumps({"@id": "https://example.org/t", "@type": treaty}),
    }.items():
        response = post(server, body, {"Content-Type": media_type}, format="json")
        assert response.status_code == 200, response.text
        assert response.json()["conforms"] is False


@pytest.mark.parametrize(("body", "line", "column"), [
    ("<a:b> <a:c> <a:d> .\n<a:b> oops", 2, 7),
    ("é\n", 1, 1),
    (b"<a:b> <a:c> 'caf\xe9' .", 1, None),
    (PREFIXES + "ex:a ex:b 1 ;;\n  ex:c ;", PREFIXES.count("\n") + 2, None),
])  # fmt: skip
def test_a_syntax_error_is_400_with_line_and_column(
    server: Server, body: str | bytes, line: int, column: int | None
) -> None:
    response = post(server, body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["title"] == "Malformed input"
    assert told["line"] == line
    assert told["column"] == column or (column is None and told["column"] >= 1)


def test_what_is_too_large_is_413(server: Server) -> None:
    for content in (b"#" * 65_537, (b"#" * 10_000 for _ in range(1000))):
        assert post(server, content).status_code == 413  # type: ignore[arg-type]
    assert post(server, GOOD.ljust(65_536, "\n")).status_code == 200


@pytest.mark.parametrize("headers", [
    {"Content-Type": "application/rdf+xml"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "text/turtle; charset=latin-1"},
    {"Content-Type": "text/turtle", "Content-Encoding": "gzip"},
    {},
])  # fmt: skip
def test_other_bodies_are_415(server: Server, headers: dict[str, str]) -> None:
    assert post(server, GOOD, headers).status_code == 415


@pytest.mark.parametrize(("parameters", "status"), [
    ({"format": "csv"}, 406), ({"format": "nonsense"}, 400), ({"lang": "de"}, 400),
    ({"profile": "none"}, 400), ({"shapes": "http://127.0.0.1:9/"}, 400),
])  # fmt: skip
def test_parameters_that_are_refused(server: Server, parameters: dict[str, str], status: int) -> None:
    assert post(server, GOOD, TURTLE, **parameters).status_code == status


def test_accept_that_nothing_satisfies_is_406(server: Server) -> None:
    assert post(server, GOOD, {**TURTLE, "Accept": "image/png"}).status_code == 406


def test_other_methods_are_405(server: Server) -> None:
    response = httpx2.get(f"{server.url}/validate", trust_env=False)
    assert response.status_code == 405
    assert response.headers["allow"] == "OPTIONS, POST"


def test_it_is_described(server: Server) -> None:
    described = httpx2.get(f"{server.url}/openapi.json", trust_env=False).json()["paths"]["/validate"]
    assert set(described) == {"post"}
    assert set(described["post"]["responses"]) == {"200", "400", "406", "413", "415", "500", "503"}
    assert set(described["post"]["requestBody"]["content"]) == {
        "text/turtle", "application/n-triples", "application/ld+json"
    }  # fmt: skip


REACHING = {
    "owl:imports": (
        TURTLE,
        PREFIXES + "<{url}> owl:imports <{url}> . ex:o a owl:Ontology ; owl:imports <{url}> .",
    ),
    "sh:shapesGraph": (TURTLE, PREFIXES + "<> sh:shapesGraph <{url}> . ex:t sh:shapesGraph <{url}> ."),
    "SERVICE in shapes": (
        TURTLE,
        PREFIXES + "ex:S a sh:NodeShape ; sh:targetNode ex:t ; sh:sparql [ sh:select "
        '"SELECT $this WHERE {{ SERVICE <{url}> {{ $this ?p ?o }} }}" ] .',
    ),
    "JSON-LD context": (
        {"Content-Type": "application/ld+json"},
        '{{"@context": "{url}", "@id": "a:b", "x": 1}}',
    ),
    "JSON-LD import": (
        {"Content-Type": "application/ld+json"},
        '{{"@context": {{"@version": 1.1, "@import": "{url}"}}, "@id": "a:b"}}',
    ),
    "JSON-LD scoped context": (
        {"Content-Type": "application/ld+json"},
        '{{"@context": {{"x": {{"@id": "a:x", "@context": "{url}"}}}}, "@id": "a:b", "x": {{"y": 1}}}}',
    ),
}


@pytest.mark.parametrize("kind", REACHING)
def test_nothing_is_fetched_for_what_the_data_names(server: Server, kind: str) -> None:
    listener = Listener()
    headers, body = REACHING[kind]
    response = post(server, body.format(url=listener.url), headers)
    listener.close()
    assert response.status_code == (400 if kind.startswith("JSON-LD") else 200), response.text
    assert listener.visits == 0


def select(query: str) -> str:
    return (
        "shapes:Own a sh:NodeShape ; sh:targetClass polcoop:InternationalInstrument ; "
        f'sh:sparql [ sh:select """SELECT $this WHERE {{ {query} }}""" ] .'
    )


@pytest.mark.parametrize("shape", [
    select("SERVICE <{url}> {{ $this ?p ?o }}".replace("{{", "{").replace("}}", "}")),
    select("SERVICE SILENT <{url}> {{ $this ?p ?o }}".replace("{{", "{").replace("}}", "}")),
    "<https://example.org/s> owl:imports <{url}> . " + SHAPES,
])  # fmt: skip
def test_nothing_is_fetched_for_what_the_shapes_of_the_server_name(
    tmp_path: Path, small_data: Path, shape: str
) -> None:
    listener = Listener()
    root = project(tmp_path / "project", shape.replace("{url}", listener.url))
    with serving("--data", small_data, "--workers", "1", POLCOOP_ROOT=str(root)) as own:
        response = post(own, BAD)
    listener.close()
    assert response.status_code == (500 if "SERVICE" in shape else 200), response.text
    assert listener.visits == 0


def test_a_worker_opens_no_connection_whatever_asks_for_it() -> None:
    listener = Listener()
    program = (
        "import sys, urllib.request; from polcoop.quality.worker import forbid_network, NetworkForbidden\n"
        "if sys.argv[2] == 'forbidden': forbid_network()\n"
        "try: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1])\n"
        "except NetworkForbidden: sys.exit(7)\n"
        "except Exception: sys.exit(1)\n"
    )
    for mode, code in (("forbidden", 7), ("free", 1)):
        visits = listener.visits
        done = subprocess.run([sys.executable, "-c", program, listener.url, mode], check=False, timeout=60)
        assert done.returncode == code
        assert listener.visits == visits + (mode == "free")
    listener.close()


def test_a_validation_that_does_not_end_is_ended_and_queries_do_not_wait_for_it(
    tmp_path: Path, small_data: Path
) -> None:
    root = project(tmp_path / "project", SHAPES + SLOW)
    limits = {"POLCOOP_VALIDATION_TIMEOUT": "8", "POLCOOP_PATIENCE": "1"}
    with serving("--data", small_data, "--workers", "1", POLCOOP_ROOT=str(root), **limits) as own:
        responses: list[httpx2.Response] = []
        begun = time.monotonic()
        waiting = threading.Thread(target=lambda: responses.append(post(own, HANGS)))
        waiting.start()
        until_validating(own)
        for _ in range(20):
            asked = time.perf_counter()
            answer = httpx2.get(own.sparql, params={"query": "ASK { ?s ?p ?o }"}, trust_env=False)
            assert answer.json()["boolean"] is True
            assert time.perf_counter() - asked < 2
        # One at a time: who comes second waits a second, and is told to come again.
        second = post(own, GOOD)
        assert second.status_code == 503
        assert second.json()["title"] == "Too busy"
        assert int(second.headers["retry-after"]) > 0
        waiting.join()
        assert responses[0].status_code == 503, responses[0].text
        assert responses[0].json()["title"] == "Validation timed out"
        assert "after 8 seconds" in responses[0].json()["detail"]
        assert time.monotonic() - begun < 30
        assert not validators(own)
        assert not leftovers()


def test_a_client_that_leaves_takes_its_validation_with_it(server: Server) -> None:
    with pytest.raises(httpx2.TimeoutException):
        httpx2.post(f"{server.url}/validate", content=HANGS, headers=TURTLE, timeout=4, trust_env=False)
    end = time.monotonic() + 10
    while validators(server):
        assert time.monotonic() < end, "it goes on, well before its deadline of 20 seconds"
        time.sleep(0.05)


def test_data_that_takes_too_much_memory_costs_itself_alone(tmp_path: Path, small_data: Path) -> None:
    root = project(tmp_path / "project")
    limits = {"POLCOOP_VALIDATION_MEMORY": "512", "POLCOOP_MAX_DATA_BYTES": "67108864"}
    with serving("--data", small_data, "--workers", "1", POLCOOP_ROOT=str(root), **limits) as own:
        large = PREFIXES + "".join(f"ex:s{n} ex:p{n % 7} ex:o{n} .\n" for n in range(250_000))
        response = post(own, large)
        assert response.status_code == 500, response.text
        assert response.json()["title"] == "Validation failed"
        assert post(own, GOOD).status_code == 200


def test_without_a_project_the_one_that_came_with_the_package_judges(
    tmp_path: Path, small_data: Path
) -> None:
    # The server's working directory holds none.
    with (
        chdir(tmp_path),
        serving("--data", small_data, "--workers", "1", POLCOOP_VALIDATION_TIMEOUT="200") as own,
    ):
        response = post(own, BAD, format="json")
    assert response.status_code == 200, response.text
    assert response.json()["conforms"] is False


def test_it_can_be_taken_away(small_data: Path) -> None:
    with serving("--data", small_data, "--workers", "1", POLCOOP_VALIDATIONS="0") as own:
        assert post(own, GOOD).status_code == 404


def leftovers() -> list[Path]:
    """Folders that a validation left behind, of this minute."""
    return [
        path
        for path in Path(tempfile.gettempdir()).glob("polcoop-*")
        if (path / "data.ttl").exists() and time.time() - path.stat().st_mtime < 60
    ]
