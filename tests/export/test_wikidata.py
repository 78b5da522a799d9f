"""What is offered to Wikidata: in two formats, read back by parsers of the tests' own, and held against the
data and the evidence."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polcoop.export.compiled import Compiled
from polcoop.export.wikibase import GREGORIAN
from polcoop.export.wikidata_values import Time, interval, time
from polcoop.iris import PREFIXES

Run = Callable[..., subprocess.CompletedProcess[str]]
Export = Callable[..., bytes]
VALUE = r'Q\d+|\+\d{4}-\d\d-\d\dT00:00:00Z/(?:9|10|11)|"[^"]+"|[a-z]{2}:"[^"]+"'
FIELDS = re.compile(
    rf"(Q\d+|LAST)\t(P\d+)\t({VALUE})((?:\t[PS]\d+\t(?:{VALUE}))*) /\* (claim:p\d\d-\d\d) \*/"
)
LABEL = re.compile(r'LAST\tL(en|fr)\t"[^"]+"')
Statement = tuple[str, str, str, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]


def read_quickstatements(content: bytes) -> Iterator[tuple[Statement, str]]:
    """Read version 1: statements with qualifiers and reference, and the claim in the comment.  A line that is
    no command of the format is an error; a new item is called by its number."""
    created = 0
    for line in content.decode().splitlines():
        if line == "CREATE":
            created += 1
        elif not LABEL.fullmatch(line):
            match = FIELDS.fullmatch(line)
            assert match, line
            more = [field for field in match[4].split("\t") if field]
            pairs = list(zip(more[::2], more[1::2], strict=True))
            subject = f"new {created}" if match[1] == "LAST" else match[1]
            qualifiers = frozenset((name, value) for name, value in pairs if name.startswith("P"))
            reference = frozenset(("P" + name[1:], value) for name, value in pairs if name.startswith("S"))
            yield (subject, match[2], match[3], qualifiers, reference), match[5]


def read_wikibase(content: bytes) -> Iterator[Statement]:
    """Read the JSON of the Wikibase data model into the same form."""
    created = 0
    for item in json.loads(content):
        assert item["type"] == "item"
        created += "id" not in item
        for name, statements in item["claims"].items():
            for statement in statements:
                assert (statement["type"], statement["rank"]) == ("statement", "normal")
                assert statement["mainsnak"]["property"] == name
                assert statement["references"], "every statement has a reference"
                for reference in statement["references"]:
                    assert list(reference["snaks"]) == reference["snaks-order"]
                    yield (
                        item.get("id", f"new {created}"), name, value(statement["mainsnak"]),
                        snaks(statement["qualifiers"]), snaks(reference["snaks"]),
                    )  # fmt: skip


def snaks(given: dict[str, list[dict[str, Any]]]) -> frozenset[tuple[str, str]]:
    """Pairs of property and value."""
    return frozenset((name, value(snak)) for name, each in given.items() for snak in each)


def value(snak: dict[str, Any]) -> str:
    """The value of a snak in the notation of QuickStatements."""
    data = snak["datavalue"]
    match data["type"]:
        case "wikibase-entityid":
            assert data["value"]["id"] == f"Q{data['value']['numeric-id']}"
            return str(data["value"]["id"])
        case "time":
            assert data["value"]["calendarmodel"] == GREGORIAN
            return f"{data['value']['time']}/{data['value']['precision']}"
        case "monolingualtext":
            return f'{data["value"]["language"]}:"{data["value"]["text"]}"'
        case _:
            return f'"{data["value"]}"'


@pytest.fixture(scope="module", params=[(), ("--new-items",)], ids=["aligned", "new"])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Without and with items to create."""
    return tuple(request.param)


def test_both_formats_say_the_same(export: Export, options: tuple[str, ...]) -> None:
    quick = [statement for statement, _ in read_quickstatements(export("quickstatements", *options))]
    base = list(read_wikibase(export("wikibase", *options)))
    assert len(set(quick)) == len(quick)
    assert sorted(map(repr, base)) == sorted(map(repr, quick))
    assert len(quick) > (60 if options else 20)


def test_only_what_is_stated_outright_is_offered(
    export: Export, compiled: Compiled, options: tuple[str, ...]
) -> None:
    rows = compiled.select(
        """SELECT ?c ?modality ?page WHERE {
           ?c a polcoop:Claim ; polcoop:modality ?modality ; polcoop:onPage ?page
           FILTER NOT EXISTS { ?c polcoop:contradicts|^polcoop:contradicts ?other }
           FILTER NOT EXISTS { ?c polcoop:establishes/polcoop:isHedged true } }"""
    )
    sound = {c.value: (m.value, page.value) for c, m, page in rows}  # type: ignore[union-attr]
    used = list(read_quickstatements(export("quickstatements", *options)))
    for statement, curie in used:
        claim = PREFIXES["claim"] + curie.removeprefix("claim:")
        modality, page = sound[claim]
        assert modality == f"{PREFIXES['modality']}asserted", statement
        assert {("P304", f'"{page}"'), ("P854", f'"{claim}"')} <= statement[4]


def test_statements_are_what_the_data_says(export: Export) -> None:
    told = {statement[:4] for statement, _ in read_quickstatements(export("quickstatements", "--new-items"))}
    none: frozenset[tuple[str, str]] = frozenset()
    assert ("Q148", "P463", "Q1065", none) in told  # China, member of, United Nations
    assert ("Q485207", "P571", "+2001-00-00T00:00:00Z/9", none) in told  # SCO, inception, 2001
    assert ("Q485207", "P112", "Q159", none) in told  # SCO, founded by, Russia
    assert ("Q5100590", "P797", "Q2346285", none) in told  # PPSUC, authority, MPS
    assert ("Q2346285", "P797", "Q59261", none) in told  # MPS, authority, State Council
    wang = ("Q18109475", "P39", "Q835630", frozenset([("P585", "+2022-11-00T00:00:00Z/10")]))
    assert wang in told  # Wang Xiaohong, position held, State Councillor, November 2022
    treaties = {subject for subject, name, item, _ in told if (name, item) == ("P31", "Q9557810")}
    france = next(
        t for t in treaties if (t, "P1891", "Q142", none) in told and (t, "P276", "Q90", none) in told
    )
    assert (france, "P585", "+2005-04-18T00:00:00Z/11", none) in told  # signed in Paris on 18 April 2005


def test_hedged_instruments_and_posts_are_left_out(export: Export, compiled: Compiled) -> None:
    content = export("quickstatements", "--new-items").decode()
    hedged = compiled.select(
        """SELECT ?l { ?i a polcoop:InternationalInstrument ; polcoop:isHedged true ; skos:prefLabel ?l
           FILTER(LANG(?l) = "en") }"""
    )
    labels = [label.value for (label,) in hedged]  # type: ignore[union-attr]
    assert len(labels) >= 7
    assert not [label for label in labels if label in content]
    # Guo Shengkun's offices are known from a named voice alone.
    assert "Q198042\tP39\tQ835630" not in content


def test_every_identifier_is_in_the_evidence(export: Export, wikidata: Path) -> None:
    known = set()
    for name in ("alignments.csv", "countries.csv", "classes.csv", "properties.csv"):
        with (wikidata / name).open(encoding="utf-8", newline="") as file:
            known |= {row.get("qid") or row.get("pid") for row in csv.DictReader(file)}
    used = set()
    for form in ("quickstatements", "wikibase"):
        content = export(form, "--new-items").decode().replace(GREGORIAN, "")
        used |= set(re.findall(r"\b[QP][1-9]\d*\b", content))
        used |= {f"P{number}" for number in re.findall(r"\tS(\d+)\t", content)}
    assert len(used) > 40
    assert used <= known


def test_the_notes_own_item_goes_into_the_references(export: Export) -> None:
    for statement, _ in read_quickstatements(export("quickstatements", "--stated-in", "Q148")):
        assert ("P248", "Q148") in statement[4]
    assert b"S248" not in export("quickstatements")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trig", "--new-items"), "--stated-in and --new-items are for quickstatements"),
        (("quickstatements", "--stated-in", "P31"), "not 'P31'"),
        (("turtles",), "turtles"),
    ],
)
def test_wrong_use(polcoop: Run, dataset: Path, arguments: tuple[str, ...], said: str) -> None:
    done = polcoop("export", *arguments, "--dataset", dataset.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_unreadable_input_and_output(polcoop: Run, dataset: Path, tmp_path: Path) -> None:
    done = polcoop("export", "trig", "--dataset", tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "compile it first" in done.stderr
    done = polcoop("export", "sameas", "--dataset", dataset.parent, "--out", tmp_path / "no" / "folder.nt")
    assert (done.returncode, done.stdout) == (3, "")
    assert "cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_output_is_the_same_every_time_and_says_what_is_left_out(polcoop: Run, dataset: Path) -> None:
    first, second = (polcoop("export", "quickstatements", "--dataset", dataset.parent) for _ in range(2))
    assert first.returncode == 0
    assert first.stdout == second.stdout
    assert re.fullmatch(r"\d+ statements; left out: \d+ attributed\n", first.stderr)
    with_items = polcoop("export", "quickstatements", "--new-items", "--dataset", dataset.parent)
    said = r"\d+ statements, \d+ new items; left out: \d+ attributed, \d+ conditional, \d+ questioned\n"
    assert re.fullmatch(said, with_items.stderr)


@pytest.mark.parametrize(
    ("edtf", "expected"),
    [
        ("2016-05-02", Time("+2016-05-02T00:00:00Z", 11)),
        ("2016-05", Time("+2016-05-00T00:00:00Z", 10)),
        ("2016", Time("+2016-00-00T00:00:00Z", 9)),
        ("2003~", None),
        ("2003?", None),
        ("2016-05-02/2016-05-13", None),
        ("201X", None),
        ("2022-23", None),
        ("2016-00", None),
        ("", None),
    ],
)
def test_dates_are_as_precise_as_they_are(edtf: str, expected: Time | None) -> None:
    assert time(edtf) == expected


def test_intervals_have_ends_where_they_are_known() -> None:
    day = Time("+2016-11-10T00:00:00Z", 11)
    assert interval("2016-11-10/2018~") == (day, None)
    assert interval("2016-11-10/..") == (day, None)
    assert interval("../2016-11-10") == (None, day)
    assert interval("2016-11-10") == (day, day)
