"""The RDF exports, loaded back with other readers and compared with the dataset, triple by triple."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pyoxigraph
import pytest
import rdflib
from pyoxigraph import CanonicalizationAlgorithm, NamedNode, Quad, RdfFormat

from polcoop.export import context
from polcoop.export.compiled import Compiled
from polcoop.iris import PREFIXES

Export = Callable[..., bytes]


def canonical(quads: set[Quad]) -> set[str]:
    """The quads with blank nodes named by RDFC-1.0, so that equal datasets are equal sets."""
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


@pytest.fixture(scope="module")
def whole(compiled: Compiled) -> set[str]:
    """The dataset in that form."""
    return canonical(set(compiled.quads))


def parsed(content: bytes, form: RdfFormat) -> set[Quad]:
    """Read back."""
    return {quad for quad in pyoxigraph.parse(content, format=form) if isinstance(quad, Quad)}


def by_rdflib(content: bytes, form: str) -> set[Quad]:
    """Read back by the other library, and hand over."""
    dataset = rdflib.Dataset()
    dataset.parse(data=content, format=form)
    return parsed(dataset.serialize(format="nquads").encode(), RdfFormat.N_QUADS)


def test_nquads_are_the_dataset_sorted(export: Export, compiled: Compiled) -> None:
    lines = export("nquads").splitlines()
    assert lines == sorted(lines)
    assert len(lines) == sum(compiled.manifest.graphs.values())


def test_ntriples_are_the_union_sorted_each_once(export: Export, compiled: Compiled) -> None:
    lines = export("ntriples").splitlines()
    assert lines == sorted(set(lines))
    triples = {quad.triple for quad in parsed(export("ntriples"), RdfFormat.N_TRIPLES)}
    assert triples == {quad.triple for quad in compiled.quads}


def test_trig_has_the_graphs(export: Export, whole: set[str]) -> None:
    content = export("trig")
    assert b"@prefix polcoop: <https://w3id.org/polcoop/ontology#> ." in content
    assert canonical(parsed(content, RdfFormat.TRIG)) == whole


def test_jsonld_brings_its_context_and_fetches_nothing(export: Export, whole: set[str]) -> None:
    content = export("jsonld")
    document = json.loads(content)
    assert isinstance(document["@context"], dict)
    # Neither reader is given a way to load anything.
    assert canonical(parsed(content, RdfFormat.JSON_LD)) == whole


def test_jsonld_reads_like_json(export: Export) -> None:
    graphs = {graph["@id"]: graph["@graph"] for graph in json.loads(export("jsonld"))["@graph"]}
    assert {"graph:instances", "graph:ontology", "graph:computed", "graph:vocabularies"} <= graphs.keys()
    claim = next(node for node in graphs["graph:instances"] if node["@id"] == "id:claim/p14-26")
    assert claim["@type"] == ["Claim"]
    assert claim["modality"] == "concept:modality/conditional"
    assert claim["establishes"] == "id:statistic/cn-extradition-treaties-ratified-2022-12"
    assert claim["passage"]["@type"] == ["oa:TextPositionSelector"]
    assert {text["@language"] for text in claim["statement"]} == {"en", "fr"}


def test_rdflib_reads_the_same_of_a_part_of_the_jsonld(
    export: Export, compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part, since that reader takes minutes for the whole."""
    # It would write other forms of the same dates and numbers.
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    document = json.loads(export("jsonld"))
    chosen = {f"https://w3id.org/polcoop/id/{kind}/" for kind in ("agent", "statistic", "amount")}
    for graph in document["@graph"]:
        graph["@graph"] = [
            n for n in graph["@graph"] if n["@id"].startswith(("id:agent/", "id:statistic/", "id:amount/"))
        ]
    ours = {q for q in compiled.quads if any(str(q.subject)[1:].startswith(start) for start in chosen)}
    assert len(ours) > 3000
    assert canonical(by_rdflib(json.dumps(document).encode(), "json-ld")) == canonical(ours)


def test_the_published_context_is_the_one_of_the_ontology(export: Export, root: Path) -> None:
    kept = (root / "server" / "polcoop" / "export" / "context.jsonld").read_bytes()
    assert export("context") == kept, "polcoop export context --out server/polcoop/export/context.jsonld"


def test_the_server_publishes_it(server: str, export: Export, compiled: Compiled) -> None:
    response = httpx2.get(
        f"{server}/context.jsonld", headers={"Origin": "https://example.org"}, trust_env=False
    )
    assert response.headers["content-type"] == "application/ld+json"
    assert response.headers["access-control-allow-origin"] == "*"
    # A document that names the context instead of holding it means the same.
    document = json.loads(export("jsonld"))
    assert response.json()["@context"] == document["@context"]


def test_every_term_of_the_context_is_declared_and_typed_as_in_the_ontology(compiled: Compiled) -> None:
    terms = context.build(compiled)["@context"]
    declared = {quad.subject.value for quad in compiled.quads if isinstance(quad.subject, NamedNode)}
    typed = {name: term for name, term in terms.items() if isinstance(term, dict)}
    assert len(typed) > 100
    assert typed["hasParty"] == {"@id": f"{PREFIXES['polcoop']}hasParty", "@type": "@id"}
    assert typed["earliest"]["@type"] == f"{PREFIXES['xsd']}dateTime"
    for term in typed.values():
        assert term["@id"] in declared


def test_sameas_has_a_link_for_each_item_and_the_data_has_none(export: Export, compiled: Compiled) -> None:
    same = NamedNode(f"{PREFIXES['owl']}sameAs")
    assert not any(quad.predicate == same for quad in compiled.quads)
    links = parsed(export("sameas"), RdfFormat.N_TRIPLES)
    stated = {
        (quad.subject, quad.object)
        for quad in compiled.quads
        if quad.predicate.value == f"{PREFIXES['schema']}sameAs"
    }
    assert {quad.predicate for quad in links} == {same}
    assert {(quad.subject, quad.object) for quad in links} == stated
    assert len(links) > 150
