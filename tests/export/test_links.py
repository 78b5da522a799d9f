"""``polcoop links``: identifiers of Wikidata against their evidence, and what has none."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from polcoop.export.compiled import Compiled
from polcoop.export.links import ALIGNABLE, FILES, check, read_evidence, uncovered

Run = Callable[..., subprocess.CompletedProcess[str]]
# Matches of meaning that are called otherwise, each looked at: plurals, -isation, page(s), a verb for a noun.
CALLED_OTHERWISE = {
    "currency:cny", "organisation-type:intergovernmental-organisation", "organisation-type:ngo",
    "polcoop:Person", "polcoop:headquarteredAt", "polcoop:iso3166Alpha2", "polcoop:iso3166Alpha3",
    "polcoop:operatedBy", "polcoop:organisedBy", "polcoop:pageRange",
    "topic:chinese-language", "topic:smart-cities",
}  # fmt: skip


def test_every_identifier_is_in_the_evidence_with_the_same_label(compiled: Compiled, wikidata: Path) -> None:
    links = check(compiled, read_evidence(wikidata))
    assert len(links) > 250
    assert [link for link in links if link.problem] == []
    assert {link.subject for link in links if link.remark} == CALLED_OTHERWISE


@pytest.fixture
def spoilt(wikidata: Path, tmp_path: Path) -> Path:
    """The evidence without China, and with another name for Interpol."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    for name in FILES:
        shutil.copy(wikidata / name, folder / name)
    for name in ("alignments.csv", "countries.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["qid"] != "Q148"]
        for row in rows:
            if row["qid"] == "Q8475":
                row |= {"label_en": "Another", "label_fr": "Un autre", "label_zh": ""}
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    return folder


def test_a_wrong_identifier_is_told_and_fails(polcoop: Run, dataset: Path, spoilt: Path) -> None:
    done = polcoop("links", "--dataset", dataset.parent, "--evidence", spoilt)
    assert done.returncode == 1
    problems = [line for line in done.stdout.splitlines() if line.startswith("problem: ")]
    assert problems[0] == "problem: agent:cn schema:sameAs: Q148 is in no file of evidence"
    assert problems[1].startswith(
        "problem: agent:interpol schema:sameAs: Q8475 is called “another”, “un autre”, here "
    )
    assert len(problems) == 2
    done = polcoop("links", "--dataset", dataset.parent, "--evidence", spoilt, "--format", "json")
    assert done.returncode == 1
    assert {link["subject"] for link in json.loads(done.stdout) if link["problem"]} == {
        "agent:cn",
        "agent:interpol",
    }


def test_the_check_passes_with_the_evidence(polcoop: Run, dataset: Path, wikidata: Path) -> None:
    done = polcoop("links", "--dataset", dataset.parent, env={"POLCOOP_WIKIDATA": str(wikidata)})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].endswith(" 0 problems, 12 remarks")


def test_without_evidence_nothing_is_called_fine(polcoop: Run, dataset: Path, tmp_path: Path) -> None:
    done = polcoop("links", "--dataset", dataset.parent, "--evidence", tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "not at hand" in done.stderr
    assert "--evidence" in done.stderr
    for name in FILES:
        (tmp_path / name).write_text("a,b\n1,2\n", encoding="utf-8")
    done = polcoop("links", "--dataset", dataset.parent, "--evidence", tmp_path)
    assert done.returncode == 3
    assert "without an identifier" in done.stderr


def test_what_has_no_link_is_reported(polcoop: Run, dataset: Path, compiled: Compiled) -> None:
    coverage = {each.of: each for each in uncovered(compiled)}
    assert tuple(coverage) == ALIGNABLE
    assert coverage["Country"].unaligned == ()
    organisations = {one.id: one.label for one in coverage["Organisation"].unaligned}
    assert organisations["agent:irsem"] == "Institute for Strategic Research (IRSEM)"
    assert "agent:interpol" not in organisations
    for each in coverage.values():
        item = "schema:sameAs ?o FILTER(CONTAINS(STR(?o), 'wikidata.org'))"
        linked = list(compiled.select(f"SELECT DISTINCT ?s {{ ?s a polcoop:{each.of} ; {item} }}"))
        assert each.total == len(linked) + len(each.unaligned), each.of
    done = polcoop("links", "--unaligned", "--dataset", dataset.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Country: 0 of {coverage['Country'].total} without a link to Wikidata\n" in done.stdout
    as_json = polcoop("links", "--unaligned", "--format", "json", "--dataset", dataset.parent)
    told = {each["of"]: len(each["unaligned"]) for each in json.loads(as_json.stdout)}
    assert told == {name: len(each.unaligned) for name, each in coverage.items()}
