"""Terms of a result in canonical N-Triples, and the digest of a result that has been read."""

from __future__ import annotations

from typing import Final

from polcoop.citation.digests import boolean_digest, rows_digest
from polcoop.solutions import Blank, Iri, Literal, Solutions, Term, Triple

_ESCAPES: Final = str.maketrans(
    {
        **{chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
        **{"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"},
    }
)


def n_triples(term: Term) -> str:
    """Return ``term`` in canonical N-Triples (RDF 1.2 N-Triples, section 4); language tags are lower case."""
    match term:
        case Iri(iri):
            return f"<{iri}>"
        case Blank(label):
            return f"_:{label}"
        case Literal(value, language, datatype):
            quoted = f'"{value.translate(_ESCAPES)}"'
            if language:
                return f"{quoted}@{language.lower()}"
            return f"{quoted}^^<{datatype}>" if datatype else quoted
        case Triple(subject, predicate, thing):
            return f"<<( {n_triples(subject)} {n_triples(predicate)} {n_triples(thing)} )>>"


def solutions_digest(result: Solutions | bool, *, ordered: bool) -> str:
    """Return the digest of a SELECT or ASK result; ``ordered`` says whether the query has ORDER BY."""
    if isinstance(result, bool):
        return boolean_digest(result)
    rows = ([None if term is None else n_triples(term) for term in row] for row in result.rows)
    return rows_digest(result.variables, rows, ordered=ordered)
