"""The OpenAPI description of linked data: what an IRI of ours answers with, the same wherever it begins."""

from __future__ import annotations

from typing import Any, Final

from polcoop.web.addresses import OFFERED

_EXAMPLES: Final = {
    "id": "claim/p14-08",
    "concept": "modality/conditional",
    "ontology": "claims",
    "shapes": "claims",
    "graph": "instances",
    ".well-known/sparql-examples": "04-liaison-officers-missions-countries",
}
"""Where IRIs begin, to the rest of one."""
_TURTLE: Final = """<https://w3id.org/polcoop/id/claim/p14-08>
    a <https://w3id.org/polcoop/ontology#Claim> ;
    <https://w3id.org/polcoop/ontology#onPage> 14 .
"""
_LANGUAGE: Final = {
    "name": "lang",
    "in": "query",
    "schema": {"type": "string", "enum": ["en", "fr"]},
    "description": "Language of a page; goes before Accept-Language.",
}
_PROBLEM: Final = {"application/problem+json": {"schema": {"type": "object"}}}
_CONTENT: Final[dict[str, Any]] = {
    choice.media_type: {"example": _TURTLE} if choice.name == "turtle" else {} for choice in OFFERED
}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "What is said of the resource, the labels of what that names, claims about it, and "
        "what links to it, up to a bound; a document as a whole.",
        "content": _CONTENT,
        "headers": {
            "ETag": {"schema": {"type": "string"}},
            "Content-Location": {"schema": {"type": "string"}},
            "Link": {"schema": {"type": "string"}, "description": "The other formats."},
        },
    },
    304: {"description": "The client has it (If-None-Match)."},
    400: {"description": "The language is none of a page.", "content": _PROBLEM},
    404: {"description": "The data says nothing of it.", "content": _PROBLEM | {"text/html": {}}},
    406: {"description": "No acceptable format.", "content": _PROBLEM},
    429: {"description": "This client asks too much at a time.", "content": _PROBLEM},
    503: {"description": "The server is too busy (with Retry-After).", "content": _PROBLEM},
}


def described_below(root: str) -> dict[str, Any]:
    """Arguments for the route of all IRIs below ``root``; ``rest`` may end in .ttl, .nt, .rdf, .jsonld or
    .html."""
    rest = {
        "name": "rest",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "The rest of the IRI; with .ttl, .nt, .rdf, .jsonld or .html the format is chosen.",
        "example": _EXAMPLES[root],
    }
    return _route(f"What is known of an IRI that begins with https://w3id.org/polcoop/{root}/", root, [rest])


def described_document(name: str) -> dict[str, Any]:
    """Arguments for the route of a document; its terms are fragments of it."""
    return _route(f"The document https://w3id.org/polcoop/{name} with all its terms", f"{name}_document", [])


def _route(summary: str, name: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": summary,
        "operation_id": f"resource_{name.strip('.').replace('/', '_').replace('-', '_')}",
        "responses": _RESPONSES,
        "openapi_extra": {"parameters": [*parameters, _LANGUAGE]},
    }
