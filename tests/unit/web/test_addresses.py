"""Paths and IRIs are one another's image, whatever stands in them; languages as RFC 9110 says."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import UsageError
from polcoop.web.addresses import OFFERED, address, path_of
from polcoop.web.language import language

BASE = "https://w3id.org/polcoop"
paths = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        ("/id/claim/p14-08", "/id/claim/p14-08"),
        ("/concept/modality/conditional", "/concept/modality/conditional"),
        ("/ontology", "/ontology"),
        ("/ontology#Claim", "/ontology#Claim"),
        ("/ontology/1.0.0", "/ontology/1.0.0"),
        ("/shapes#Claim-page", "/shapes#Claim-page"),
        ("/.well-known/sparql-examples/04-x", "/.well-known/sparql-examples/04-x"),
        ("/id/agent/Zoé", "/id/agent/Zo%C3%A9"),
        ("/id/agent/100%", "/id/agent/100%25"),
    ],
)
def test_an_iri_of_ours_has_a_path(iri: str, path: str) -> None:
    assert path_of(BASE + iri) == path


@pytest.mark.parametrize(
    "iri",
    [
        "http://www.wikidata.org/entity/Q148",
        "http://w3id.org/polcoop/id/agent/cn",
        "https://w3id.org/polcoopx/id/agent/cn",
        "https://w3id.org/polcoop/sparql",
        "https://w3id.org/polcoop/identity",
        "https://w3id.org/polcoop/",
        "javascript:alert(1)//https://w3id.org/polcoop/id/",
    ],
)
def test_others_have_none(iri: str) -> None:
    assert path_of(iri) is None


@given(paths)
def test_there_and_back(rest: str) -> None:
    path = path_of(f"{BASE}/id/{rest}")
    assert path is not None
    before, sign, fragment = path.partition("#")
    assert address(unquote(before)).iri + sign + unquote(fragment) == f"{BASE}/id/{rest}" or any(
        unquote(before).endswith(f".{choice.extension}") for choice in OFFERED
    )
    assert set(path) <= set(map(chr, range(33, 127))) - set('"<>\\^`{|}')


@given(paths, st.sampled_from(OFFERED))
def test_an_ending_names_a_format(rest: str, choice) -> None:
    found = address(f"/id/{rest}.{choice.extension}")
    assert found.format is choice
    assert found.path == f"/id/{rest}"


def test_other_endings_belong_to_the_name() -> None:
    assert address("/ontology/1.0.0").path == "/ontology/1.0.0"
    assert address("/id/work/a.b").format is None


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CH, en;q=0.9", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de, fr;q=0.5, en;q=0.4", "fr"),
        ("de, *;q=0.1", "en"),
        ("en;q=0, *", "fr"),
        ("fr;q=0.001", "fr"),
        ("nonsense;;;, ,fr;q=2", "en"),
    ],
)
def test_language(accept: str | None, chosen: str) -> None:
    assert language(accept, None) == chosen


def test_a_wish_goes_before_the_header() -> None:
    assert language("en", "fr") == "fr"
    with pytest.raises(UsageError):
        language(None, "de")
