"""Permalinks and what answers say of themselves: docs/citation.md, over HTTP."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import bibtexparser
import httpx2
import pytest
import rispy

from polcoop.citation.bibliography import MOST_SHOWN
from polcoop.citation.digests import query_digest
from polcoop.citation.provenance import FIELDS, WANTED
from polcoop.citation.terms import solutions_digest
from polcoop.formats import REFERENCES
from polcoop.iris import BASE
from polcoop.settings import Settings
from polcoop.solutions import read
from polcoop.sources.dataset import KEPT
from polcoop.sparql.worker import IDENTIFIED
from polcoop.web.shelf import ID_LENGTH
from serving import Server, serving

ROWS = f"SELECT ?c ?p {{ ?c a <{BASE}ontology#Claim> ; <{BASE}ontology#onPage> ?p }} ORDER BY ?c LIMIT 5"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
QUERY = {"Content-Type": "application/sparql-query"}


@pytest.fixture(scope="module")
def http(server: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server, timeout=120, trust_env=False) as client:
        yield client


def stored(http: httpx2.Client, text: str) -> str:
    response = http.post("/q", content=text.encode(), headers=QUERY)
    assert response.status_code == 201, response.text
    assert response.headers["location"] == response.json()["permalink"]
    return response.json()["permalink"]


def test_an_answer_says_what_it_is_an_answer_to(http: httpx2.Client, dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    response = http.get("/sparql", params={"query": f"\n{ROWS}\n", "digest": "true"})
    said = response.headers
    assert said["polcoop-dataset"] == f"{manifest['release']}; sha-256={manifest['version']}"
    assert said["polcoop-query-digest"] == f"sha-256={query_digest(ROWS)}"
    assert (
        said["polcoop-result-digest"] == f"sha-256={solutions_digest(read(response.content), ordered=True)}"
    )
    assert said["date"]
    exposed = http.get("/sparql", params={"query": "ASK {}"}, headers={"Origin": "https://example.org"})
    assert "Polcoop-Dataset" in exposed.headers["access-control-expose-headers"]


def test_the_digest_is_that_of_the_result_in_any_format_and_absent_where_it_is_not_known(
    http: httpx2.Client,
) -> None:
    def digest(query: str, name: str, wanted: str = "true") -> str | None:
        parameters = {"query": query, "format": name, "digest": wanted}
        response = http.get("/sparql", params=parameters)
        assert response.status_code == 200, response.text
        return response.headers.get("polcoop-result-digest")

    assert len({digest(ROWS, name) for name in ("json", "xml", "tsv")} - {None}) == 1
    construct = f"CONSTRUCT WHERE {{ ?c <{BASE}ontology#onPage> 3 }}"
    graphs = ("turtle", "ntriples", "rdfxml", "jsonld", "nquads", "trig")
    found = {digest(construct, name) for name in graphs}
    assert len(found) == len(found - {None}) == 1
    assert digest(ROWS, "csv") is None
    assert digest(ROWS, "json", "false") is None
    assert digest("CONSTRUCT { [] <a:p> [] } {}", "turtle") is None, "linked blank nodes"
    assert http.get("/sparql", params={"query": ROWS, "digest": "yes"}).status_code == 400


def test_a_long_result_has_a_digest_and_one_too_long_to_hold_back_is_streamed(http: httpx2.Client) -> None:
    def answer(limit: int, name: str) -> httpx2.Response:
        query = f"SELECT * {{ ?s ?p ?o }} LIMIT {limit}"
        return http.get("/sparql", params={"query": query, "format": name, "digest": "true"})

    # Twice: the second is what the server remembers.
    for _ in range(2):
        response = answer(5000, "json")
        assert 1 << 19 < len(response.content) < IDENTIFIED
        told = response.headers["polcoop-result-digest"]
        assert told == f"sha-256={solutions_digest(read(response.content), ordered=False)}"
    assert answer(5000, "xml").headers["polcoop-result-digest"] == told
    whole = answer(100_000, "json")
    assert len(whole.content) > IDENTIFIED
    assert "polcoop-result-digest" not in whole.headers


def test_a_stored_query_is_answered_as_by_the_endpoint(http: httpx2.Client) -> None:
    link = stored(http, ROWS)
    assert link == stored(http, f"{ROWS}\r\n"), "the name is made of the content"
    assert link == f"/q/{query_digest(ROWS)[:24]}"
    for accept, name in (("text/csv", "csv"), ("application/sparql-results+xml", "xml"), ("*/*", "json")):
        got = http.get(link, headers={"Accept": accept})
        asked = http.get("/sparql", params={"query": ROWS, "format": name})
        assert (got.status_code, got.content) == (200, asked.content)
        assert got.headers["content-type"] == asked.headers["content-type"]
        assert got.headers["link"] == f'<{link}>; rel="bookmark"'
        assert "Accept" in got.headers["vary"]
    assert http.get(link, params={"format": "json"}).headers["polcoop-result-digest"]
    head = http.head(link, params={"format": "json"})
    assert head.headers["content-type"] == "application/sparql-results+json"
    assert head.headers["polcoop-result-digest"], "for whatever format is kept"
    late = http.get(stored(http, f"{ROWS} # late"), params={"timeout": "0.000001", "format": "json"})
    assert late.status_code == 503


@pytest.mark.parametrize(
    ("link", "parameters", "status"),
    [
        ("/q/000000000000000000000000", {}, 404),
        ("/q/..%2f..%2fetc%2fpasswd", {}, 404),
        ("/q/XYZ", {}, 404),
        ("", {"format": "turtle"}, 406),
        ("", {"format": "word"}, 400),
        ("", {"timeout": "-1", "format": "json"}, 400),
        ("", {"colour": "blue"}, 400),
        ("", {"version": ["1", "2"]}, 400),
        ("", {"version": "9.9.9"}, 404),
    ],
)
def test_what_cannot_be_had(http: httpx2.Client, link: str, parameters: dict[str, str], status: int) -> None:
    response = http.get(link or stored(http, ROWS), params=parameters)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "parameters", "status"),
    [
        ("nothing", {}, 400),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", {}, 403),
        (f"{ROWS} # {'x' * 20_000}", {}, 413),
        (ROWS, {"default-graph-uri": "a:g"}, 400),
    ],
)
def test_what_is_not_stored(
    http: httpx2.Client, content: str, parameters: dict[str, str], status: int
) -> None:
    response = http.post("/q", content=content.encode(), headers=QUERY, params=parameters)
    assert response.status_code == status, response.text


def test_examples_have_permalinks(http: httpx2.Client, root: Path) -> None:
    examples = http.get("/q").json()["examples"]
    assert [example["name"] for example in examples] == sorted(
        path.stem for path in root.glob("queries/*.ttl")
    )
    example = examples[6]
    assert example["question"].startswith("Which liaison posts")
    got = http.get(example["permalink"], params={"format": "csv"})
    expected = (root / "queries" / "expected" / f"{example['name']}.csv").read_text(encoding="utf-8")
    assert got.text.split() == expected.split()


def test_the_page_shows_query_provenance_and_citations_and_escapes_them(http: httpx2.Client) -> None:
    hostile = f'# <script>alert(1)</script> & "quoted" é中\n{ROWS}'
    response = http.get(stored(http, hostile), headers=BROWSER)
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    page = response.text
    assert "<script" not in page
    assert f"<code>{query_digest(hostile)}</code>" in page
    texts = dict(re.findall(r'<pre id="([\w-]+)">(.*?)</pre>', page, re.DOTALL))
    assert html.unescape(texts.pop("query")) == hostile
    shown = {style: html.unescape(text) for style, text in texts.items()}
    for style in ("apa", "bibtex", "ris", "csl-json"):
        alone = http.get(response.url.path, params={"format": style})
        assert alone.status_code == 200
        assert alone.text.replace("\r\n", "\n").strip() == shown[style].replace("\r\n", "\n").strip()
    assert "Pina, C. (2023)" in shown["apa"]
    assert {work["id"] for work in json.loads(shown["csl-json"])} >= {"polcoop-1.0.0", "note-135"}
    for link in re.findall(r'href="(/q/[^"]+)"', page):
        assert http.get(html.unescape(link)).status_code == 200, link


def test_citations_by_their_media_types(http: httpx2.Client) -> None:
    """As DOI resolvers give them."""
    link = stored(http, ROWS)
    assert http.get(link, headers={"Accept": "text/x-bibliography"}).text.startswith(
        "The polcoop contributors."
    )
    bibtex = http.get(link, headers={"Accept": "application/x-bibtex"}).text
    assert set(bibtexparser.parse_string(bibtex).entries_dict) >= {"polcoop-1.0.0", "note-135"}
    ris = http.get(link, headers={"Accept": "application/x-research-info-systems"}).text
    assert [work["id"] for work in rispy.loads(ris)][:2] == ["polcoop-1.0.0", "note-135"]
    csl = http.get(link, headers={"Accept": "application/vnd.citationstyles.csl+json"})
    assert csl.json()[1]["page"] == "1"


def test_a_browser_is_led_to_the_page(http: httpx2.Client) -> None:
    sent = http.post("/q", data={"query": ROWS}, headers=BROWSER)
    assert (sent.status_code, sent.headers["location"]) == (303, stored(http, ROWS))


def test_a_query_that_takes_too_long_has_a_page_all_the_same(small: Path, polcoop: Callable) -> None:
    polcoop("compile", "--root", small)
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o . ?p ?q ?r }"
    with (
        serving("--dataset", small / "build" / "dataset", "--timeout", "2") as server,
        httpx2.Client(base_url=server.url, timeout=120, trust_env=False) as http,
    ):
        page = http.get(stored(http, slow), headers=BROWSER)
        assert page.status_code == 200
        assert "the query was ended after 2 seconds" in page.text


@pytest.fixture(scope="module")
def versions(root: Path, polcoop: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A dataset of which three versions were compiled and the newest two are kept."""
    project = tmp_path_factory.mktemp("versions") / "small"
    shutil.copytree(root / "tests" / "fixtures" / "small", project)
    for release in ("1.0.0", "1.1.0", "2.0.0"):
        header = f'<{BASE}ontology> a owl:Ontology ; owl:versionInfo "{release}" .\n'
        (project / "ontology" / "header.ttl").write_text(
            f"@prefix owl: <http://www.w3.org/2002/07/owl#> .\n{header}", encoding="utf-8"
        )
        done = polcoop("compile", "--root", project, env={"POLCOOP_KEEP": "2"})
        assert done.returncode == 0, done.stderr
    return project / "build" / "dataset"


@pytest.fixture(scope="module")
def archive(versions: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    folder = tmp_path_factory.mktemp("stored")
    settings = {"POLCOOP_PERMALINKS": str(folder), "POLCOOP_MAX_PERMALINKS": "2"}
    with serving("--dataset", versions, **settings) as server:
        yield server, folder


VERSION = f"SELECT ?v {{ <{BASE}ontology> <http://www.w3.org/2002/07/owl#versionInfo> ?v }}"


def test_an_earlier_version_is_answered_while_it_is_kept(archive: tuple[Server, Path]) -> None:
    with httpx2.Client(base_url=archive[0].url, timeout=60, trust_env=False) as http:
        link = stored(http, VERSION)
        kept = http.get("/q").json()["versions"]
        assert [version.partition("+")[0] for version in kept] == ["2.0.0", "1.1.0"]

        def answer(version: str) -> tuple[str, str]:
            response = http.get(link, params={"version": version, "format": "csv"})
            assert response.status_code == 200, response.text
            return response.text.split()[1], response.headers["polcoop-dataset"].partition(";")[0]

        digest = kept[1].partition("+")[2]
        for name in ("1.1.0", kept[1], digest, digest[:8]):
            assert answer(name) == ("1.1.0", "1.1.0"), name
        assert answer("2.0.0") == answer(kept[0]) == ("2.0.0", "2.0.0")
        # A plus sign that nobody escaped.
        assert http.get(f"{link}?version={kept[1]}&format=csv").text.split()[1] == "1.1.0"
        page = http.get(link, params={"version": "1.1.0"}, headers=BROWSER).text
        assert "version 1.1.0" in page
        gone = http.get(link, params={"version": "1.0.0"})
        assert gone.status_code == 404
        assert gone.json()["hint"] == f"kept: {', '.join(kept)}"


def test_a_folder_of_queries_outlives_the_server_and_has_an_end(
    archive: tuple[Server, Path], versions: Path
) -> None:
    server, folder = archive
    with httpx2.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        links = [stored(http, VERSION), stored(http, "ASK { ?s ?p ?o }")]
        full = http.post("/q", content=b"ASK { ?o ?p ?s }", headers=QUERY)
        assert (full.status_code, full.json()["title"]) == (507, "No room")
        assert stored(http, VERSION) == links[0], "what is there may be stored again"
    assert sorted(path.stem for path in folder.iterdir()) == sorted(link[3:] for link in links)
    with serving("--dataset", versions, POLCOOP_PERMALINKS=str(folder)) as again:
        assert httpx2.get(f"{again.url}{links[1]}", trust_env=False, timeout=60).json()["boolean"] is True


def test_any_files_have_permalinks_without_a_version(client: httpx2.Client) -> None:
    link = stored(client, "ASK { ?s ?p ?o }")
    got = client.get(link)
    assert got.json()["boolean"] is True
    assert "polcoop-dataset" not in got.headers
    assert client.get(link, params={"version": "1.0.0"}).json()["hint"] == "kept: none"
    assert client.get(link, headers=BROWSER).status_code == 200


def test_the_documentation_names_what_there_is(root: Path) -> None:
    guide = (root / "docs" / "citation.md").read_text(encoding="utf-8")
    formats = dict(re.findall(r"^\| `([\w-]+)` \| `([\w./+-]+)` \|$", guide, re.MULTILINE))
    assert formats == {choice.name: choice.media_type for choice in REFERENCES}
    for field in (*FIELDS, WANTED):
        assert f"`{field}:" in guide, field
    assert f"first {ID_LENGTH} characters" in guide
    assert f"At most {MOST_SHOWN} nodes" in guide
    assert f"the result has at most {IDENTIFIED >> 20} MiB" in guide
    assert f"(`POLCOOP_KEEP`, {KEPT} by default)" in guide
    for setting in re.findall(r"POLCOOP_([A-Z_]+)", guide):
        assert setting == "KEEP" or setting.lower() in Settings.model_fields, setting
