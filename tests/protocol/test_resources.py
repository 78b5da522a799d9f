"""Dereferencing over data of its own, hostile data too: negotiation, caching, bounds, escaping."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import zstandard
from rdflib import Graph
from rdflib.compare import isomorphic

from serving import serving

DATA = """
@prefix agent: <https://w3id.org/polcoop/id/agent/> .
@prefix claim: <https://w3id.org/polcoop/id/claim/> .
@prefix modality: <https://w3id.org/polcoop/concept/modality/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix p: <https://w3id.org/polcoop/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

agent:one a p:Agent ;
    skos:prefLabel "One <script>alert(1)</script>"@en , "Un & <b>deux</b>"@fr ;
    rdfs:comment "</dd><img src=x onerror=alert(1)>" , "line one\\nline <i>two</i>" ;
    rdfs:seeAlso <javascript:alert(1)> , <data:text/html,x> , <http://example.org/?a=1&b='2'> ;
    rdfs:seeAlso agent:overseas-service ;
    p:list ( "a" [ p:deep [ p:deeper "bottom" ] ] <<( agent:one p:knows agent:two )>> ) .
agent:overseas-service skos:prefLabel "Service"@en .
modality:conditional skos:prefLabel "conditional"@en , "conditionnel"@fr .
claim:p01-01 p:about agent:one ; p:onPage 1 ; p:pageEnd 2 ; p:statement "Said <em>so</em>"@en ;
    p:modality modality:conditional ; p:isHedged true ; p:attributedTo agent:two .
claim:p01-02 p:about agent:one ; p:onPage 1 ; p:statement "Said again"@en .
claim:p01-03 p:about agent:one ; p:onPage 1 ; p:statement "Said at last"@en .
agent:a p:knows agent:one . agent:b p:knows agent:one . agent:c p:knows agent:one .
<https://w3id.org/polcoop/id/agent/Zo\\u00E9> skos:prefLabel "Zoé"@fr .
"""
ONE = "/id/agent/one"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
ENDINGS = {
    "ttl": "text/turtle; charset=utf-8",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "html": "text/html; charset=utf-8",
}
# rdflib knows no triple terms.
PLAIN = DATA.replace("<<( agent:one p:knows agent:two )>>", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data."""
    folder = tmp_path_factory.mktemp("linked")
    (folder / "data.ttl").write_text(PLAIN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def http(folder: Path) -> Iterator[httpx2.Client]:
    """A client of a server over it, which tells two claims and two links at most."""
    with (
        serving("--data", folder, "--workers", "2", POLCOOP_MAX_LINKS="2") as running,
        httpx2.Client(base_url=running.url, timeout=60, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("accept", "ending"),
    [
        (None, "ttl"),
        ("*/*", "ttl"),
        (BROWSER, "html"),
        ("text/turtle", "ttl"),
        ("application/ld+json", "jsonld"),
        ("application/rdf+xml, text/turtle;q=0.5", "rdf"),
        ("application/n-triples", "nt"),
        ("text/*", "ttl"),
        ("text/html;q=0.1, application/ld+json", "jsonld"),
    ],
)
def test_negotiation(http: httpx2.Client, accept: str | None, ending: str) -> None:
    answer = http.get(ONE, headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    expected = ENDINGS[ending].partition(";")[0]
    assert answer.headers["content-type"].partition(";")[0] == expected
    assert answer.headers["content-location"] == f"{ONE}.{ending}"
    assert {"Accept", "Accept-Language"} <= set(answer.headers["vary"].split(", "))
    same = http.get(f"{ONE}.{ending}")
    assert same.headers["content-type"] == ENDINGS[ending]
    assert "content-location" not in same.headers
    assert "Accept," not in same.headers["vary"] + ","


def test_nothing_acceptable_is_406(http: httpx2.Client) -> None:
    answer = http.get(ONE, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/turtle" in answer.text


def test_the_formats_say_the_same(http: httpx2.Client) -> None:
    names = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
    graphs = [Graph().parse(data=http.get(f"{ONE}.{e}").content, format=name) for e, name in names.items()]
    assert len(graphs[0]) > 25
    for graph in graphs[1:]:
        assert isomorphic(graphs[0], graph)
    assert "bottom" in {str(value) for value in graphs[0].objects()}


def test_links_name_the_other_formats(http: httpx2.Client) -> None:
    links = http.get(ONE).headers["link"]
    for ending, media_type in ENDINGS.items():
        assert f'<{ONE}.{ending}>; rel="alternate"; type="{media_type.partition(";")[0]}"' in links


def test_head_is_get_without_body(http: httpx2.Client) -> None:
    for ending in ENDINGS:
        got, headed = (http.request(method, f"{ONE}.{ending}") for method in ("GET", "HEAD"))
        assert headed.content == b""
        for name in ("content-type", "etag", "vary", "link"):
            assert headed.headers[name] == got.headers[name]


def test_unchanged_is_304(http: httpx2.Client) -> None:
    tags = set()
    for path, language in ((f"{ONE}.ttl", "en"), (f"{ONE}.html", "en"), (f"{ONE}.html", "fr"), (ONE, "en")):
        headers = {"Accept-Language": language}
        first = http.get(path, headers=headers)
        tags.add(first.headers["etag"])
        again = http.get(path, headers={**headers, "If-None-Match": f'"x", {first.headers["etag"]}'})
        assert again.status_code == 304
        assert again.content == b""
        for name in ("etag", "vary", "cache-control"):
            assert again.headers[name] == first.headers[name]
    # Turtle by its ending and by negotiation is the same.
    assert len(tags) == 3


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("ending", ["html", "ttl"])
def test_content_codings(http: httpx2.Client, coding: str, ending: str) -> None:
    plain = http.get(f"{ONE}.{ending}", headers={"Accept-Encoding": "identity"})
    coded = http.get(f"{ONE}.{ending}", headers={"Accept-Encoding": coding})
    assert "content-encoding" not in plain.headers
    assert coded.headers["content-encoding"] == coding
    decoded = (
        zstandard.ZstdDecompressor().decompressobj().decompress(coded.content)
        if coding == "zstd"
        else coded.content
    )
    assert decoded == plain.content


def test_everything_on_a_page_is_escaped(http: httpx2.Client) -> None:
    page = http.get(f"{ONE}.html").text
    for hostile in ("<script", "<img", "<i>", "<em>", "<b>"):
        assert hostile not in page
    assert "One &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<pre>line one\nline &lt;i&gt;two&lt;/i&gt;</pre>" in page
    links = {html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)}
    assert "http://example.org/?a=1&b='2'" in links
    assert not {link for link in links if not link.startswith(("/", "?", "#", "http://", "https://"))}
    assert "javascript:alert(1)" in page
    assert "script-src" not in http.get(f"{ONE}.html").headers["content-security-policy"]


def test_lists_and_blank_nodes_are_told_in_place(http: httpx2.Client) -> None:
    page = http.get(f"{ONE}.html").text
    listed = page.split('<ol class="items">')[1].split("</ol>")[0]
    assert listed.index("a</span>") < listed.index("bottom")
    assert "_:" not in page


def test_claims_and_links_stop_at_the_bound(http: httpx2.Client) -> None:
    page = http.get(f"{ONE}.html").text
    assert re.findall(r">(claim:p01-0\d)</a>", page) == ["claim:p01-01", "claim:p01-02"]
    assert "page 1–2" in page
    queries = [html.unescape(link) for link in re.findall(r'href="(/\?query=[^"]*)"', page)]
    assert len(queries) == 2
    for link, expected in zip(queries, (3, 4), strict=True):
        text = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", http.get(link).text, re.S)[1])  # type: ignore[index]
        rows = http.get("/sparql", params={"query": text, "format": "csv"}).text.strip().split("\n")[1:]
        # Claims link here by polcoop:about as well.
        assert len(rows) == expected + (2 if "?property" in text else 0)
    graph = Graph().parse(data=http.get(f"{ONE}.nt").content, format="nt")
    knows = [s for s, p, o in graph if str(p).endswith("#knows") and str(o).endswith("/one")]
    assert len(knows) == 2


@pytest.mark.parametrize(
    "path", ["/id/agent/nobody", "/concept/none", "/graph/none", "/ontology", "/shapes", "/id/"]
)
def test_the_unknown_is_404(http: httpx2.Client, path: str) -> None:
    problem = http.get(path)
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
    page = http.get(path, headers={"Accept": BROWSER, "Accept-Language": "fr"})
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Rien n’est connu" in page.text
    assert f"https://w3id.org/polcoop{path}" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/id/a%3E%20.%7D", "/id/%22%3E%3Cscript%3E", "/id/a%0Ab", "/id/%5C", "/id/{x}", "/id/%00",
        "/id/../../etc/passwd", "/id/..%2f..%2fetc%2fpasswd", "/ontology/../../manifest",
        "/ontology/%2e%2e/%2e%2e/manifest.json", "/ontology/..%2findex.json", "/assets/..%2fpages.py",
        "/assets/%2e%2e/pages.py", "/id/" + "x" * 5000,
    ],
)  # fmt: skip
def test_hostile_paths_are_404(http: httpx2.Client, path: str) -> None:
    for accept in ("*/*", BROWSER):
        answer = http.get(path, headers={"Accept": accept})
        assert answer.status_code == 404, answer.text
        assert "<script>" not in answer.text
        assert "Traceback" not in answer.text


def test_iris_with_letters_and_with_words_of_queries(http: httpx2.Client) -> None:
    assert "Zoé" in http.get("/id/agent/Zoé.nt").text
    assert http.get("/id/agent/overseas-service.html").status_code == 200


def test_resources_are_only_read(http: httpx2.Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = http.request(method, ONE)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_other_pages_may_read_them(http: httpx2.Client) -> None:
    answer = http.get(ONE, headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_pages_know_the_path_under_which_a_proxy_shows_them(folder: Path) -> None:
    with serving("--data", folder, "--workers", "1", POLCOOP_PREFIX="/under/here") as running:
        for path in ("/", f"{ONE}.html", "/id/agent/nobody.html"):
            page = httpx2.get(f"{running.url}{path}", trust_env=False)
            for link in re.findall(r'(?:href|src|action)="([^"]*)"', page.text):
                assert link.startswith(("/under/here/", "?", "#", "http://", "https://")), link
        answer = httpx2.get(f"{running.url}{ONE}", trust_env=False)
        assert answer.headers["content-location"] == f"/under/here{ONE}.ttl"
        openapi = httpx2.get(f"{running.url}/openapi.json", trust_env=False).json()
        assert openapi["servers"] == [{"url": "/under/here"}]


def test_triple_terms_are_shown(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    with serving("--data", tmp_path, "--workers", "1") as running:
        page = httpx2.get(f"{running.url}{ONE}.html", trust_env=False)
        assert page.status_code == 200
        assert "&lt;&lt;( One &lt;script&gt;" in page.text
