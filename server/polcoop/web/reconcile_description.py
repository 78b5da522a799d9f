"""The OpenAPI description of the reconciliation service."""

from __future__ import annotations

from typing import Any, Final

from polcoop.formats import HTML
from polcoop.web.description import described_problem
from polcoop.web.reading import FORM

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The answer.",
        "content": {"application/json": {}, "text/javascript": {}, HTML.media_type: {}},
    },
    303: {"description": "The entity itself is elsewhere.", "content": {}},
    400: described_problem("A parameter is missing or malformed."),
    404: described_problem("There is no such entity."),
    413: described_problem("The batch is too large."),
    415: described_problem("The body is not a form in UTF-8."),
    503: described_problem("The server is too busy (with Retry-After)."),
}
_ASKED: Final = {
    "queries": '{"q0": {"query": "Hikivision"}}',
    "extend": '{"ids": ["id/agent/interpol"], "properties": [{"id": "skos:altLabel"}]}',
}
"""Parameters of the endpoint with an example; one of them is meant."""


def _described(summary: str, examples: dict[str, str]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}, "example": value}
        for name, value in examples.items()
    ]
    return {
        "summary": summary,
        "tags": ["reconciliation"],
        "responses": _RESPONSES,
        "openapi_extra": {"parameters": parameters},
    }


GET_RECONCILE: Final[dict[str, Any]] = {
    **_described("Service manifest; or the answer to 'queries' or 'extend'", _ASKED),
    "operation_id": "reconcile_get",
}
"""Arguments for the GET route of the endpoint."""

_FORM: Final = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in _ASKED},
    "anyOf": [{"required": [name]} for name in _ASKED],
}
POST_RECONCILE: Final[dict[str, Any]] = {
    **_described("Answer the form fields 'queries' or 'extend'", {}),
    "operation_id": "reconcile_post",
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": _FORM, "example": {"queries": _ASKED["queries"]}}},
        }
    },
}
"""Arguments for its POST route."""

BELOW: Final = {
    path: _described(summary, {name: value})
    for path, summary, name, value in (
        ("suggest/entity", "Entities whose name begins with 'prefix'", "prefix", "Inter"),
        ("suggest/type", "Types whose name begins with 'prefix'", "prefix", "Org"),
        ("suggest/property", "Properties whose name begins with 'prefix'", "prefix", "par"),
        ("flyout/entity", "A few words about the entity 'id', as HTML", "id", "id/agent/interpol"),
        ("flyout/type", "A few words about the type 'id', as HTML", "id", "Organisation"),
        ("flyout/property", "A few words about the property 'id', as HTML", "id", "hasParty"),
        ("properties", "Properties that entities of 'type' have", "type", "Organisation"),
        ("preview", "A small page about the entity 'id'", "id", "id/agent/interpol"),
        ("view", "To the entity 'id' itself", "id", "id/agent/interpol"),
    )
}
"""Path below the endpoint to the arguments for its route."""
