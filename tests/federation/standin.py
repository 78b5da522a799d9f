"""A stand-in for the Wikidata Query Service: a small graph in Wikidata's own vocabulary.

Items, their labels, and the codes and capitals of countries are those of the evidence files; memberships,
treaties, embassies, heads of government and populations are invented, each by a rule that the functions below
state, so that the tests know what to expect.  Nothing invented has an identifier of Wikidata.  What we encode
comes in as it would there: as the statements that are offered to Wikidata (:func:`given`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

PREFIXES: Final = """@prefix wd: <http://www.wikidata.org/entity/> .
@prefix wds: <http://www.wikidata.org/entity/statement/> .
@prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix p: <http://www.wikidata.org/prop/> .
@prefix ps: <http://www.wikidata.org/prop/statement/> .
@prefix pq: <http://www.wikidata.org/prop/qualifier/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix made-up: <https://example.org/made-up/> .
"""
ARF: Final = "Q7886981"
"""The ASEAN Regional Forum."""


def graph(folder: Path) -> str:
    """The graph as Turtle, from the folder with the evidence files."""
    countries = _rows(folder / "countries.csv")
    aligned = _rows(folder / "alignments.csv")
    cities = {row["label_en"]: row["qid"] for row in aligned if row["type"] == "city"}
    lines = [PREFIXES]
    for row in countries:
        lines += _country(row, cities)
    known = {row["iso_alpha2"]: row["qid"] for row in countries}
    lines += [_item(row) for row in aligned if row["qid"] not in known.values()]
    return "\n".join([*lines, *_memberships(known), *_treaties(known), *_embassies(known)]) + "\n"


def given(items: list[dict[str, Any]]) -> str:
    """The same graph's triples for statements in the JSON of the Wikibase data model; an item without an
    identifier is one of ours."""
    lines = [PREFIXES]
    for number, item in enumerate(items):
        subject = f"wd:{item['id']}" if "id" in item else f"made-up:item-{number}"
        for name, statements in item["claims"].items():
            for place, statement in enumerate(statements):
                node = f"made-up:statement-{number}-{name}-{place}"
                value = _value(statement["mainsnak"])
                lines.append(f"{subject} wdt:{name} {value} ; p:{name} {node} . {node} ps:{name} {value} .")
                lines += [
                    f"{node} pq:{name} {_value(snak)} ."
                    for name, snaks in statement["qualifiers"].items()
                    for snak in snaks
                ]
    return "\n".join(lines) + "\n"


def _value(snak: dict[str, Any]) -> str:
    """An item or a time, as Wikidata's RDF has it: the first day for what is not known."""
    value = snak["datavalue"]["value"]
    if snak["datavalue"]["type"] == "wikibase-entityid":
        return f"wd:{value['id']}"
    return f'"{value["time"][1:].replace("-00", "-01")}"^^xsd:dateTime'


def _item(row: dict[str, str]) -> str:
    labels = [(row[f"label_{tag}"], tag) for tag in ("en", "fr", "zh") if row[f"label_{tag}"]]
    return f"wd:{row['qid']} rdfs:label " + " , ".join(f'"{label}"@{tag}' for label, tag in labels) + " ."


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _country(row: dict[str, str], cities: dict[str, str]) -> Iterator[str]:
    """A country; its population is a thousand times its M49 code, which, if even, gives it a head of
    government."""
    item, code = f"wd:{row['qid']}", row["iso_alpha2"]
    yield f'{item} wdt:P31 wd:Q6256 ; wdt:P297 "{code}" ; wdt:P298 "{row["iso_alpha3"]}" ;'
    yield f'    rdfs:label "{row["label_en"]}"@en , "{row["label_fr"]}"@fr ;'
    yield f'    wdt:P625 "Point({row["longitude"]} {row["latitude"]})"^^geo:wktLiteral ;'
    yield f"    wdt:P1082 {int(row['m49']) * 1000}.0 ."
    if int(row["m49"]) % 2 == 0:
        head = f"made-up:head-{code}"
        yield f'{item} wdt:P6 {head} . {head} rdfs:label "Head of {code}"@en , "Chef de {code}"@fr .'
    if city := cities.get(row["point_name"]):
        yield f"{item} wdt:P36 wd:{city} ."


def _memberships(known: dict[str, str]) -> Iterator[str]:
    """Three members of the ASEAN Regional Forum, of which Australia alone has a start."""
    for code in ("AU", "MM", "TH"):
        statement = f"wds:{known[code]}-member"
        since = "" if code != "AU" else ' ; pq:P580 "1994-07-25T00:00:00Z"^^xsd:dateTime'
        yield f"wd:{known[code]} wdt:P463 wd:{ARF} ; p:P463 {statement} ."
        yield f"{statement} ps:P463 wd:{ARF}{since} ."


def _treaties(known: dict[str, str]) -> Iterator[str]:
    """A bilateral treaty of China with Italy, and a treaty of three states without it."""
    yield "wd:Q9557810 wdt:P279 wd:Q131569 ."
    yield f"made-up:treaty wdt:P31 wd:Q9557810 ; wdt:P1891 wd:{known['CN']} , wd:{known['IT']} ."
    others = " , ".join(f"wd:{known[code]}" for code in ("FR", "IT", "US"))
    yield f"made-up:other wdt:P31 wd:Q131569 ; wdt:P1891 {others} ."


def _embassies(known: dict[str, str]) -> Iterator[str]:
    """Embassies of China in the United States and of Italy in China, and a consulate, which is none."""
    for name, kind, sender, host in (
        ("cn-us", "Q3917681", "CN", "US"),
        ("it-cn", "Q3917681", "IT", "CN"),
        ("cn-za", "Q7843791", "CN", "ZA"),
    ):
        yield f"made-up:mission-{name} wdt:P31 wd:{kind} ;"
        yield f"    wdt:P137 wd:{known[sender]} ; wdt:P17 wd:{known[host]} ;"
        yield f'    rdfs:label "Mission of {sender} to {host}"@en , "Mission de {sender} en {host}"@fr .'
