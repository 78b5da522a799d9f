"""Prefixes and compact IRIs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polcoop.errors import UsageError
from polcoop.iris import BASE, PREFIXES, SCHEMES, expand, shrink

FOLDERS = ("ontology", "instances", "shapes", "queries")
# The convention of the example queries has a namespace for the files themselves, and schema.org with https.
OF_EXAMPLES = {
    "spex": "https://purl.expasy.org/sparql-examples/ontology#",
    "ex": f"{BASE}.well-known/sparql-examples/",
    "schema": "https://schema.org/",
}


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("claim:p14-08", "https://w3id.org/polcoop/id/claim/p14-08"),
        ("modality:asserted", "https://w3id.org/polcoop/concept/modality/asserted"),
        ("scheme:modality", "https://w3id.org/polcoop/concept/modality"),
        ("polcoop:Claim", "https://w3id.org/polcoop/ontology#Claim"),
    ],
)
def test_there_and_back(curie: str, iri: str) -> None:
    assert expand(curie) == iri
    assert shrink(iri) == curie


@pytest.mark.parametrize(
    "iri",
    [
        "http://nowhere.example/x",
        "https://w3id.org/polcoop/id/claim/a/b",
        "https://w3id.org/polcoop/id/claim/",
    ],
)
def test_what_no_prefix_covers_stays_whole(iri: str) -> None:
    assert shrink(iri) == f"<{iri}>"
    assert expand(f"<{iri}>") == expand(iri) == iri


@pytest.mark.parametrize("text", ["p14-08", "nope:x"])
def test_what_is_no_iri(text: str) -> None:
    with pytest.raises(UsageError):
        expand(text)


def test_the_prefixes_are_those_of_the_files(root: Path) -> None:
    assert {path.stem for path in (root / "ontology" / "vocabularies").glob("*.ttl")} == set(SCHEMES)
    for path in [path for folder in FOLDERS for path in (root / folder).rglob("*.ttl")]:
        expected = {**PREFIXES, **(OF_EXAMPLES if "queries" in path.parts else {})}
        for prefix, namespace in re.findall(
            r"^@prefix ([\w-]+): <(.*)> \.", path.read_text("utf-8"), re.MULTILINE
        ):
            assert expected.get(prefix) == namespace, path


def test_no_two_prefixes_share_a_namespace() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
