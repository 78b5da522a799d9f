"""Every IRI of ours answers at its path: sampled over all kinds, with what it says, what that is called, and
what links here."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx2
import pytest
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Store, parse

from polcoop.iris import expand
from polcoop.sources.project import Project
from polcoop.sources.turtle import parse_quads, read, read_graph
from polcoop.web.addresses import path_of

BASE = "https://w3id.org/polcoop"
LABELS = {
    NamedNode(expand(curie))
    for curie in ("skos:prefLabel", "sh:name", "dcterms:title", "rdfs:label", "polcoop:statement")
}
ONE_IN = 40


@pytest.fixture(scope="module")
def store(dataset: Path) -> Store:
    """The compiled dataset."""
    return Store.read_only(str(dataset / "store"))


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[httpx2.Client]:
    """A client of the server over the compiled project."""
    with httpx2.Client(base_url=server, timeout=120, trust_env=False) as http:
        yield http


@pytest.fixture(scope="module")
def ours(store: Store) -> set[str]:
    """All IRIs of ours that occur anywhere in the data, graph names among them, but for those of the
    catalogue and of the list of prefixes: they are in documents of their own, which have their own tests."""
    terms = {t for quad in store for t in (quad.subject, quad.predicate, quad.object, quad.graph_name)}
    iris = {t.value for t in terms if isinstance(t, NamedNode) and t.value.startswith(f"{BASE}/")}
    return {iri for iri in iris if not iri.startswith(f"{BASE}/.well-known/")}


def test_every_iri_of_ours_has_a_path(ours: set[str]) -> None:
    # Addresses of services, which the catalogue and the example queries name: no resources.
    services = {"", "sparql", "graphs", "openapi.json"}
    others = {iri for iri in ours if path_of(iri) is None}
    assert {iri.removeprefix(f"{BASE}/").partition("?")[0] for iri in others} <= services
    assert len(ours) > 3000


def test_every_hash_iri_is_in_its_document(ours: set[str], dataset: Path) -> None:
    index = json.loads((dataset / "documents" / "index.json").read_text(encoding="utf-8"))
    hashed = {iri for iri in ours if "#" in iri}
    assert len(hashed) > 300
    for iri in hashed:
        document = iri.removeprefix(f"{BASE}/").partition("#")[0]
        assert iri in index[document]


def _sample(ours: set[str]) -> list[str]:
    """Of each kind two at least, and one in ``ONE_IN``; the same ones each time."""
    kinds = defaultdict(list)
    for iri in sorted(ours, key=lambda iri: hashlib.sha256(iri.encode()).digest()):
        # The example queries as a whole are one of the endpoint's descriptions of itself.
        if "#" not in iri and path_of(iri) is not None and not iri.endswith("/sparql-examples"):
            kinds[iri.rpartition("/")[0]].append(iri)
    return [iri for iris in kinds.values() for iri in iris[: max(2, len(iris) // ONE_IN)]]


def test_resources_answer_with_all_of_their_own(ours: set[str], store: Store, client: httpx2.Client) -> None:
    sample = _sample(ours)
    assert len(sample) > 120
    for iri in sample:
        answer = client.get(f"{path_of(iri)}.nt")
        assert answer.status_code == 200, iri
        assert answer.headers["content-type"] == "application/n-triples"
        told = list(parse(answer.content, format=RdfFormat.N_TRIPLES, rename_blank_nodes=False))
        is_document = iri.startswith((f"{BASE}/ontology", f"{BASE}/shapes", f"{BASE}/graph"))
        own = {
            quad.triple
            for quad in store.quads_for_pattern(NamedNode(iri), None, None)
            # The blank nodes of a document have names of its own.
            if not (is_document and isinstance(quad.object, BlankNode))
        }
        assert own <= {quad.triple for quad in told}, iri
        if not is_document:
            _check_labels(iri, told, store)


def _check_labels(iri: str, told: list[Quad], store: Store) -> None:
    """What the resource's own triples name has its label in the answer."""
    labelled = {q.subject for q in told if q.predicate in LABELS}
    own = [q for q in told if q.subject == NamedNode(iri)]
    for named in {t for q in own for t in (q.predicate, q.object) if isinstance(t, NamedNode)}:
        has_one = any(next(store.quads_for_pattern(named, p, None), None) for p in LABELS)
        assert (named in labelled) == has_one, (iri, named)


@pytest.mark.parametrize(
    "iri",
    [
        "/id/claim/p14-08", "/id/agent/europol", "/id/agent/cn", "/concept/modality/conditional",
        "/concept/topic", "/graph/computed", "/ontology", "/ontology/claims", "/ontology/1.0.0", "/shapes",
        "/shapes/claims", "/ontology/alignments/prov", "/.well-known/sparql-examples/54-hedged-statements",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_pages_of_every_kind(client: httpx2.Client, iri: str, accept: str) -> None:
    page = client.get(iri, headers={"Accept": accept})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1" in page.text
    assert "<script" not in page.text
    assert page.text.count("<a href=") > 5


def test_a_claim_shows_page_hedge_and_voice(client: httpx2.Client) -> None:
    page = client.get("/id/claim/p14-08.html").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "on page 14" in text
    assert "modality attributed" in text
    assert "attributed to People’s Public Security University Press" in text
    assert 'href="/concept/modality/attributed"' in page


def test_a_fact_shows_its_claims_with_page_hedge_and_voice(client: httpx2.Client) -> None:
    page = client.get("/id/agent/cn.html").text
    listed = page.split('<ol class="claims">')[1].split("</ol>")[0]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", listed))
    assert re.search(r"claim:p01-02 page 1 attributed according to Safeguard Defenders", text)
    assert '<li class="hedged">' in listed


def test_every_graph_answers_whole(store: Store, client: httpx2.Client) -> None:
    names = [graph.value for graph in store.named_graphs() if graph.value.startswith(f"{BASE}/graph/")]
    assert len(names) > 6
    for name in names:
        told = client.get(f"{path_of(name)}.nt").content
        assert told.count(b" .\n") == sum(
            1 for _ in store.quads_for_pattern(None, None, None, NamedNode(name))
        )


def test_turtle_of_resources_is_for_people_too(client: httpx2.Client) -> None:
    text = client.get("/id/claim/p14-08.ttl").text
    assert "\nclaim:p14-08 polcoop:" in text
    # The catalogue names the claim as an example, and is under no prefix.
    catalogue = f"<{BASE}/.well-known/void#dataset>"
    shown = "".join(line for line in text.splitlines() if not line.startswith("@prefix"))
    assert "https://" not in shown.replace(catalogue, "")


def test_labels_are_in_the_wished_language(client: httpx2.Client) -> None:
    for options in ({"params": {"lang": "fr"}}, {"headers": {"Accept-Language": "fr-FR,en;q=0.5"}}):
        page = client.get("/concept/modality/conditional.html", **options)
        assert page.headers["content-language"] == "fr"
        assert "conditionnel" in re.search(r"<h1.*?</h1>", page.text, re.S)[0]  # type: ignore[index]
    assert client.get("/ontology.html", params={"lang": "de"}).status_code == 400


def test_every_internal_link_of_a_page_works(client: httpx2.Client) -> None:
    seen: set[str] = set()
    for start in ("/id/claim/p14-08", "/id/footnote/125", "/shapes/dates"):
        page = client.get(start, headers={"Accept": "text/html"}).text
        seen |= {path.partition("#")[0] for path in re.findall(r'href="(/[^"]*)"', page)}
    assert len(seen) > 30
    for path in sorted(seen):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["ontology", "shapes", "ontology/events", "shapes/claims"])
def test_documents_are_whole_in_every_format(root: Path, dataset: Path, path: str) -> None:
    files = sorted((root / path.partition("/")[0]).glob("*.ttl"))
    if "/" in path:
        files = [root / f"{path}.ttl"]
    written = [quad.triple for file in files for quad in read(file)]
    formats = {
        "ttl": RdfFormat.TURTLE,
        "nt": RdfFormat.N_TRIPLES,
        "rdf": RdfFormat.RDF_XML,
        "jsonld": RdfFormat.JSON_LD,
    }
    for ending, file_format in formats.items():
        content = (dataset / "documents" / f"{path}.{ending}").read_bytes()
        found = [quad.triple for quad in parse_quads(content, file_format, path)]
        assert len(found) == len(written)
        assert {str(t) for t in found if "_:" not in str(t)} == {
            str(t) for t in written if "_:" not in str(t)
        }


def test_rdf_xml_is_xml(dataset: Path, client: httpx2.Client) -> None:
    """All documents, and all of the data: a parser of RDF may take what a parser of XML does not."""
    files = sorted((dataset / "documents").rglob("*.rdf"))
    assert len(files) > 20
    for file in files:
        ElementTree.parse(file)  # noqa: S314 - our own file
    whole = client.get("/graphs?default", headers={"Accept": "application/rdf+xml"})
    assert whole.status_code == 200, whole.text
    assert len(ElementTree.fromstring(whole.content)) > 1000  # noqa: S314 - our own server


def test_the_joined_turtle_means_what_its_files_mean(root: Path, dataset: Path) -> None:
    from rdflib.compare import isomorphic

    files = sorted((root / "ontology").glob("*.ttl"))
    assert isomorphic(read_graph(files), read_graph([dataset / "documents" / "ontology.ttl"]))


def test_a_module_is_served_as_it_was_written(root: Path, client: httpx2.Client) -> None:
    assert client.get("/ontology/claims.ttl").content == (root / "ontology" / "claims.ttl").read_bytes()


def test_version_iris_lead_to_the_current_document(client: httpx2.Client) -> None:
    assert client.get("/ontology/1.0.0").content == client.get("/ontology").content
    assert client.get("/ontology/claims/1.0.0.nt").content == client.get("/ontology/claims.nt").content
    assert client.get("/ontology/0.9.0").status_code == 404


def test_shapes_and_examples_are_no_data(root: Path) -> None:
    project = Project(root)
    assert not {source.graph for source in project.sources} & {source.graph for source in project.beside}
    beside = {source.path.relative_to(root).parts[0] for source in project.beside}
    assert beside == {"shapes", "queries", "catalogue.ttl"}


def test_the_start_page_lists_every_example_query(root: Path, client: httpx2.Client) -> None:
    page = client.get("/", headers={"Accept-Language": "fr"}).text
    names = {path.stem for path in (root / "queries").glob("*.ttl")}
    assert set(re.findall(r'href="\?example=([^"#]+)#ask"', page)) == names
    assert "Combien d’officiers de liaison" in page
    filled = client.get("/", params={"example": "04-liaison-officers-missions-countries"}).text
    assert "liaison-officers-posted" in re.search(r"<textarea.*?</textarea>", filled, re.S)[0]  # type: ignore[index]
    assert client.get("/", params={"example": "none"}).status_code == 400
