"""The notebooks run from a clean kernel, and what they show is what the data say."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient
from nbstripout import strip_output
from stand_in import EXTRACT, LOCKFILE, NOTEBOOKS, recorded

import polcoop
from polcoop.sparql.federation.lockfile import Lockfile

ROOT = NOTEBOOKS.parent
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


class Shown:
    """An executed notebook: what the cell with a tag shows."""

    def __init__(self, notebook: nbformat.NotebookNode) -> None:
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    def outputs(self, tag: str) -> list[Any]:
        (cell,) = (cell for cell in self.cells if tag in cell.metadata.get("tags", ()))
        assert cell.outputs, f"the cell {tag} shows nothing"
        return list(cell.outputs)

    def text(self, tag: str) -> str:
        """What a cell prints, or the plain form of its result."""
        (output,) = self.outputs(tag)
        return str(output["text"] if output.output_type == "stream" else output["data"]["text/plain"])

    def html(self, tag: str) -> str:
        return str(self.outputs(tag)[0]["data"]["text/html"])


def executed(name: str, dataset: Path, home: Path) -> Shown:
    """Execute a notebook in a kernel that knows nothing of this machine but the compiled dataset."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("POLCOOP_", "JUPYTER"))}
    environment = {**bare, "POLCOOP_DATASET": str(dataset.parent), "IPYTHONDIR": str(home)}

    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    client.execute(env=environment)
    return Shown(notebook)


@pytest.fixture(scope="session")
def data(dataset: Path) -> Any:
    """The data, asked in another way than the notebooks do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLCOOP_DATASET", str(dataset.parent))
        connection = polcoop.open()
    with connection:
        yield connection


def expected(name: str) -> list[dict[str, str]]:
    """The answer of a competency question."""
    with (ROOT / "queries" / "expected" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(data: polcoop.Connection, pattern: str) -> Any:
    """How many ``?x`` there are."""
    return data.select(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")[0].n


def test_there_are_six() -> None:
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("name", NAMES)
def test_no_output_is_kept(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert strip_output(nbformat.read(NOTEBOOKS / name, as_version=4), False, False, True) == notebook


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_french_and_english(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    assert len(headings) >= 5
    assert [heading for heading in headings if " — " not in heading] == []


# Of the note and of these notebooks, not of the data: what no change of the data makes false.
TYPED = re.compile(
    r"^# \d · |[Nn]otebook \d|About \d+ minutes|no 135|May 2023, 26 pages|its 26 pages|Python 3\.11|ISO 3166"
    r"|“2016” or “May 2016”|May 2031|memorandum of 2017"
    r"|0 conforms, 1 has violations, 2 wrong use, 3 unreadable",
    re.M,
)
NUMBER = re.compile(r"\d|\b(five|six|seven|eight|nine|ten|eleven|twelve|twenty|hundred|thousand)\b")


@pytest.mark.parametrize("name", NAMES)
def test_no_number_of_the_data_is_typed(name: str) -> None:
    """A reader sees what a cell has counted; a number in the text would stay when the data move on."""
    for cell in nbformat.read(NOTEBOOKS / name, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
            found = NUMBER.search(TYPED.sub("", prose))
            assert found is None, cell.source


def check_charts(shown: Shown, *, some: bool) -> None:
    """Charts are pictures, which need no network to be shown."""
    charts = [
        cell for cell in shown.cells if any(t.startswith("chart-") for t in cell.metadata.get("tags", ()))
    ]
    assert bool(charts) == some
    for cell in charts:
        (output,) = cell.outputs
        picture = ElementTree.fromstring(output["data"]["image/svg+xml"])  # noqa: S314 - made here
        assert len(list(picture.iter())) > 50, "an empty chart"


def first_steps(shown: Shown, data: polcoop.Connection) -> None:
    numbers = re.findall(r"  (\d+)  ", shown.text("liaison"))
    assert numbers == ["231", "97", "55", "48"]
    assert ">officers protecting enterprises abroad</td>" in shown.html("liaison")
    assert " conditional " in shown.text("evidence")
    assert int(shown.text("claims")) == number(data, "?x a polcoop:Claim ; polcoop:onPage ?p")
    assert "Îles Salomon" in shown.text("parameters")
    assert re.search(r"2002-11-04 +2002-11-04$", shown.text("periods"), re.M)


def treaties(shown: Shown, data: polcoop.Connection) -> None:
    parties = shown.text("parties")
    assert re.search(r"^agent:it +Italy .* 5 +5$", parties, re.M)
    assert re.search(r"^agent:au +Australia .* 1 +0$", parties, re.M)
    countries = "?i a polcoop:InternationalInstrument ; polcoop:hasParty agent:cn , ?x . ?x a polcoop:Country"
    assert f"({number(data, countries) - 1} rows)" in parties
    assert re.findall(r"^(\d{4}) .* (\w+)$", shown.text("chain"), re.M) == [
        ("2004", "multilateral"),
        ("2009", "bilateral"),
        ("2017", "bilateral"),
    ]
    instruments = number(data, "?x a polcoop:InternationalInstrument")
    dated = number(
        data,
        "?x a polcoop:InternationalInstrument . ?act polcoop:actsOn ?x ; polcoop:earliest ?d ; a ?c "
        "FILTER(?c IN (polcoop:Signature, polcoop:Adoption))",
    )
    assert int(shown.text("undated")) == instruments - dated
    assert int(shown.text("timeline")) >= dated


def who_says_so(shown: Shown, data: polcoop.Connection) -> None:
    found = dict(re.findall(r"^\d+ +(\w+) +(\d+)$", shown.text("modalities"), re.M))
    for modality in ("asserted", "conditional", "tentative", "opinion"):
        assert int(found[modality]) == number(
            data, f"?x a polcoop:Claim ; polcoop:modality modality:{modality}"
        )
    assert float(shown.text("asserted-share")) == pytest.approx(
        int(found["asserted"]) / number(data, "?x a polcoop:Claim"), abs=0.006
    )
    sourced = "?x a polcoop:Claim ; polcoop:restsOn/polcoop:citesWork"
    official = number(data, f"{sourced}/polcoop:sourceKind source-kind:official-chinese")
    share = official / number(data, f"{sourced}/polcoop:sourceKind ?kind")
    assert float(shown.text("official-share")) == pytest.approx(share, abs=0.006)
    voices = re.findall(r"^(.+?) +(\d+)$", shown.text("voices"), re.M)
    assert voices[:2] == [("China", "28"), ("Frédéric Lemieux", "13")]
    assert shown.text("contradictions") == "7"
    pairs = [tuple(map(int, pair)) for pair in re.findall(r" (\d+) +(\d+)$", shown.text("conclusions"), re.M)]
    assert pairs[0] == (7, 0), "the treaties on sentenced persons are all hedged"
    assert pairs[1][0] - pairs[1][1] == 7
    hedged = "?i a polcoop:SentencedPersonTransferTreaty"
    firm = "?i a polcoop:InternationalInstrument FILTER NOT EXISTS { ?i polcoop:isHedged true }"
    for lost, kind in (
        (7, hedged),
        (0, f"{hedged} . {{ SELECT ?x {{ {firm} ?i polcoop:hasParty agent:cn , ?x }} }}"),
    ):
        assert (
            number(data, f"{kind} . ?i polcoop:hasParty ?x . ?x a polcoop:Country FILTER(?x != agent:cn)")
            == lost
        )
    assert re.search(r"^countries with a treaty .* 1\.0+$", shown.text("falls-away"), re.M)
    firm = "FILTER NOT EXISTS { ?x polcoop:isHedged true }"
    for kind, pair in (("Statistic", pairs[2]), ("Transfer", pairs[3])):
        assert pair == (number(data, f"?x a polcoop:{kind}"), number(data, f"?x a polcoop:{kind} {firm}"))


def money(shown: Shown, data: polcoop.Connection) -> None:
    row = next(row for row in expected("26-interpol-voluntary-contributions") if "2017" in str(row))
    assert "2047000" in str(row)
    assert re.search(r"2017 +EUR +2047000", shown.text("interpol"))
    assert "event:au-delivery-sb-2022-11" in shown.text("not-china")
    assert re.search(r"African states +loan ", shown.text("transfers"))
    assert re.search(r"^Solomon Islands +motorcycle +30 +false$", shown.text("equipment"), re.M)
    assert re.search(r"^Zimbabwe +camera +true$", shown.text("equipment"), re.M), (
        "a gift that is only reported"
    )
    assert re.findall(r"^(20\d\d) +(\d+) +EUR$", shown.text("statutory"), re.M) == [
        ("2017", "2031732"),
        ("2021", "3780901"),
    ]
    payers = re.findall(r"^(.+?)  +(.+)$", shown.text("who-pays"), re.M)[1:]
    assert ("governments of the ASEAN member countries", "international transport") in payers
    assert len(payers) == 6
    assert re.search(r"19 +attributed +100", shown.text("evidence"))


def wikidata(shown: Shown, data: polcoop.Connection) -> None:
    assert "entity/Q38" in shown.text("link")
    assert re.search(r"^agent:it +Italy +ITA +wd:Q38$", shown.text("replayed"), re.M)
    assert "(20 rows)" in shown.text("replayed")
    assert shown.text("missing") == "6"
    assert "has no answer of <https://query.wikidata.org/sparql>" in shown.text("not-recorded")


def your_own_country(shown: Shown, data: polcoop.Connection) -> None:
    steps = ("first-try", "second-try", "conforming")
    verdicts = [re.findall(r"exit code (\d)", shown.text(tag)) for tag in steps]
    assert verdicts == [["1"], ["1"], ["0"]]
    shapes = set(re.findall(r"\[shapes:([\w-]+)\]", shown.text("first-try")))
    assert {"SharedFactSource-claim", "Parties-agent", "References-described"} <= shapes
    assert re.findall(r"\[shapes:([\w-]+)\]", shown.text("second-try")) == ["ClaimVoice"]
    assert shown.text("conforming").startswith("Conforms")
    assert "(2 rows)" in shown.text("own")
    assert json.loads(shown.text("own-label").replace("'", '"')).startswith("Memorandum of understanding")


CHECKS: dict[str, Callable[[Shown, polcoop.Connection], None]] = {
    "01": first_steps,
    "02": treaties,
    "03": who_says_so,
    "04": money,
    "05": wikidata,
    "06": your_own_country,
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_notebook_shows_is_what_the_data_say(
    name: str, dataset: Path, data: polcoop.Connection, tmp_path: Path
) -> None:
    shown = executed(name, dataset, tmp_path)
    check_charts(shown, some=name[:2] != "06")
    CHECKS[name[:2]](shown, data)


def test_the_lockfile_is_what_the_mediator_records(dataset: Path) -> None:
    """Written by no hand: recorded again from the stand-in, it is the same."""
    kept = Lockfile.load(LOCKFILE)
    (time,) = {entry.time for entry in kept.entries.values()}
    assert asyncio.run(recorded(dataset / "store", time)).entries == kept.entries, (
        "the query or the data have changed: python tests/notebooks/stand_in.py"
    )


def test_the_extract_names_items_that_the_data_know(data: polcoop.Connection) -> None:
    items = {
        item.rpartition("/")[2]
        for item in data.select("SELECT ?i { ?c a polcoop:Country ; schema:sameAs ?i }").column("i")
    }
    extract = dict(re.findall(r'^wd:(Q\d+) wdt:P297 "([A-Z]{2})"', EXTRACT.read_text(encoding="utf-8"), re.M))
    assert items <= extract.keys()
    for item, code in extract.items():
        if item in items:
            assert data.wikidata(f"agent:{code.lower()}") == polcoop.iri(f"wd:{item}")
