"""Types, properties, namesakes and limits of one query, on the project's data and on made-up entities."""

from __future__ import annotations

import pytest

from polcoop.iris import BASE, ONTOLOGY
from polcoop.reconcile.ids import resolve, short
from polcoop.reconcile.index import Entity, Index, Kind
from polcoop.reconcile.matching import MATCH, Condition, Query, Strictness, reconcile
from polcoop.reconcile.names import fold, initials, words
from polcoop.solutions import Iri, Literal

ORGANISATION, PERSON, AGENT = (ONTOLOGY + name for name in ("Organisation", "Person", "Agent"))
OF_COUNTRY, FOUNDED = ONTOLOGY + "ofCountry", ONTOLOGY + "foundedIn"


def entity(
    key: str, *names: str, types: tuple[str, ...] = (ORGANISATION,), **values: Iri | Literal
) -> Entity:
    """An entity with these names and one value a property."""
    return Entity(f"{BASE}id/{key}", names, types, (), {ONTOLOGY + p: (v,) for p, v in values.items()})


RURITANIA = entity("agent/rt", "Ruritania", "Ruritanie")
ARCADIA = entity("agent/ac", "Arcadia")
TWINS = [
    entity("agent/police-rt", "National Police", ofCountry=Iri(RURITANIA.iri), foundedIn=Literal("1901")),
    entity("agent/police-ac", "National Police", ofCountry=Iri(ARCADIA.iri), foundedIn=Literal("1902")),
    entity("agent/police-xx", "National Police"),
]


@pytest.fixture(scope="module")
def made_up() -> Index:
    """Two countries, three bodies of one name, a person with the name of a body."""
    return Index(
        [RURITANIA, ARCADIA, *TWINS, entity("agent/rassendyll", "Rassendyll", types=(PERSON,)),
         entity("agent/rassendyll-ltd", "Rassendyll")],
        [Kind(AGENT, "Agent"), Kind(ORGANISATION, "Organisation", "", (AGENT,)),
         Kind(PERSON, "Person", "", (AGENT,))],
        [Kind(OF_COUNTRY, "of the country")],
    )  # fmt: skip


def found(index: Index, query: Query) -> list[tuple[str, bool]]:
    """Identifier and certainty of the candidates."""
    return [(candidate.entity.id, candidate.match) for candidate in reconcile(index, query)]


def test_names_are_compared_without_case_marks_and_punctuation() -> None:
    assert fold("  Œuvre d’ÉTAT, l'Été—2016 ") == "oeuvre d etat l ete 2016"
    assert fold("中国ABC 公安部") == "中 国 abc 公 安 部"
    assert words(fold("Ministry of the Interior")) == ("ministry", "interior")
    assert words(fold("of the")) == ("of", "the")
    assert (initials(fold("Ministry of Public Security")), initials(fold("Public Security"))) == ("mps", "")


def test_identifiers_and_iris_stand_for_one_another() -> None:
    for iri in (
        f"{BASE}id/agent/cn",
        f"{BASE}concept/topic/terrorism",
        ORGANISATION,
        "http://schema.org/sameAs",
    ):
        assert resolve(short(iri)) == iri
        assert resolve(iri) == iri
    assert short("http://schema.org/sameAs") == "schema:sameAs"
    assert resolve("nobody:knows") == "nobody:knows"


def test_namesakes_are_all_told_and_none_is_certain(made_up: Index) -> None:
    told = found(made_up, Query("national police"))
    assert sorted(told) == sorted((twin.id, False) for twin in TWINS)


def test_a_property_tells_namesakes_apart(made_up: Index) -> None:
    for value in ("Ruritania", "ruritanie", Iri(RURITANIA.iri), RURITANIA.id):
        query = Query("National Police", conditions=(Condition(OF_COUNTRY, (value,)),))
        # The one of which the country is not known may be the one meant; the one of another country is not.
        assert found(made_up, query) == [
            ("id/agent/police-rt", True), ("id/agent/police-xx", False), ("id/agent/police-ac", False),
        ]  # fmt: skip


def test_numbers_are_equal_or_different(made_up: Index) -> None:
    first, *others = reconcile(made_up, Query("National Police", conditions=(Condition(FOUNDED, ("1902",)),)))
    assert (first.entity.id, first.match) == ("id/agent/police-ac", True)
    contradicted = next(other for other in others if other.entity.id == "id/agent/police-rt")
    assert contradicted.features["property:foundedIn"] == 0


def test_a_contradicted_property_forbids_certainty(made_up: Index) -> None:
    query = Query("Rassendyll", (PERSON,), conditions=(Condition(OF_COUNTRY, ("Arcadia",)),))
    assert found(made_up, query) == [("id/agent/rassendyll", True)]
    lone = Index([RURITANIA, ARCADIA, TWINS[0]], [], [])
    wrong, right = Condition(OF_COUNTRY, ("Arcadia",)), Condition(FOUNDED, ("1901",))
    (candidate,) = reconcile(lone, Query("National Police", conditions=(wrong, right)))
    assert candidate.score >= MATCH
    assert not candidate.match


def test_properties_alone_find_what_has_them(made_up: Index) -> None:
    query = Query("", conditions=(Condition(OF_COUNTRY, ("Arcadia",)),))
    assert found(made_up, query) == [("id/agent/police-ac", True)]


def test_a_type_is_a_condition_and_includes_the_narrower_ones(made_up: Index) -> None:
    assert found(made_up, Query("Rassendyll", (PERSON,))) == [("id/agent/rassendyll", True)]
    assert len(found(made_up, Query("Rassendyll", (AGENT,)))) == 2
    assert found(made_up, Query("Rassendyll", (PERSON, ORGANISATION), Strictness.ALL)) == []
    assert len(found(made_up, Query("Rassendyll", (PERSON, ORGANISATION), Strictness.ANY))) == 2
    assert found(made_up, Query("Rassendyll", (ONTOLOGY + "Nonsense",))) == []


def test_a_type_that_should_be_is_a_wish(made_up: Index) -> None:
    assert found(made_up, Query("Rassendyll", (PERSON,), Strictness.SHOULD)) == [
        ("id/agent/rassendyll", True), ("id/agent/rassendyll-ltd", False),
    ]  # fmt: skip
    alone = found(made_up, Query("Ruritania", (PERSON,), Strictness.SHOULD))
    assert alone == [("id/agent/rt", False)]


def test_scores_fall_and_the_limit_holds(index: Index) -> None:
    scores = [candidate.score for candidate in reconcile(index, Query("police", limit=7))]
    assert len(scores) == 7
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)


def test_numbers_in_names_are_not_misspelt(index: Index) -> None:
    best = reconcile(index, Query("United Nations Security Council resolution 2178 (2014)"))[0]
    assert (best.entity.id, best.match) == ("id/instrument/unsc-resolution-2178-2014", True)
    assert not any(
        c.match for c in reconcile(index, Query("United Nations Security Council resolution 2179 (2014)"))
    )


@pytest.mark.parametrize("text", ["", " ", "—", "a" * 500, "🂡🂢", "\u0000", "of the", "ا ب", "x " * 250])
def test_any_text_is_answered(index: Index, text: str) -> None:
    answer = reconcile(index, Query(text, conditions=(Condition(OF_COUNTRY, ("Atlantis",)),)))
    assert not any(candidate.match for candidate in answer)


def test_every_entity_is_found_by_its_own_name_and_identifier(index: Index) -> None:
    every_tenth = sorted(index.entities)[::10]
    assert len(every_tenth) > 100
    for iri in every_tenth:
        entity = index.entities[iri]
        assert iri in {c.entity.iri for c in reconcile(index, Query(entity.name))}, entity.name
        first = reconcile(index, Query(entity.id))[0]
        assert (first.entity.iri, first.match) == (iri, True)
