"""The OpenAPI description: what the framework cannot see, since it does not parse the requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from polcoop.formats import (
    CSV,
    GRAPH,
    HTML,
    JSON,
    PROBLEM,
    REFERENCES,
    REPORTS,
    SOLUTIONS,
    TEXT,
    TURTLE,
    Format,
)
from polcoop.web.protocol import QUERY
from polcoop.web.reading import FORM
from polcoop.web.validation import PARAMETERS, SUFFIXES

_EXAMPLE: Final = "SELECT * WHERE { ?s ?p ?o } LIMIT 10"
_LIST: Final = {"type": "array", "items": {"type": "string", "format": "iri"}}
_NAMES: Final = list(dict.fromkeys(choice.name for choice in (*SOLUTIONS, *GRAPH)))

_PROPERTIES: Final[dict[str, Any]] = {
    "query": {"type": "string", "description": "A SPARQL 1.1 query: SELECT, ASK, CONSTRUCT or DESCRIBE."},
    "default-graph-uri": {**_LIST, "description": "Graphs that make up the default graph; goes before FROM."},
    "named-graph-uri": {**_LIST, "description": "Named graphs of the dataset; goes before FROM NAMED."},
    "format": {
        "type": "string",
        # A form sends the field empty when nothing is chosen.
        "enum": [*_NAMES, ""],
        "description": "Result format; goes before the Accept header, unless it is empty.",
    },
    "timeout": {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "Deadline in seconds; can only shorten the server's.",
    },
    "digest": {
        "type": "boolean",
        "description": "Whether to send the digest of the result (Polcoop-Result-Digest) where there is one.",
    },
}


def _parameter(name: str) -> dict[str, Any]:
    schema = dict(_PROPERTIES[name])
    described = {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema.pop("description"),
        "schema": schema,
    }
    return described | ({"example": _EXAMPLE} if name == "query" else {})


_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
    },
    "examples": [
        {
            "type": "https://w3id.org/polcoop/problem/query-syntax-error",
            "title": "Malformed query",
            "status": 400,
            "detail": "expected a term or variable, found '}'",
            "line": 2,
            "column": 65,
        }
    ],
}
_SHOWN: Final[dict[str, Any]] = {
    JSON.media_type: {
        "head": {"vars": ["name"]},
        "results": {"bindings": [{"name": {"type": "literal", "value": "China", "xml:lang": "en"}}]},
    },
    CSV.media_type: "name\r\nChina\r\n",
    TURTLE.media_type: "<http://example.org/s> <http://example.org/p> 97 .\n",
}
"""Media type to the example of a result."""


def described_problem(description: str) -> dict[str, Any]:
    """Describe a response that is a problem (RFC 9457), or the same in words."""
    content = {PROBLEM.media_type: {"schema": _PROBLEM}, TEXT.media_type: {}}
    return {"description": description, "content": content}


def _contents(offered: Iterable[Format]) -> dict[str, Any]:
    return {media_type: _content(media_type) for choice in offered for media_type in choice.media_types}


def _content(media_type: str) -> dict[str, Any]:
    return {"example": _SHOWN[media_type]} if media_type in _SHOWN else {}


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The result, in the format negotiated.", "content": _contents((*SOLUTIONS, *GRAPH))},
    304: {"description": "The client has the result (If-None-Match)."},
    400: described_problem("The query or a parameter is malformed; a syntax error says line and column."),
    403: described_problem("An update, or a query with SERVICE that is not allowed or asks for too much."),
    406: described_problem("No acceptable format for this kind of result."),
    413: described_problem("The query is too long, too deeply nested or too wide."),
    422: described_problem("The result is too large."),
    429: described_problem("This client has too many queries under way (with Retry-After)."),
    500: described_problem("The process that evaluated the query died, for want of memory or stack."),
    501: described_problem("A part of the program that this needs is not installed."),
    502: described_problem("An endpoint that SERVICE names failed."),
    503: described_problem("The query reached its deadline, or the server is too busy (with Retry-After)."),
    504: described_problem("An endpoint that SERVICE names did not answer in time."),
}

_STORED: Final[dict[int | str, dict[str, Any]]] = {
    **_RESPONSES,
    200: {
        "description": "The result, a page that cites it, or the citation alone.",
        "content": {c.media_type: _content(c.media_type) for c in (*SOLUTIONS, *GRAPH, HTML, *REFERENCES)},
    },
    404: described_problem("No such query, or the dataset version is not kept; the hint says which are."),
}

GET_QUERY: Final[dict[str, Any]] = {
    "summary": "SPARQL query via GET; without any parameter, the description of the service",
    "operation_id": "query_get",
    "responses": {
        **_RESPONSES,
        303: {"description": "A browser that asks nothing is led to the page.", "content": {}},
    },
    "openapi_extra": {"parameters": [_parameter(name) for name in _PROPERTIES]},
}
"""Arguments for the GET route."""

POST_QUERY: Final[dict[str, Any]] = {
    "summary": "SPARQL query via POST, as a form or as the query itself",
    "operation_id": "query_post",
    "responses": {
        **_RESPONSES,
        415: described_problem("The body is neither a form nor a query, or not in UTF-8."),
    },
    "openapi_extra": {
        "parameters": [_parameter(name) for name in _PROPERTIES if name != "query"],
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {"type": "object", "required": ["query"], "properties": _PROPERTIES},
                    "example": {"query": _EXAMPLE},
                },
                QUERY: {"schema": {"type": "string"}, "example": _EXAMPLE},
            },
        },
    },
}
"""Arguments for the POST route."""


_GRAPH_FORMAT: Final = {
    "name": "format",
    "in": "query",
    "schema": {"type": "string", "enum": [*(choice.name for choice in GRAPH), ""]},
    "description": _PROPERTIES["format"]["description"],
}


def _of_graph(summary: str, operation: str, missing: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "operation_id": operation,
        "responses": {
            200: {"description": "The graph, in the format negotiated.", "content": _contents(GRAPH)},
            400: described_problem("A parameter is missing, repeated or malformed."),
            404: described_problem(missing),
            **{status: _RESPONSES[status] for status in (304, 406, 422, 429, 500, 503)},
        },
        "openapi_extra": {"parameters": [*parameters, _GRAPH_FORMAT]},
    }


GET_GRAPH: Final = _of_graph(
    "SPARQL Graph Store Protocol: a graph of the dataset, 'graph' its IRI, or 'default' for their union",
    "graph_store_get",
    "There is no graph of this name.",
    {"name": "graph", "in": "query", "schema": {"type": "string", "format": "iri"}},
    {"name": "default", "in": "query", "allowEmptyValue": True, "schema": {"type": "string"}},
)
"""Arguments for the route of /graphs."""
GET_VOID: Final = _of_graph("What the dataset is and holds (DCAT, VoID)", "void_get", "Never.")
"""Arguments for the route of /.well-known/void."""
GET_EXAMPLES: Final = _of_graph(
    "Prefixes and example queries", "examples_get", "The data that is served comes without examples."
)
"""Arguments for the route of /.well-known/sparql-examples."""


def _choice(name: str) -> dict[str, Any]:
    values = PARAMETERS[name] or tuple(choice.name for choice in REPORTS)
    default = {"default": values[0]} if PARAMETERS[name] else {}
    return {"name": name, "in": "query", "schema": {"type": "string", "enum": list(values), **default}}


POST_VALIDATE: Final[dict[str, Any]] = {
    "summary": "SHACL validation of the body by the shapes of this project",
    "operation_id": "validate_post",
    "responses": {
        200: {
            "description": "The report, whether the data conforms or not, in the format negotiated.",
            "content": {media_type: {} for choice in REPORTS for media_type in choice.media_types},
        },
        400: described_problem("The data is malformed (with line and column), or a parameter is."),
        406: described_problem("No acceptable format for a report."),
        413: described_problem("The body is too large."),
        415: described_problem("The body is in a format that is not read here, not in UTF-8, or compressed."),
        500: described_problem("The process that validated died, or the shapes of the server are no good."),
        503: described_problem("Too much is being validated (with Retry-After), or this took too long."),
    },
    "openapi_extra": {
        "parameters": [_choice(name) for name in PARAMETERS],
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": {"type": "string"}, **_content(media_type)} for media_type in SUFFIXES
            },
        },
    },
}
"""Arguments for the route of /validate."""

_ADDRESS: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "Name of a stored query: the first 24 characters of its digest.",
    "schema": {"type": "string"},
}
_VERSION: Final = {
    "name": "version",
    "in": "query",
    "description": "Dataset version to answer from: 1.0.0, 1.0.0+4f5e6d7c, or the start of the digest.",
    "schema": {"type": "string"},
}

GET_STORED: Final[dict[str, Any]] = {
    "summary": "A stored query: its result, its page, its citation",
    "operation_id": "stored_get",
    "responses": _STORED,
    "openapi_extra": {
        "parameters": [
            _ADDRESS,
            _parameter("format"),
            _parameter("timeout"),
            _VERSION,
        ]
    },
}
"""Arguments for the route of a stored query."""

LIST_STORED: Final[dict[str, Any]] = {
    "summary": "The example queries with their permalinks, and the dataset versions that are kept",
    "operation_id": "stored_list",
    "responses": {
        200: {
            "description": "Both.",
            "content": {"application/json": {"example": {"examples": [], "versions": ["1.0.0+4f5e6d7c"]}}},
        },
        **{status: _RESPONSES[status] for status in (429, 503)},
    },
}
"""Arguments for the route that lists."""

POST_STORED: Final[dict[str, Any]] = {
    "summary": "Store a query under a permalink",
    "operation_id": "stored_post",
    "responses": {
        201: {"description": "It is stored at Location.", "content": {"application/json": {}}},
        303: {"description": "The same, for a browser."},
        400: _RESPONSES[400],
        403: _RESPONSES[403],
        413: described_problem("The query is too long to be stored."),
        415: described_problem("The body is neither a form nor a query, or not in UTF-8."),
        507: described_problem("No more queries can be stored."),
    },
    "openapi_extra": {"requestBody": POST_QUERY["openapi_extra"]["requestBody"]},
}
"""Arguments for the route that stores."""
