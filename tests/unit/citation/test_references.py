"""What reference managers are given, read back by readers of others (bibtexparser, rispy), and APA."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import CitationStylesStyle
from hypothesis import example, given
from hypothesis import strategies as st

from polcoop.citation.apa import APA
from polcoop.citation.apa import references as apa
from polcoop.citation.references import bibtex, csl_json, ris
from polcoop.citation.works import Name, Work
from polcoop.errors import SourceError

ODD = '50% of {China’s} $5 & #1_a \\ ~ ^ "quoted" 中国“力量”'
ARTICLE = Work(
    id="xu-2018", kind="article-journal", title=ODD,
    authors=(Name("Xu", "Tao"), Name("de Tréglodé", "Benoît")),
    date="2018-11-03", container="Policing & Society", volume="3", number="2", pages="12-34", language="en",
    url="https://example.org/a_b%20c?x=1&y={2}#z", translation="Titre",
)  # fmt: skip
REPORT = Work(
    id="note", kind="report", title="Note no 135", authors=(Name("Pina", "Carine"),), date="2023-05",
    publisher="IRSEM", number="135", genre="Note de recherche", pages="14, 16-18",
)  # fmt: skip


def parsed(text: str) -> dict[str, bibtexparser.model.Entry]:
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert not library.failed_blocks, library.failed_blocks
    return library.entries_dict


def test_bibtex_read_back() -> None:
    entries = parsed(bibtex([ARTICLE, REPORT]))
    article, report = entries["xu-2018"], entries["note"]
    assert article.entry_type == "article"
    # The reader knows no \textbraceleft, and reads the circumflex as the letter.
    assert article["title"].strip("{}") == ODD.translate({ord("{"): None, ord("}"): None, ord("^"): "ˆ"})
    assert r"of \textbraceleft{}China’s\textbraceright{} \$5" in bibtex([ARTICLE])
    assert article["journal"] == "Policing & Society"
    assert article["author"] == "Xu, Tao and de Tréglodé, Benoît"
    assert [article[key] for key in ("year", "month", "pages", "number")] == ["2018", "11", "12–34", "2"]
    assert report.entry_type == "techreport"
    assert [report[key] for key in ("institution", "number", "type")] == ["IRSEM", "135", "Note de recherche"]
    assert "url = {https://example.org/a_b%20c?x=1&y=%7B2%7D#z}" in bibtex([ARTICLE])


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=40
)


@given(_TEXT)
@example("}{")
@example("\\")
@example("a\\}")
def test_no_text_breaks_a_bibtex_entry(text: str) -> None:
    written = bibtex(
        [Work(id="x", kind="book", title=text, authors=(Name(text), Name(text, text)), note=text)]
    )
    library = bibtexparser.parse_string(written)
    assert not library.failed_blocks
    assert [entry.key for entry in library.entries] == ["x"]
    value = library.entries[0]["note"]
    assert value.count("{") == value.count("}")
    for special in "&%$#_":
        assert all(value[at - 1] == "\\" for at, c in enumerate(value) if c == special)


def test_et_al_and_bodies_in_bibtex() -> None:
    work = Work(id="x", kind="report", title="T", authors=(Name("Duchâtel", "Mathieu"),), others=True)
    assert parsed(bibtex([work]))["x"]["author"] == "Duchâtel, Mathieu and others"
    body = Work(id="y", kind="report", title="T", authors=(Name("Trade and Customs"),))
    assert "author = {{Trade and Customs}}" in bibtex([body])


def test_ris_read_back() -> None:
    article, report = rispy.loads(ris([ARTICLE, REPORT]))
    assert article["type_of_reference"] == "JOUR"
    assert article["title"] == ODD
    assert article["authors"] == ["Xu, Tao", "de Tréglodé, Benoît"]
    assert [article[key] for key in ("year", "date", "start_page", "end_page", "volume", "number")] == [
        "2018", "2018/11/03/", "12", "34", "3", "2",
    ]  # fmt: skip
    assert article["translated_title"] == "Titre"
    assert (report["type_of_reference"], report["start_page"]) == ("RPRT", "14, 16-18")


def test_a_line_break_makes_no_field_of_ris() -> None:
    hostile = Work(id="x", kind="book", title="A\r\nER  - \r\nTY  - JOUR\nTI  - B", authors=(Name("A, B"),))
    (only,) = rispy.loads(ris([hostile]))
    assert only["title"] == "A ER - TY - JOUR TI - B"
    assert only["authors"] == ["A B"], "the comma of a body parts no name"


def test_csl_json_is_what_it_says() -> None:
    article, report = json.loads(csl_json([ARTICLE, REPORT]))
    assert article["title"] == ODD
    assert article["issued"] == {"date-parts": [[2018, 11, 3]]}
    assert article["author"] == [
        {"family": "Xu", "given": "Tao"},
        {"family": "de Tréglodé", "given": "Benoît"},
    ]
    assert (article["issue"], report["number"]) == ("2", "135")
    circa = Work(id="x", kind="book", title="T", date="2003~")
    assert circa.csl()["issued"] == {"date-parts": [[2003]], "circa": True}


def test_a_body_begins_with_a_capital_and_a_particle_does_not() -> None:
    body, person = Name("ministère de l’Intérieur"), Name("de Tréglodé", "Benoît")
    works = [Work(id=name.family, kind="book", title="T", authors=(name,)) for name in (body, person)]
    assert apa(works) == ["Ministère de l’Intérieur. (n.d.). T.", "de Tréglodé, B. (n.d.). T."]


def test_apa() -> None:
    titled = Work(
        id="q", kind="article-newspaper", title="Are they?", authors=(Name("AFP"),), date="2018-11-23"
    )
    chapter = Work(
        id="c", kind="chapter", title="A chapter", authors=(Name("Du", "Li-Ming X."),), container="A book",
        pages="1–3", date="2018", publisher="Routledge",
    )  # fmt: skip
    site = Work(id="s", kind="webpage", title="A site", url="https://example.org/", accessed="2023-02-22")
    range_ = Work(id="r", kind="book", title="B", editors=(Name("Den Boer", "Monica"),), date="2003/2005")
    assert apa([ARTICLE, REPORT, titled, chapter, site, range_]) == [
        f"Xu, T., & de Tréglodé, B. (2018). {ODD} [Titre]. Policing & Society, 3(2), 12–34. "
        "https://example.org/a_b%20c?x=1&y={2}#z",
        "Pina, C. (2023). Note no 135 (Note de recherche No. 135; pp. 14, 16–18). IRSEM.",
        "AFP. (2018, November 23). Are they?",
        "Du, L.-M. X. (2018). A chapter. In A book (pp. 1–3). Routledge.",
        "A site. (n.d.). Retrieved February 22, 2023, from https://example.org/",
        "Den Boer, M. (Ed.). (2003–2005). B.",
    ]


@pytest.mark.parametrize(
    ("date", "english", "french"),
    [
        ("2018-11-03", "2018, November 3", "2018, 3 novembre"),
        ("2018-11", "2018, November", "2018, novembre"),
        ("2018", "2018", "2018"),
        ("", "n.d.", "s. d."),
    ],
)
def test_days_and_months_in_the_order_of_the_language(date: str, english: str, french: str) -> None:
    page = Work(id="x", kind="webpage", title="T", authors=(Name("AFP"),), date=date)
    written = [apa([page], lang=lang)[0].replace("\xa0", " ") for lang in ("en", "fr")]
    assert written == [f"AFP. ({english}). T.", f"AFP. ({french}). T."]


def test_our_style_is_valid_csl_and_others_can_be_used(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CitationStylesStyle(str(APA), validate=True)
    bad = tmp_path / "bad.csl"
    bad.write_text("<style/>", encoding="utf-8")
    with pytest.raises(SourceError, match=r"bad\.csl is not a CSL style"):
        apa([REPORT], style=bad)
    with pytest.raises(SourceError, match=r"no style file .*none\.csl"):
        apa([REPORT], style=tmp_path / "none.csl")
    silent = APA.read_text(encoding="utf-8")
    start, end = silent.index("<bibliography>"), silent.index("</bibliography>")
    layout = '<bibliography><layout><text variable="ISBN"/></layout>'
    bad.write_text(silent[:start] + layout + silent[end:], encoding="utf-8")
    with pytest.raises(SourceError, match="it writes nothing for note"):
        apa([REPORT], style=bad)


@pytest.mark.parametrize(
    ("label", "first", "hint", "name"),
    [
        ("Carine Pina", False, "", ("Pina", "Carine")),
        ("Benoît de Tréglodé", False, "de-treglode-tonkin", ("de Tréglodé", "Benoît")),
        ("John S. Van Oudenaren", False, "van-oudenaren", ("Van Oudenaren", "John S.")),
        ("Monica den Boer", False, "comparative-policing", ("den Boer", "Monica")),
        ("Wang Xiaohong", True, "china-uncops", ("Wang", "Xiaohong")),
        ("Wang Yizhou", False, "wang-creative-involvement", ("Wang", "Yizhou")),
        ("Patricia O’Brien", False, "obrien-solomon", ("O’Brien", "Patricia")),
        ("Voltaire", False, "voltaire", ("Voltaire", "")),
    ],
)
def test_names_of_persons(label: str, first: bool, hint: str, name: tuple[str, str]) -> None:
    assert Name.of_person(label, family_first=first, hint=hint) == Name(*name)
