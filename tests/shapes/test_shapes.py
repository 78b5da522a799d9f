"""The shapes themselves: named, explained in two languages, with a severity, a constraint and fixtures."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

import pytest
from harness import FIXTURES, Harness, expected
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import QuerySolutions, Store
from rdflib import OWL, RDF, RDFS, SH, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from polcoop.iris import ONTOLOGY, SHAPES, shrink
from polcoop.quality.shacl import validate
from polcoop.sources.dates import NotADateError, bounds

NOT_CONSTRAINTS = {
    RDF.type, SH.name, SH.message, SH.severity, SH.description, SH.path, SH.property, SH.flags,
    SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf,
}  # fmt: skip


def named(shapes: Graph) -> list[Node]:
    return sorted(
        {*shapes.subjects(RDF.type, SH.NodeShape), *shapes.subjects(RDF.type, SH.PropertyShape)}, key=str
    )


def negated(shapes: Graph) -> set[Node]:
    """Named shapes that others negate, and that nobody meets in a report."""
    return {shape for shape in shapes.objects(None, SH["not"]) if isinstance(shape, URIRef)}


def has_own_constraint(shapes: Graph, shape: Node) -> bool:
    return bool(set(shapes.predicates(shape)) - NOT_CONSTRAINTS)


def test_every_shape_is_named_in_the_namespace_of_shapes(harness: Harness) -> None:
    assert len(named(harness.shapes)) > 100
    assert [shape for shape in named(harness.shapes) if not str(shape).startswith(SHAPES)] == []


@pytest.mark.parametrize("predicate", [SH.name, SH.message])
def test_every_shape_has_one_name_and_message_in_each_language(harness: Harness, predicate: URIRef) -> None:
    for shape in named(harness.shapes):
        texts = [text for text in harness.shapes.objects(shape, predicate) if isinstance(text, Literal)]
        assert sorted(str(text.language) for text in texts) == ["en", "fr"], shrink(str(shape))
        assert all(str(text).strip() == str(text) for text in texts)


def test_every_shape_has_a_severity_on_purpose(harness: Harness) -> None:
    for shape in named(harness.shapes):
        severities = set(harness.shapes.objects(shape, SH.severity))
        assert len(severities) == 1, shrink(str(shape))
        assert severities <= {SH.Violation, SH.Warning, SH.Info}


def test_every_shape_has_a_constraint(harness: Harness) -> None:
    for shape in named(harness.shapes):
        assert has_own_constraint(harness.shapes, shape) or (shape, SH.property, None) in harness.shapes


def test_every_shape_is_reached_from_a_target(harness: Harness) -> None:
    shapes = harness.shapes
    targets = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
    for shape in named(shapes):
        users = set(shapes.subjects(SH["not"], shape)) or {shape}
        parents = {parent for user in users for parent in shapes.subjects(SH.property, user)} or users
        assert any((parent, target, None) in shapes for parent in parents for target in targets), shrink(
            str(shape)
        )


def test_every_constraint_has_failed_in_a_fixture(harness: Harness) -> None:
    failed = {shape for file in FIXTURES.glob("*/fail.ttl") for _, shape, *_ in expected(file)}
    untried = [
        s
        for s in named(harness.shapes)
        if has_own_constraint(harness.shapes, s)
        and s not in negated(harness.shapes)
        and shrink(str(s)) not in failed
    ]
    assert untried == []


def test_every_shape_with_a_target_has_a_folder_of_fixtures_and_no_folder_is_left_over(
    harness: Harness,
) -> None:
    targets = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
    targeting = {s for t in targets for s in harness.shapes.subjects(t)}
    folders = {folder.name for folder in FIXTURES.iterdir() if folder.is_dir()}
    assert folders == {str(shape).removeprefix(SHAPES) for shape in targeting}
    for folder in folders:
        assert {file.name for file in (FIXTURES / folder).iterdir()} == {"pass.ttl", "fail.ttl"}


def test_no_query_uses_what_shacl_forbids(harness: Harness) -> None:
    for query in harness.shapes.objects(None, SH.select):
        assert not re.search(r"(?<![\w:-])(VALUES|MINUS|SERVICE)\s", str(query), re.IGNORECASE)


def test_every_select_of_a_query_keeps_the_focus_node(harness: Harness) -> None:
    """A variable that SHACL binds beforehand must be projected by each subquery (SHACL, section 5.3.1)."""
    for query in harness.shapes.objects(None, SH.select):
        selects = re.findall(r"SELECT (?:DISTINCT )?(\S+)", str(query))
        assert selects
        assert set(selects) == {"$this"}


def test_every_query_is_one_for_other_engines_too(harness: Harness) -> None:
    store = Store()
    for constraint in harness.shapes.objects(None, SH.sparql):
        header = harness.shapes.value(constraint, SH.prefixes)
        prefixes = {
            str(harness.shapes.value(declaration, SH.prefix)): str(
                harness.shapes.value(declaration, SH.namespace)
            )
            for declaration in harness.shapes.objects(header, SH.declare)
        }
        found = store.query(str(harness.shapes.value(constraint, SH.select)), prefixes=prefixes)
        assert isinstance(found, QuerySolutions)
        assert list(found) == []


def test_values_are_checked_for_every_datatype_property(harness: Harness) -> None:
    declared = {
        p for p in harness.background.subjects(RDF.type, OWL.DatatypeProperty) if str(p).startswith(ONTOLOGY)
    }
    assert set(harness.shapes.objects(URIRef(f"{SHAPES}Values"), SH.targetObjectsOf)) == declared


def test_every_property_that_leads_to_a_concept_has_a_closed_list(harness: Harness) -> None:
    leading = {
        str(p).removeprefix(ONTOLOGY)
        for p in harness.background.subjects(RDFS.range, SKOS.Concept)
        if str(p).startswith(ONTOLOGY)
    }
    lists = {str(s).removeprefix(f"{SHAPES}List-") for s in named(harness.shapes) if "#List-" in str(s)}
    assert lists == leading


def test_the_general_profile_knows_nothing_of_this_note(harness: Harness) -> None:
    terms = {str(term) for triple in harness.general for term in triple}
    assert [term for term in terms if "polcoop/id/" in term] == []
    limits = set(harness.general.objects(None, SH.maxInclusive)) - {Literal(100)}
    assert limits == set(), "pages, footnotes and dates have no last one; only a percentage has"
    french = [shape for shape in harness.general.subjects(SH.languageIn, None) if "fr" in str(shape)]
    assert french == []


def test_references_are_checked_for_every_object_property(harness: Harness) -> None:
    declared = {
        p for p in harness.background.subjects(RDF.type, OWL.ObjectProperty) if str(p).startswith(ONTOLOGY)
    }
    checked = set(harness.shapes.objects(URIRef(f"{SHAPES}References"), SH.targetObjectsOf))
    assert checked == declared


def test_shapes_name_only_declared_terms(harness: Harness) -> None:
    used = {term for triple in harness.shapes for term in triple if isinstance(term, URIRef)}
    ours = {term for term in used if str(term).startswith((ONTOLOGY, "https://w3id.org/polcoop/concept/"))}
    assert [shrink(str(term)) for term in ours if (term, RDF.type, None) not in harness.background] == []


PIECES = [
    "2016", "2016-05", "2016-05-02", "2016-23", "200X", "19XX", "2XXX", "2004-XX", "2004-06-XX", "2016-13",
    "2016-02-30", "2016-25", "16", "20166", "0000", "May 2016", "2016-05-02T10:00:00Z", "..", "",
]  # fmt: skip


@pytest.mark.parametrize("first", PIECES)
def test_the_pattern_of_dates_accepts_every_date_that_has_bounds(harness: Harness, first: str) -> None:
    pattern = str(harness.shapes.value(URIRef(f"{SHAPES}Date-form"), SH.pattern))
    for text in (
        *(f"{first}{mark}" for mark in ("", "?", "~", "%")),
        *(f"{first}/{second}" for second in PIECES),
    ):
        if has_bounds(text):
            assert re.search(pattern, text), text


def has_bounds(text: str) -> bool:
    try:
        found = bounds(text)
    except NotADateError:
        return False
    return bool(found.earliest or found.latest)


TEXTS = sorted({*PIECES, *(f"{a}/{b}" for a in PIECES for b in PIECES if a and b and a <= b)})
A = URIRef("https://example.org/a")


def bounded(shift: timedelta) -> tuple[Graph, set[str]]:
    """A graph with a node for each date that has bounds, its bounds moved by ``shift``; and the nodes."""
    graph, nodes = Graph(), set()
    for number, text in enumerate(mark(piece) for piece in TEXTS for mark in (str, "{}~".format)):
        if not has_bounds(text) or "T" in text:
            continue
        node = URIRef(f"{A}{number}")
        nodes.add(str(node))
        graph.add((node, URIRef(f"{ONTOLOGY}edtf"), Literal(text)))
        found = bounds(text)
        for name, bound in (("earliest", found.earliest), ("latest", found.latest)):
            if bound:
                graph.add((node, URIRef(f"{ONTOLOGY}{name}"), moment(bound + shift)))
    return graph, nodes


def moment(when: datetime) -> Literal:
    return Literal(when.strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=XSD.dateTime)


@pytest.mark.parametrize("shift", [timedelta(), timedelta(seconds=1), timedelta(days=-1)], ids=str)
def test_the_query_on_dates_has_the_bounds_of_the_computation(harness: Harness, shift: timedelta) -> None:
    data, nodes = bounded(shift)
    assert len(nodes) > 40
    report = validate(data, only(harness.shapes, "DateValue"))
    assert {str(r.value).strip("<>") for r in report.results} == (nodes if shift else set())


def only(shapes: Graph, name: str) -> Graph:
    """One shape alone, with the prefixes of its query."""
    graph = Graph()
    for triple in shapes.triples((None, SH.declare, None)):
        graph += [triple, *shapes.triples((triple[2], None, None))]
    shape = URIRef(f"{SHAPES}{name}")
    for triple in shapes.triples((shape, None, None)):
        graph += [triple, *shapes.triples((triple[2], None, None))]
    return graph


def unclean(harness: Harness) -> re.Pattern[str]:
    return re.compile(str(harness.shapes.value(URIRef(f"{SHAPES}UncleanText"), SH.pattern)))


def test_unclean_text_is_every_latin_letter_in_pieces_and_what_nfc_replaces(harness: Harness) -> None:
    pattern = unclean(harness)
    for character in map(chr, range(0x20, 0x10000)):
        if unicodedata.category(character) in ("Cs", "Cc", "Zs"):
            continue
        pieces, whole = (unicodedata.normalize(form, character) for form in ("NFD", "NFC"))
        if whole != character and len(whole) == 1:
            assert pattern.search(f"x{character}x"), hex(ord(character))
        elif whole == character and len(pieces) == 2 and pieces[0].isascii() and pieces[0].isalpha():
            assert pattern.search(f"x{pieces}x"), hex(ord(character))
            assert not pattern.search(f"x{character}x"), hex(ord(character))


@given(st.text(st.characters(exclude_categories=["C", "Z", "M"]), min_size=1))
def test_clean_text_in_form_nfc_is_not_called_unclean(harness: Harness, text: str) -> None:
    assert not unclean(harness).search(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    "text", ["", " a", "a ", "a\n", "a  b", "a\u00a0 b", "a\u200bb", "a\x07", "\ufeffa", "a\ufffd"]
)
def test_unclean_text_is_called_unclean(harness: Harness, text: str) -> None:
    assert unclean(harness).search(text)


def test_control_characters_are_called_unclean_by_python_and_by_the_engine(harness: Harness) -> None:
    """The pattern tells them by what they are not, so that XML can carry it."""
    pattern = unclean(harness)
    assert all(character.isprintable() or character >= "\x7f" for character in pattern.pattern)
    controls = [chr(number) for number in (*range(1, 0x20), *range(0x7F, 0xA0))]
    values = " ".join(f'"x\\u{ord(character):04X}x"' for character in controls)
    query = f"SELECT ?x {{ VALUES ?x {{ {values} }} FILTER(REGEX(?x, {Literal(pattern.pattern).n3()})) }}"
    found = Store().query(query)
    assert isinstance(found, QuerySolutions)
    called = {row["x"].value[1] for row in found}
    assert called == {character for character in controls if pattern.search(f"x{character}x")}
    assert set(controls) - called == {"\t", "\n", "\r"}
    assert not pattern.search("x\U00010000\U0010ffffx")
