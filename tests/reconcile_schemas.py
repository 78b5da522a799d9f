"""JSON schemas of what the service sends, written from the text of Reconciliation Service API 0.2.

They allow no member that the specification does not name, and hold the values to what this service promises.
"""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://[^ ]+$"}


def record(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def array(items: dict[str, Any]) -> dict[str, Any]:
    """An array of such items."""
    return {"type": "array", "items": items}


def mapping(values: dict[str, Any]) -> dict[str, Any]:
    """An object with such values under any names."""
    return {"type": "object", "additionalProperties": values}


NAMED = record({"id": TEXT, "name": TEXT})
TYPE = record({"id": TEXT, "name": TEXT}, description=TEXT, broader=array(NAMED))
TEMPLATE = {"type": "string", "pattern": r"^https?://.*\{\{id\}\}"}
SERVICE = record({"service_url": URL, "service_path": {"type": "string", "pattern": "^/"}})
SUGGEST = record(SERVICE["properties"], flyout_service_path={"type": "string", "pattern": r"^/.*\$\{id\}"})
FLYOUT = record({"id": TEXT, "html": TEXT})
SETTING = record(
    {
        "name": TEXT,
        "label": TEXT,
        "type": {"enum": ["select"]},
        "choices": array(record({"value": TEXT, "name": TEXT})),
    },
    default=TEXT,
    help_text=TEXT,
)
MANIFEST = record(
    {
        "versions": {**array(TEXT), "contains": {"const": "0.2"}},
        "name": TEXT,
        "identifierSpace": URL,
        "schemaSpace": URL,
    },
    documentation=URL,
    serviceVersion=TEXT,
    defaultTypes={**array(TYPE), "uniqueItems": True},
    view=record({"url": TEMPLATE}),
    preview=record({"url": TEMPLATE, "width": {"type": "integer"}, "height": {"type": "integer"}}),
    suggest=record({}, entity=SUGGEST, type=SUGGEST, property=SUGGEST),
    extend=record({}, propose_properties=SERVICE, property_settings=array(SETTING)),
    batchSize={"type": "integer", "minimum": 1},
)
CANDIDATE = record(
    {"id": TEXT, "name": TEXT, "score": {"type": "number", "minimum": 0, "maximum": 100}},
    description=TEXT,
    type=array(NAMED),
    match={"type": "boolean"},
    features=array(record({"id": TEXT, "value": {"type": ["number", "boolean"]}})),
)
RESULTS = mapping(record({"result": array(CANDIDATE)}))
SUGGESTED_ENTITIES = record(
    {"result": array(record({"id": TEXT, "name": TEXT}, description=TEXT, notable=array(NAMED)))}
)
SUGGESTED_TYPES = record({"result": array(TYPE)})
SUGGESTED_PROPERTIES = record({"result": array(record({"id": TEXT, "name": TEXT}, description=TEXT))})
PROPOSED = record({"properties": array(NAMED), "type": TEXT}, limit={"type": "integer"})
CELL = {
    "oneOf": [
        record({"id": TEXT, "name": TEXT}),
        record({"str": {"type": "string"}}),
        record({"int": {"type": "integer"}}),
        record({"float": {"type": "number"}}),
        record(
            {
                "date": {
                    "type": "string",
                    "pattern": r"^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$",
                }
            }
        ),
    ]
}
EXTENSION = record({"meta": array(NAMED), "rows": mapping(mapping(array(CELL)))})
