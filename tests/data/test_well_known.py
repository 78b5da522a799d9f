"""What the dataset says of itself (VoID, DCAT) and of how to ask it (example queries, prefixes): true, and
written when it is compiled."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from polcoop.iris import BASE, CATALOGUE, EXAMPLES, PREFIXES, SPARQL
from polcoop.sources.dataset import Manifest
from polcoop.sources.example import example_query

ROOT = Path(__file__).resolve().parents[2]
VOID, DCAT, SD, SH = (PREFIXES[prefix] for prefix in ("void", "dcat", "sd", "sh"))
DCTERMS, OWL, SKOS, RDFS = (PREFIXES[prefix] for prefix in ("dcterms", "owl", "skos", "rdfs"))
DATASET = NamedNode(f"{CATALOGUE}#dataset")
NOT_ITSELF = f"FILTER(?g != <{CATALOGUE}>)"


@pytest.fixture(scope="module")
def void(server: str) -> Store:
    """The description as it is served."""
    return fetched(f"{server}/.well-known/void")


@pytest.fixture(scope="module")
def examples(server: str) -> Store:
    """The examples as they are served."""
    return fetched(f"{server}/.well-known/sparql-examples")


def fetched(url: str) -> Store:
    response = httpx2.get(url, headers={"Accept": "text/turtle"}, trust_env=False, timeout=60)
    assert response.status_code == 200, response.text
    store = Store()
    store.extend(parse(response.content, format=RdfFormat.TURTLE, base_iri=url))
    return store


def rows(server: str, query: str) -> list[dict[str, str]]:
    response = httpx2.post(f"{server}/sparql", data={"query": query}, trust_env=False, timeout=60)
    assert response.status_code == 200, response.text
    return [{n: v["value"] for n, v in row.items()} for row in response.json()["results"]["bindings"]]


def values(store: Store, subject: NamedNode, predicate: str) -> list[str]:
    return [q.object.value for q in store.quads_for_pattern(subject, NamedNode(predicate), None)]


def table(store: Store, part: str, key: str, *numbers: str) -> dict[str, tuple[str, ...]]:
    """The partitions of the dataset: what they are of, and their numbers."""
    found = {}
    for quad in store.quads_for_pattern(DATASET, NamedNode(VOID + part), None):
        (name,) = values(store, quad.object, key) or [None]
        if name is not None:
            found[name] = tuple(values(store, quad.object, VOID + n)[0] for n in numbers)
    return found


def test_the_totals(server: str, void: Store) -> None:
    query = f"""SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects)
        (COUNT(DISTINCT ?o) AS ?distinctObjects) (COUNT(DISTINCT ?p) AS ?properties)
        {{ GRAPH ?g {{ ?s ?p ?o }} {NOT_ITSELF} }}"""
    (counted,) = rows(server, query)
    assert {name: values(void, DATASET, VOID + name) for name in counted} == {
        n: [v] for n, v in counted.items()
    }
    assert int(counted["triples"]) > 50_000


def test_every_class_is_a_partition(server: str, void: Store) -> None:
    query = f"""SELECT ?class (COUNT(DISTINCT ?s) AS ?n)
        {{ GRAPH ?g {{ ?s a ?class }} {NOT_ITSELF} FILTER(isIRI(?class)) }} GROUP BY ?class"""
    counted = {row["class"]: (row["n"],) for row in rows(server, query)}
    assert table(void, "classPartition", f"{VOID}class", "entities") == counted
    assert f"{PREFIXES['polcoop']}Claim" in counted
    assert values(void, DATASET, f"{VOID}classes") == [str(len(counted))]


def test_every_property_is_a_partition(server: str, void: Store) -> None:
    query = f"""SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?ns) (COUNT(DISTINCT ?o) AS ?no)
        {{ GRAPH ?g {{ ?s ?p ?o }} {NOT_ITSELF} }} GROUP BY ?p"""
    counted = {row["p"]: (row["n"], row["ns"], row["no"]) for row in rows(server, query)}
    numbers = ("triples", "distinctSubjects", "distinctObjects")
    assert table(void, "propertyPartition", f"{VOID}property", *numbers) == counted


def test_the_properties_of_a_class(server: str, void: Store) -> None:
    claim = f"{PREFIXES['polcoop']}Claim"
    query = f"SELECT ?p (COUNT(*) AS ?n) {{ ?s a <{claim}> ; ?p ?o }} GROUP BY ?p"
    counted = {row["p"]: row["n"] for row in rows(server, query)}
    (part,) = (q.subject for q in void.quads_for_pattern(None, NamedNode(f"{VOID}class"), NamedNode(claim)))
    inner = [q.object for q in void.quads_for_pattern(part, NamedNode(f"{VOID}propertyPartition"), None)]
    assert {
        values(void, node, f"{VOID}property")[0]: values(void, node, f"{VOID}triples")[0] for node in inner
    } == counted
    assert len(counted) > 10


def test_every_graph_is_a_subset(server: str, void: Store) -> None:
    query = f"SELECT ?g (COUNT(*) AS ?n) {{ GRAPH ?g {{ ?s ?p ?o }} {NOT_ITSELF} }} GROUP BY ?g"
    counted = {row["g"]: (row["n"],) for row in rows(server, query)}
    assert table(void, "subset", f"{SD}name", "triples") == counted


def test_the_links_to_wikidata(server: str, void: Store) -> None:
    query = f"""SELECT ?p (COUNT(*) AS ?n) {{ GRAPH ?g {{ ?s ?p ?o }} {NOT_ITSELF}
        FILTER(isIRI(?o) && STRSTARTS(STR(?o), "http://www.wikidata.org/entity/")) }} GROUP BY ?p"""
    counted = {row["p"]: (row["n"],) for row in rows(server, query)}
    assert table(void, "subset", f"{VOID}linkPredicate", "triples") == counted
    assert f"{SKOS}exactMatch" in counted
    assert sum(int(n) for (n,) in counted.values()) > 50


def test_what_it_is(void: Store) -> None:
    kinds = {
        q.object.value for q in void.quads_for_pattern(DATASET, NamedNode(PREFIXES["rdf"] + "type"), None)
    }
    assert kinds == {f"{DCAT}Dataset", f"{VOID}Dataset"}
    assert values(void, DATASET, f"{DCTERMS}license") == [
        "https://creativecommons.org/publicdomain/zero/1.0/"
    ]
    for text in ("title", "description"):
        found = void.quads_for_pattern(DATASET, NamedNode(DCTERMS + text), None)
        assert sorted(q.object.language for q in found) == ["en", "fr"]
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert project
    assert values(void, DATASET, f"{DCAT}version") == [project[1]]
    assert values(void, DATASET, f"{VOID}sparqlEndpoint") == [SPARQL]


def test_the_version_that_is_served(server: str, dataset: Path, void: Store) -> None:
    manifest = Manifest.load(dataset)
    assert values(void, DATASET, f"{DCAT}version") == [manifest.release]
    assert values(void, DATASET, f"{OWL}versionInfo") == [f"{manifest.release}+{manifest.version[:12]}"]
    # It is not part of the data, whose digest it is.
    assert rows(server, f"SELECT ?v {{ {DATASET} <{OWL}versionInfo> ?v }}") == []
    described = fetched(f"{server}/sparql")
    stated = [q.object.value for q in described.quads_for_pattern(None, NamedNode(f"{OWL}versionInfo"), None)]
    assert stated == values(void, DATASET, f"{OWL}versionInfo")


def here(server: str, iri: str) -> str:
    """The address on the test's server of what the description names at its public one."""
    assert iri.startswith(BASE), iri
    return f"{server}/{iri.removeprefix(BASE)}"


def test_every_distribution_can_be_had(server: str, void: Store) -> None:
    distributions = [
        q.object for q in void.quads_for_pattern(DATASET, NamedNode(f"{DCAT}distribution"), None)
    ]
    fetched_types = set()
    for node in distributions:
        assert values(void, node, f"{DCTERMS}license") == values(void, DATASET, f"{DCTERMS}license")
        for url in values(void, node, f"{DCAT}downloadURL"):
            (kind,) = values(void, node, f"{DCAT}mediaType")
            with httpx2.stream("GET", here(server, url), trust_env=False, timeout=60) as response:
                assert response.status_code == 200
                media_type = response.headers["content-type"].split(";")[0]
                assert kind == f"https://www.iana.org/assignments/media-types/{media_type}"
                assert sum(map(len, response.iter_bytes())) > 1_000_000
            fetched_types.add(media_type)
    assert fetched_types == {"text/turtle", "application/n-triples", "application/ld+json"}
    (service,) = void.quads_for_pattern(None, NamedNode(f"{DCAT}servesDataset"), DATASET)
    for url in values(void, service.subject, f"{DCAT}endpointDescription"):
        assert httpx2.get(here(server, url), trust_env=False).status_code == 200
    for url in values(void, DATASET, f"{VOID}dataDump"):
        assert httpx2.head(here(server, url), trust_env=False, timeout=60).status_code == 200


def test_the_examples_are_the_queries_of_the_project(server: str, examples: Store) -> None:
    files = sorted((ROOT / "queries").glob("*.ttl"))
    assert len(files) > 60
    for file in files:
        query = NamedNode(f"{EXAMPLES}/{file.stem}")
        assert values(examples, query, f"{SH}select") == [example_query(file)]
        assert values(examples, query, f"{SH}prefixes") == [EXAMPLES]
        assert values(examples, query, f"{RDFS}comment")
        assert values(examples, query, "https://schema.org/target") == [SPARQL]
    (counted,) = rows(
        server, f"SELECT (COUNT(*) AS ?n) {{ ?q a <{SH}SPARQLExecutable> ; <{SH}prefixes> ?p }}"
    )
    assert counted == {"n": str(len(files))}


def test_the_prefixes_are_declared_as_shacl_does(examples: Store) -> None:
    declared = {}
    for quad in examples.quads_for_pattern(NamedNode(EXAMPLES), NamedNode(f"{SH}declare"), None):
        (namespace,) = examples.quads_for_pattern(quad.object, NamedNode(f"{SH}namespace"), None)
        assert namespace.object.datatype == NamedNode(PREFIXES["xsd"] + "anyURI")
        declared[values(examples, quad.object, f"{SH}prefix")[0]] = namespace.object.value
    assert declared == PREFIXES


@pytest.mark.parametrize("path", ["/.well-known/void", "/.well-known/sparql-examples"])
def test_both_by_any_road(server: str, path: str) -> None:
    for kind in (RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.JSON_LD):
        response = httpx2.get(server + path, headers={"Accept": kind.media_type}, trust_env=False, timeout=60)
        assert response.headers["content-type"].split(";")[0] == kind.media_type
        assert "Accept" in response.headers["vary"]
        assert sum(1 for _ in parse(response.content, format=kind)) > 900
    assert httpx2.head(server + path, trust_env=False).status_code == 200
    assert httpx2.get(f"{server}{path}?format=csv", trust_env=False).status_code == 406
    assert httpx2.get(f"{server}{path}?graph=x", trust_env=False).status_code == 400
    assert httpx2.post(server + path, trust_env=False).headers["allow"] == "GET, HEAD, OPTIONS"
    # The same as a graph of the dataset.
    graph = {"/.well-known/void": CATALOGUE}.get(path, EXAMPLES)
    (counted,) = rows(server, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    # But for the version, which is not part of the data.
    assert int(counted["n"]) == len(fetched(server + path)) - (graph == CATALOGUE)
