"""``polcoop cite``: a result's dataset, note and sources, in four styles, from the command line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from polcoop.citation.digests import query_digest

Run = Callable[..., subprocess.CompletedProcess[str]]
ONTOLOGY = "https://w3id.org/polcoop/ontology#"
PAGE = f"SELECT ?c {{ ?c a <{ONTOLOGY}Claim> ; <{ONTOLOGY}onPage> 14 }}"


def test_the_sources_behind_the_rows(polcoop: Run, dataset: Path) -> None:
    done = polcoop("cite", "-e", PAGE, "--style", "csl-json", "--provenance", "--dataset", dataset.parent)
    assert done.returncode == 0, done.stderr
    works = {work["id"]: work for work in json.loads(done.stdout)}
    version = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    assert works["polcoop-1.0.0"]["version"] == f"{version['release']}+{version['version'][:12]}"
    assert works["note-135"]["page"] == "14"
    said = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    assert said["Polcoop-Dataset"] == f"{version['release']}; sha-256={version['version']}"
    assert said["Polcoop-Query-Digest"] == f"sha-256={query_digest(PAGE)}"
    assert re.fullmatch("sha-256=[0-9a-f]{64}", said["Polcoop-Result-Digest"])
    assert parsedate_to_datetime(said["Date"]).tzinfo is not None
    # The same by another way: through the footnotes that are called on the page's claims.
    way = PAGE.replace("SELECT ?c {", "PREFIX p: <https://w3id.org/polcoop/ontology#> SELECT DISTINCT ?w {")
    way = way.replace("14 }", "14 ; p:restsOn/p:citesWork ?w }")
    cited = polcoop("query", "-e", way, "--format", "csv", "--dataset", dataset.parent).stdout.split()[1:]
    assert len(cited) > 4
    assert {iri.rpartition("/")[2] for iri in cited} == works.keys() - {"polcoop-1.0.0", "note-135"}


def test_apa_and_french(polcoop: Run, dataset: Path) -> None:
    english, french = (
        polcoop("cite", "-", "--lang", lang, "--dataset", dataset.parent, input=PAGE) for lang in ("en", "fr")
    )
    assert "Pina, C. (2023). Note de recherche no 135 [Research note no. 135]" in english.stdout
    assert "(Note de recherche No. 135; p. 14). Institute for Strategic Research (IRSEM)." in english.stdout
    assert "Note de recherche Nᵒ 135; p. 14). Institut de recherche stratégique" in french.stdout


def test_without_a_query_the_dataset_and_the_note(polcoop: Run, dataset: Path) -> None:
    done = polcoop("cite", "--style", "bibtex", "--dataset", dataset.parent)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("@")] == [
        "@misc{polcoop-1.0.0,", "@techreport{note-135,",
    ]  # fmt: skip


def test_a_query_that_fails_is_cited_without_sources_and_says_so(polcoop: Run, dataset: Path) -> None:
    done = polcoop("cite", "-e", "SELECT (<a:f>(1) AS ?x) {}", "--style", "ris", "--dataset", dataset.parent)
    assert (done.returncode, done.stdout.count("TY  - ")) == (0, 2)
    assert "note: the custom function <a:f> is not supported" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--style word", 2, "styles: apa bibtex ris csl-json"),
        ("--lang de", 2, "--lang en"),
        ("--csl none.csl", 3, "there is no style file none.csl"),
        ("--style ris --csl none.csl", 2, "exclude each other"),
        ("nothing.rq", 3, "nothing.rq cannot be read"),
    ],
)
def test_errors(polcoop: Run, dataset: Path, arguments: str, code: int, words: str) -> None:
    done = polcoop("cite", *arguments.split(), "--dataset", dataset.parent)
    assert done.returncode == code, done.stderr
    assert words in done.stderr


def test_a_syntax_error_is_pointed_at(polcoop: Run, dataset: Path) -> None:
    done = polcoop("cite", "-e", "SELECT ?x { ?x ?y }", "--dataset", dataset.parent)
    assert done.returncode == 3
    assert "SELECT ?x { ?x ?y }\n" in done.stderr
