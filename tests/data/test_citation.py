"""What the dataset is cited as agrees wherever it is said: CITATION.cff, the ontology, the citation, DCAT."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bibtexparser
import httpx2
import pytest
import rispy
import yaml
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from polcoop.iris import BASE, PREFIXES

ALL = f"SELECT ?w {{ ?w a <{BASE}ontology#Work> }}"


@pytest.fixture(scope="module")
def said(root: Path) -> dict[str, Any]:
    """CITATION.cff."""
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cited(polcoop: Callable, dataset: Path) -> dict[str, dict[str, Any]]:
    """The dataset as it is cited, and the note, in French, which is its language."""
    english, french = (
        json.loads(polcoop("cite", "--style", "csl-json", "--lang", lang, "--dataset", dataset.parent).stdout)
        for lang in ("en", "fr")
    )
    return {"dataset": english[0], "report": french[1], "jeu": french[0]}


def test_the_dataset_is_cited_as_citation_cff_says(said: dict[str, Any], cited: dict[str, Any]) -> None:
    dataset = cited["dataset"]
    assert dataset["title"] == said["title"]
    assert dataset["version"].partition("+")[0] == said["version"]
    assert dataset["URL"] == said["url"]
    assert [name["literal"] for name in dataset["author"]] == [author["name"] for author in said["authors"]]
    year, month, day = dataset["issued"]["date-parts"][0]
    assert f"{year}-{month:02}-{day:02}" == said["date-released"]
    assert dataset["note"].endswith("; CC0-1.0")
    assert "CC0-1.0" in said["license"]


def test_the_note_is_cited_as_citation_cff_says(said: dict[str, Any], cited: dict[str, Any]) -> None:
    note, reference = cited["report"], said["references"][0]
    assert note["title"] == reference["title"]
    (author,) = reference["authors"]
    assert note["author"] == [{"family": author["family-names"], "given": author["given-names"]}]
    assert note["issued"]["date-parts"] == [[reference["year"], reference["month"]]]
    assert (note["number"], note["page"]) == (reference["number"], f"1-{reference['pages']}")
    assert [note["language"]] == reference["languages"]
    assert note["publisher"].replace("’", "'") in reference["institution"]["name"].replace("’", "'")


def test_dcat_says_the_same(server: str, said: dict[str, Any], cited: dict[str, Any], dataset: Path) -> None:
    answer = httpx2.get(
        f"{server}/.well-known/void",
        headers={"Accept": "text/turtle"},
        trust_env=False,
        follow_redirects=True,
    )
    assert answer.status_code == 200, answer.text
    store = Store()
    store.extend(parse(answer.content, format=RdfFormat.TURTLE, base_iri=str(answer.url)))
    kind, dcat, dcterms = NamedNode(PREFIXES["rdf"] + "type"), PREFIXES["dcat"], PREFIXES["dcterms"]
    found = {quad.subject for quad in store.quads_for_pattern(None, kind, NamedNode(f"{dcat}Dataset"))}
    assert found, "no dcat:Dataset"

    def values(*names: str) -> set[str]:
        return {
            quad.object.value  # type: ignore[union-attr]
            for node in found
            for name in names
            for quad in store.quads_for_pattern(node, NamedNode(name), None)
        }

    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    stated = values(f"{dcat}version", f"{PREFIXES['owl']}versionInfo", f"{dcterms}hasVersion")
    assert any(said["version"] in value for value in stated), stated
    assert manifest["release"] == said["version"]
    assert "https://creativecommons.org/publicdomain/zero/1.0/" in values(f"{dcterms}license")
    assert values(f"{dcterms}title") == {cited["dataset"]["title"], cited["jeu"]["title"]}
    assert values(f"{dcterms}creator") == {author["name"] for author in said["authors"]}
    assert values(f"{dcat}landingPage") == {said["url"]}
    assert values(f"{dcterms}source") == {f"{PREFIXES['work']}{cited['report']['id']}"}


def test_every_work_of_the_data_can_be_read_back(polcoop: Callable, dataset: Path) -> None:
    def text(style: str) -> str:
        done = polcoop("cite", "-e", ALL, "--style", style, "--dataset", dataset.parent)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    works = {work["id"]: work for work in json.loads(text("csl-json"))}
    assert len(works) > 100
    library = bibtexparser.parse_string(text("bibtex"))
    assert not library.failed_blocks
    assert library.entries_dict.keys() == works.keys()
    # Text mode has made one line end of both.
    ris = {work["id"]: work for work in rispy.loads(text("ris"))}
    assert ris.keys() == works.keys()
    for name, work in works.items():
        assert ris[name]["title"] == work["title"]
    references = text("apa").splitlines()
    assert len(references) == len(works)
    for reference, work in zip(references, works.values(), strict=True):
        assert work["title"] in reference
        assert ".." not in reference.replace("...", "")
        assert "[]" not in reference
        assert "()" not in reference
        year = work["issued"]["date-parts"][0][0] if "issued" in work else "n.d."
        assert f"({year}" in reference, reference
