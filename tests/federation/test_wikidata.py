"""The federated example queries against a stand-in for Wikidata, both ways; and what the guide says."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import rdflib
from standin import given, graph

from conftest import oxigraph
from polcoop.iris import PREFIXES
from polcoop.settings import Settings
from polcoop.sources.example import example_query
from polcoop.sources.turtle import read
from polcoop.sparql.federation.policy import WIKIDATA
from serving import Server, serving

SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries" / "federated").glob("*.ttl"))
OUTWARDS = [path for path in QUERIES if not path.stem.startswith("from-wikidata")]
INWARDS = [path for path in QUERIES if path.stem.startswith("from-wikidata")]
OURS, THEIRS = "https://w3id.org/polcoop/sparql", WIKIDATA[0]
GUIDE = (ROOT / "docs" / "wikidata.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def evidence(root: Path) -> Path:
    """The folder with the evidence for identifiers of Wikidata, which is not part of the project."""
    folder = root.parent / "shared" / "wikidata"
    if not (folder / "countries.csv").is_file():
        pytest.skip("the evidence files for identifiers of Wikidata are not at hand (countries.csv)")
    return folder


@pytest.fixture(scope="module")
def slice_of_wikidata(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wikidata") / "wikidata.ttl"
    path.write_text(graph(evidence), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def wikidata(slice_of_wikidata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in, served by another engine than ours."""
    with oxigraph(slice_of_wikidata, tmp_path_factory.mktemp("standin") / "store") as address:
        yield address


@pytest.fixture(scope="module")
def enriched(
    slice_of_wikidata: Path, dataset: Path, polcoop: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The stand-in after Wikidata has taken all that we offer."""
    folder = tmp_path_factory.mktemp("enriched")
    done = polcoop("export", "wikibase", "--new-items", "--dataset", dataset.parent)
    assert done.returncode == 0, done.stderr
    text = slice_of_wikidata.read_text(encoding="utf-8") + given(json.loads(done.stdout))
    (folder / "wikidata.ttl").write_text(text, encoding="utf-8")
    with oxigraph(folder / "wikidata.ttl", folder / "store") as address:
        yield address


@pytest.fixture(scope="module")
def ours(dataset: Path, wikidata: str, enriched: str) -> Iterator[Server]:
    """Our endpoint, which may ask the stand-in, before and after."""
    environment = {
        "POLCOOP_FEDERATION_ENDPOINTS": f"{wikidata} {enriched}",
        "POLCOOP_FEDERATION_PRIVATE": "true",
        "POLCOOP_FEDERATION_LIFETIME": "0",
    }
    with serving("--dataset", dataset.parent, "--workers", "2", **environment) as running:
        yield running


def ask(address: str, query: str) -> httpx2.Response:
    """The answer as CSV."""
    response = httpx2.post(
        address, data={"query": query}, headers={"Accept": "text/csv"}, timeout=120, trust_env=False
    )
    assert response.status_code == 200, response.text
    return response


def rows(text: str) -> list[list[str]]:
    """CSV as rows."""
    return list(csv.reader(io.StringIO(text)))


def expected(path: Path) -> list[list[str]]:
    """The rows that a query is to answer with."""
    return rows((Path(__file__).parent / "expected" / f"{path.stem}.csv").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", OUTWARDS, ids=lambda path: path.stem)
def test_from_here_to_wikidata(path: Path, ours: Server, wikidata: str) -> None:
    response = ask(ours.sparql, example_query(path).replace(THEIRS, wikidata))
    found = rows(response.text)
    assert len(found) > 2, "an example without rows shows nothing"
    assert found == expected(path)
    plan = response.headers["polcoop-federation"]
    assert re.search(r";batches=[1-9];cached=0;out=[1-9]\d*;", plan), "values go out, not the whole pattern"


def test_what_is_given_to_wikidata_is_found_there(ours: Server, enriched: str) -> None:
    """The comparisons that found something missing find it now, except for what is hedged and what Wikidata
    has under other classes than treaties."""

    def answers(path: Path) -> list[list[str]]:
        return rows(ask(ours.sparql, example_query(path).replace(THEIRS, enriched)).text)[1:]

    members, instruments = (
        ROOT / "queries" / "federated" / f"{name}.ttl"
        for name in ("members-compared", "instruments-wikidata-lacks")
    )
    assert {row[3] for row in answers(members) if row[2] == "true"} == {"true"}
    still = answers(instruments)
    hedged = {row[0] for row in still if row[2] == "true"}
    lacking, before = {row[0] for row in still}, {row[0] for row in expected(instruments)[1:]}
    assert hedged
    assert hedged < lacking < before
    assert "China-France extradition agreement" in before - lacking


@pytest.mark.parametrize("path", INWARDS, ids=lambda path: path.stem)
def test_from_wikidata_to_here(path: Path, ours: Server, wikidata: str) -> None:
    """Another engine asks us: it sends the pattern without values, in its own words."""
    found = rows(ask(wikidata, example_query(path).replace(OURS, ours.sparql)).text)
    assert len(found) > 2
    assert found == expected(path)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_convention(path: Path) -> None:
    """SIB sparql-examples, with what a query federates with."""
    found: dict[str, list[object]] = {}
    for quad in read(path):
        found.setdefault(quad.predicate.value, []).append(quad.object)
    target, other = (THEIRS, OURS) if path in INWARDS else (OURS, THEIRS)
    assert [term.value for term in found["https://schema.org/target"]] == [target]
    spex = "https://purl.expasy.org/sparql-examples/ontology#federatesWith"
    assert [term.value for term in found[spex]] == [other]
    assert {term.language for term in found[PREFIXES["rdfs"] + "comment"]} == {"en", "fr"}
    assert set(re.findall(r"SERVICE <([^>]+)>", example_query(path))) == {other}


def test_only_identifiers_with_evidence(evidence: Path) -> None:
    known = set()
    for name, column in (
        ("properties.csv", "pid"),
        ("classes.csv", "qid"),
        ("alignments.csv", "qid"),
        ("countries.csv", "qid"),
    ):
        with (evidence / name).open(encoding="utf-8", newline="") as file:
            known |= {row[column] for row in csv.DictReader(file)}
    text = (
        GUIDE
        + "".join(map(example_query, QUERIES))
        + (Path(__file__).parent / "standin.py").read_text(encoding="utf-8")
    )
    used = set(re.findall(r"\b[PQ]\d+\b", text))
    assert len(used) > 10
    assert used <= known, f"no evidence for {sorted(used - known)}"


# ---- docs/wikidata.md ------------------------------------------


def test_the_guide_lists_each_query_with_its_question() -> None:
    listed = dict(re.findall(r"^\| `queries/federated/([\w-]+)\.ttl` \| (.+?) \|$", GUIDE, re.M))
    for path in QUERIES:
        comments = {
            quad.object.language: quad.object.value
            for quad in read(path)
            if quad.predicate.value.endswith("#comment")
        }
        assert listed.pop(path.stem) == comments["en"]
    assert not listed


def test_the_query_of_the_guide(ours: Server, wikidata: str) -> None:
    shown = re.search(r"```sparql\n(.*?)```", GUIDE, re.S)
    said = re.search(r"# (\d+) items go out", GUIDE)
    assert shown
    assert said
    prefixes = "".join(
        f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("polcoop", "skos", "schema", "wdt")
    )
    response = ask(ours.sparql, prefixes + shown[1].replace(THEIRS, wikidata))
    assert f";out={said[1]};back=" in response.headers["polcoop-federation"]
    assert len(rows(response.text)) > int(said[1])


def test_the_guide_names_the_settings_with_their_defaults() -> None:
    told = dict(re.findall(r"^\| `POLCOOP_(FEDERATION\w*)` \| (.+?) \|", GUIDE, re.M))
    fields = {
        name.upper(): field for name, field in Settings.model_fields.items() if name.startswith("federation")
    }
    assert told.keys() == fields.keys()
    for name, field in fields.items():
        match field.default:
            case None:
                words = []
            case bool(value):
                words = [str(value).lower()]
            case float(value):
                words = [f"{value:g}"]
            case value:
                words = str(value).split()
        assert re.findall(r"`(.+?)`", told[name]) == words, name


def test_what_a_nomination_needs_is_so(ours: Server) -> None:
    """The points of the guide that a query can see: licence, identifiers of Wikidata, codes."""
    counts = """SELECT (COUNT(DISTINCT ?item) AS ?items) (COUNT(DISTINCT ?code) AS ?codes) WHERE {
      { ?x <http://schema.org/sameAs> ?item
        FILTER(STRSTARTS(STR(?item), "http://www.wikidata.org/entity/Q")) }
      UNION { ?x <https://w3id.org/polcoop/ontology#iso3166Alpha2> ?code } }"""
    items, codes = map(int, rows(ask(ours.sparql, counts).text)[1])
    said = re.search(r"(\d+) items of Wikidata and (\d+) country codes", GUIDE)
    assert said
    assert (items, codes) == tuple(map(int, said.groups()))
    told = httpx2.get(ours.sparql, headers={"Accept": "text/turtle"}, timeout=60, trust_env=False)
    service = rdflib.Graph().parse(data=told.text, format="turtle")
    cc0 = rdflib.URIRef("https://creativecommons.org/publicdomain/zero/1.0/")
    datasets = set(service.objects(None, SD.defaultDataset))
    assert datasets
    assert all((each, rdflib.DCTERMS.license, cc0) in service for each in datasets)
    licence = "SELECT DISTINCT ?licence { ?x <http://purl.org/dc/terms/license> ?licence }"
    assert rows(ask(ours.sparql, licence).text)[1:] == [
        ["https://creativecommons.org/publicdomain/zero/1.0/"]
    ]
