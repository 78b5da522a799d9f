"""Nanopublications, loaded back: their parts, and that no hedged claim asserts what it only reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest
import rdflib
from rdflib import RDF, Dataset, Namespace, URIRef

from polcoop.export.compiled import Compiled
from polcoop.iris import PREFIXES

NP = Namespace("http://www.nanopub.org/nschema#")
PROV, POLCOOP = Namespace(PREFIXES["prov"]), Namespace(PREFIXES["polcoop"])
MODALITY, CLAIM = Namespace(PREFIXES["modality"]), Namespace(PREFIXES["claim"])
DCTERMS = Namespace(PREFIXES["dcterms"])
Graphs = dict[str, dict[str, rdflib.Graph]]


@pytest.fixture(scope="module")
def nanopubs(export: Callable[..., bytes]) -> Graphs:
    """The four graphs of each nanopublication, by its slug."""
    dataset = Dataset()
    dataset.parse(data=export("nanopubs"), format="trig")
    found: Graphs = defaultdict(dict)
    for graph in dataset.graphs():
        if len(graph):
            slug, _, part = str(graph.identifier).rpartition("/")[2].partition("#")
            found[slug][part] = graph
    return found


def test_each_claim_is_one_and_has_its_four_graphs(nanopubs: Graphs, compiled: Compiled) -> None:
    claims = {s.value.rpartition("/")[2] for (s,) in compiled.select("SELECT ?s { ?s a polcoop:Claim }")}  # type: ignore[union-attr]
    assert nanopubs.keys() == claims
    for slug, graphs in nanopubs.items():
        assert graphs.keys() == {"Head", "assertion", "provenance", "pubinfo"}, slug
        this = URIRef(f"https://w3id.org/polcoop/nanopub/{slug}")
        head = graphs["Head"]
        assert (this, RDF.type, NP.Nanopublication) in head
        for name, part in (
            ("Assertion", "assertion"),
            ("Provenance", "provenance"),
            ("PublicationInfo", "pubinfo"),
        ):
            assert head.value(this, NP[f"has{name}"]) == graphs[part].identifier
        # Guidelines: provenance is about the assertion, publication info about the nanopublication.
        assert set(graphs["provenance"].subjects()) == {graphs["assertion"].identifier}
        assert set(graphs["pubinfo"].subjects()) == {this}
        assert graphs["pubinfo"].value(this, DCTERMS.license)
        assert graphs["pubinfo"].value(this, DCTERMS.created)


def test_provenance_says_how_firmly_who_and_where(nanopubs: Graphs, compiled: Compiled) -> None:
    modalities = {
        s.value.rpartition("/")[2]: URIRef(m.value)  # type: ignore[union-attr]
        for s, m in compiled.select("SELECT ?s ?m { ?s a polcoop:Claim ; polcoop:modality ?m }")
    }
    for slug, graphs in nanopubs.items():
        about = graphs["provenance"], graphs["assertion"].identifier
        assert about[0].value(about[1], POLCOOP.modality) == modalities[slug]
        assert about[0].value(about[1], PROV.wasDerivedFrom) is not None
        assert about[0].value(about[1], POLCOOP.onPage) is not None
        hedged = modalities[slug] in (MODALITY.conditional, MODALITY.tentative)
        assert bool(about[0].value(about[1], POLCOOP.isHedged)) == hedged


def test_only_firm_claims_assert_what_they_say(nanopubs: Graphs) -> None:
    firm = {MODALITY.asserted, MODALITY.attributed}
    counted: dict[bool, int] = defaultdict(int)
    for slug, graphs in nanopubs.items():
        assertion, provenance = graphs["assertion"], graphs["provenance"]
        said = provenance.value(assertion.identifier, POLCOOP.modality)
        plain = (CLAIM[slug], RDF.type, POLCOOP.Claim) not in assertion
        counted[plain] += 1
        if plain:
            assert said in firm, slug
        else:
            # Of the claim alone, in words.
            assert set(assertion.subjects()) == {CLAIM[slug]}, slug
            assert list(assertion.objects(CLAIM[slug], POLCOOP.statement)), slug
    assert counted[True] > 500
    assert counted[False] > 200


def test_a_hedged_fact_is_asserted_by_no_nanopublication(nanopubs: Graphs, compiled: Compiled) -> None:
    hedged = {
        URIRef(s.value) for (s,) in compiled.select("SELECT ?s { ?s a polcoop:Fact ; polcoop:isHedged true }")
    }  # type: ignore[union-attr]
    assert len(hedged) > 20
    described = {subject for graphs in nanopubs.values() for subject in graphs["assertion"].subjects()}
    assert not hedged & described


def test_a_relation_is_asserted_as_such(nanopubs: Graphs) -> None:
    assertion = nanopubs["p12-40"]["assertion"]
    agent = Namespace(PREFIXES["agent"])
    assert set(assertion) == {(agent.eurojust, POLCOOP.partOf, agent.eu)}
    hedged = nanopubs["p19-10"]["assertion"]
    assert hedged.value(CLAIM["p19-10"], POLCOOP.claimPredicate) == POLCOOP.legalBasis
    assert list(hedged.triples((None, POLCOOP.legalBasis, None))) == []


def test_a_voice_answers_for_what_it_says_and_not_for_that_a_claim_is_made(nanopubs: Graphs) -> None:
    agent = Namespace(PREFIXES["agent"])
    said, made = nanopubs["p16-20"], nanopubs["p16-12"]
    assert (CLAIM["p16-20"], RDF.type, POLCOOP.Claim) not in said["assertion"]
    assert (CLAIM["p16-12"], RDF.type, POLCOOP.Claim) in made["assertion"]
    assert set(said["provenance"].objects(None, PROV.wasAttributedTo)) == {agent["carine-pina"], agent.cn}
    assert set(made["provenance"].objects(None, PROV.wasAttributedTo)) == {agent["carine-pina"]}
    for graphs, voice in ((said, agent.cn), (made, agent["safeguard-defenders"])):
        assert set(graphs["provenance"].objects(None, POLCOOP.attributedTo)) == {voice}
