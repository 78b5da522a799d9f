"""Documents of a dataset in a format that may not be able to carry them."""

from __future__ import annotations

from pathlib import Path

import pytest

from polcoop.errors import NotAcceptable, SourceError
from polcoop.formats import NTRIPLES, RDFXML
from polcoop.web.documents import Document


def test_what_xml_cannot_carry_is_told_and_not_sent(tmp_path: Path) -> None:
    document = Document("x", (), tmp_path)
    (tmp_path / "x.nt").write_text('<a:s> <a:p> "\\u0001" .', encoding="utf-8")
    for text in ("<p>\x01</p>", "<p>\uffff</p>", "<oxprefix: />"):
        (tmp_path / "x.rdf").write_text(text, encoding="utf-8")
        with pytest.raises(NotAcceptable, match="XML cannot carry"):
            document.content(RDFXML)
    assert document.content(NTRIPLES)
    (tmp_path / "x.rdf").write_text("<p>\t\U0010ffff</p>", encoding="utf-8")
    assert document.content(RDFXML)
    with pytest.raises(SourceError):
        Document("y", (), tmp_path).content(RDFXML)
