"""OWL 2 DL profile: each rule finds its fault, and nothing else."""

from __future__ import annotations

import pytest
from rdflib import Graph

from polcoop.quality.profile import usable, violations

PREFIXES = """
@prefix : <https://w3id.org/polcoop/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SOUND = """
<https://example.org/o> a owl:Ontology ; owl:versionInfo "1" .
:C a owl:Class ; rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :op ; owl:someValuesFrom :D ] ;
rdfs:label "c" .
:D a owl:Class ; owl:disjointWith :C .
:op a owl:ObjectProperty , owl:FunctionalProperty ; rdfs:domain :C ; rdfs:range :D .
:part a owl:ObjectProperty , owl:TransitiveProperty .
:dp a owl:DatatypeProperty ; rdfs:range xsd:decimal , :Code .
:Code a rdfs:Datatype ; owl:equivalentClass
    [ a rdfs:Datatype ; owl:onDatatype xsd:string ; owl:withRestrictions ( [ xsd:pattern "[A-Z]{3}" ] ) ] .
:note a owl:AnnotationProperty .
:Wkt a rdfs:Datatype .
:a a :C ; :op :b ; :dp 1.5 ; :note "2003"^^xsd:gYear , "x"^^:Wkt , :b ; :part [ a :D ] .
"""
FAULTS = {
    "undeclared-property": ":a :unknown 1 .",
    "property-punning": ":op a owl:AnnotationProperty .",
    "class-punning": ":D a rdfs:Datatype ; owl:equivalentClass xsd:string .",
    "undeclared-class": ":a a :Unknown .",
    "reserved-vocabulary": ":a a rdf:Bag .",
    "wrong-kind-of-value": ":a :op 'text' .",
    "datatype-outside-owl": ':a :dp "2003"^^xsd:gYear .',
    "ill-formed-literal": ':a :dp "many"^^xsd:integer .',
    "undefined-datatype": ":Vague a rdfs:Datatype . :dp rdfs:range :Vague .",
    "non-simple-property": ":part a owl:FunctionalProperty .",
    "irregular-chain": ":q a owl:ObjectProperty ; owl:propertyChainAxiom ( :op :q :op ) .",
    "shared-blank-node": ":a :part _:x . :b :part _:x .",
}
ALSO = {
    "a property only in a restriction": (
        "undeclared-property",
        ":C rdfs:subClassOf [ owl:onProperty :gone ; owl:hasValue 1 ] .",
    ),
    "a class only as range": ("undeclared-class", ":op rdfs:range :Gone ."),
    "rdf:value": ("reserved-vocabulary", ":a rdf:value 1 ."),
    "an IRI where a literal is due": ("wrong-kind-of-value", ":a :dp :b ."),
    "above a transitive property": (
        "non-simple-property",
        ":part rdfs:subPropertyOf :near . :near a owl:ObjectProperty , owl:AsymmetricProperty .",
    ),
    "inverse of a transitive property in a count": (
        "non-simple-property",
        ":has a owl:ObjectProperty ; owl:inverseOf :part . "
        ":C rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :has ; owl:maxCardinality 1 ] .",
    ),
    "chain and disjointness": (
        "non-simple-property",
        ":q a owl:ObjectProperty ; owl:propertyChainAxiom ( :op :part ) ; owl:propertyDisjointWith :op .",
    ),
    "disjoint group": (
        "non-simple-property",
        "[] a owl:AllDisjointProperties ; owl:members ( :part :op ) .",
    ),
    "two chains in a circle": (
        "irregular-chain",
        ":q a owl:ObjectProperty ; owl:propertyChainAxiom ( :op :r ) . "
        ":r a owl:ObjectProperty ; owl:propertyChainAxiom ( :q :op ) .",
    ),
}


def rules(text: str) -> set[str]:
    return {found.rule for found in violations(Graph().parse(data=PREFIXES + SOUND + text, format="turtle"))}


def test_a_sound_ontology_has_no_violation() -> None:
    assert rules("") == set()


@pytest.mark.parametrize("rule", FAULTS)
def test_each_rule_finds_its_fault_and_no_other(rule: str) -> None:
    assert rules(FAULTS[rule]) == {rule}


@pytest.mark.parametrize("case", ALSO)
def test_other_forms_of_the_same_faults(case: str) -> None:
    rule, text = ALSO[case]
    assert rules(text) == {rule}


@pytest.mark.parametrize(
    "text",
    [
        ":q a owl:ObjectProperty ; owl:propertyChainAxiom ( :q :q ) .",
        ":q a owl:ObjectProperty ; owl:propertyChainAxiom ( :q :op ) , ( :op :q ) .",
    ],
)
def test_regular_chains_are_allowed(text: str) -> None:
    assert rules(text) == set()


def test_a_violation_names_the_statement_in_compact_iris() -> None:
    text = ':a :dp "2003"^^xsd:gYear .'
    (found,) = violations(Graph().parse(data=PREFIXES + SOUND + text, format="turtle"))
    assert found.subject == "polcoop:dp"
    assert 'polcoop:a polcoop:dp "2003"^^xsd:gYear' in found.detail


def test_usable_drops_only_what_the_reasoner_cannot_read() -> None:
    sound = Graph().parse(data=PREFIXES + SOUND, format="turtle")
    assert usable(sound) is sound
    spoilt = Graph().parse(
        data=PREFIXES + SOUND + ':a :dp "2003"^^xsd:gYear , "x"^^xsd:integer .', format="turtle"
    )
    assert len(usable(spoilt)) == len(sound)
