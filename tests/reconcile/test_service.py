"""``/reconcile`` over HTTP: Reconciliation Service API 0.2, section by section, as OpenRefine asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest

import reconcile_schemas as schemas
from polcoop.reconcile.batches import MOST_ENTITIES, MOST_LETTERS, MOST_QUERIES
from serving import serving

INTERPOL = "id/agent/interpol"
MARKUP = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://w3id.org/polcoop/id/agent/x> skos:prefLabel "<b>bold</b>"@en ; skos:altLabel "<b>too</b>" .
"""


def valid(response: httpx2.Response, schema: dict[str, Any]) -> Any:
    """The body of a response that fits the schema."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    jsonschema.Draft202012Validator(schema).validate(body)
    return body


def ask(http: httpx2.Client, queries: object) -> dict[str, Any]:
    """Post a query batch as OpenRefine does."""
    response = http.post("/reconcile", data={"queries": json.dumps(queries)})
    return dict(valid(response, schemas.RESULTS))


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        (schemas.MANIFEST, {"versions": ["0.1"], "name": "n", "identifierSpace": "http://a/", "schemaSpace": "http://a/"}),
        (schemas.RESULTS, {"q0": {"result": [{"id": "a", "name": "b", "score": 101}]}}),
        (schemas.RESULTS, {"q0": [{"id": "a", "name": "b", "score": 1}]}),
        (schemas.EXTENSION, {"meta": [], "rows": {"a": {"p": [{"date": "2016"}]}}}),
        (schemas.SUGGESTED_ENTITIES, {"result": [{"id": "a"}]}),
    ],
)  # fmt: skip
def test_the_schemas_refuse_what_is_wrong(schema: dict[str, Any], wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_3_1_service_manifest(http: httpx2.Client, server: str) -> None:
    body = valid(http.get("/reconcile"), schemas.MANIFEST)
    assert body["identifierSpace"] + INTERPOL == "https://w3id.org/polcoop/id/agent/interpol"
    assert "Organisation" in [kind["id"] for kind in body["defaultTypes"]]
    for url in (body["view"]["url"], body["preview"]["url"], body["suggest"]["entity"]["service_url"]):
        assert url.startswith(f"{server}/reconcile")


def test_3_3_cross_origin_access_everywhere(http: httpx2.Client) -> None:
    for path in (
        "",
        "/suggest/entity?prefix=a",
        "/suggest/type?prefix=a",
        "/properties?type=Place",
        "/preview?id=x",
    ):
        response = http.get(f"/reconcile{path}", headers={"Origin": "https://refine.example"})
        assert response.headers["access-control-allow-origin"] == "*", path
    preflight = http.request(
        "OPTIONS",
        "/reconcile",
        headers={"Origin": "https://refine.example", "Access-Control-Request-Method": "POST"},
    )
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["access-control-allow-methods"]


def test_3_3_jsonp_where_the_name_is_a_function(http: httpx2.Client) -> None:
    response = http.get("/reconcile", params={"callback": "jQuery34104_17", "_": "1700000000000"})
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.text.isascii()
    inside = response.text.removeprefix("/**/jQuery34104_17(").removesuffix(");")
    jsonschema.validate(json.loads(inside), schemas.MANIFEST)


@pytest.mark.parametrize(
    "name", ["", "alert(1)", "a b", "a;b", "é", "1a", "a..b", "x" * 101, "a\n", "</script>"]
)
def test_3_3_jsonp_refuses_anything_else(http: httpx2.Client, name: str) -> None:
    response = http.get("/reconcile", params={"callback": name})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_4_a_batch_is_answered_by_form_and_by_query_string(http: httpx2.Client) -> None:
    batch = {
        "q0": {"query": "Hikivision"},
        "q1": {"query": "Ministry of Magic"},
        "é": {"query": "公安部", "limit": 1},
    }
    posted = ask(http, batch)
    assert posted == valid(http.get("/reconcile", params={"queries": json.dumps(batch)}), schemas.RESULTS)
    assert posted.keys() == batch.keys()
    assert [(c["id"], c["match"]) for c in posted["q0"]["result"]] == [("id/agent/hikvision", True)]
    assert not any(c["match"] for c in posted["q1"]["result"])
    (mps,) = posted["é"]["result"]
    assert mps["name"] == "Ministry of Public Security (China)"
    assert mps["type"] == [{"id": "Organisation", "name": "Organisation"}]
    assert mps["description"] == "Organisation, China"


def test_4_openrefine_guesses_types(http: httpx2.Client) -> None:
    names = ["Interpol", "Europol", "Eurojust", "SADC", "ASEAN", "Xinhua"]
    told = ask(http, {f"q{i}": {"query": name, "limit": 3} for i, name in enumerate(names)})
    firsts = [told[f"q{i}"]["result"][0]["type"][0]["id"] for i in range(len(names))]
    assert set(firsts) == {"Organisation"}
    assert all(len(answer["result"]) <= 3 for answer in told.values())


def test_4_openrefine_reconciles_with_type_and_columns(http: httpx2.Client) -> None:
    query = {
        "query": "Ministry of Internal Affairs",
        "type": "Organisation",
        "type_strict": "should",
        "limit": 0,
        "properties": [{"pid": "ofCountry", "v": "Uzbekistan"}],
    }
    by_cell = {"pid": "ofCountry", "v": {"id": "id/agent/kg", "name": "Kirghizistan"}}
    told = ask(
        http, {"q0": query, "q1": {**query, "properties": [by_cell]}, "q2": {**query, "properties": []}}
    )
    firsts = [told[key]["result"][0] for key in ("q0", "q1", "q2")]
    assert [first["id"] for first in firsts] == ["id/agent/uz-mia", "id/agent/kg-mia", "id/agent/kg-mia"]
    # Without a country there are two.
    assert [first["match"] for first in firsts] == [True, True, False]
    features = {feature["id"]: feature["value"] for feature in firsts[0]["features"]}
    assert features == {
        "name_similarity": pytest.approx(97, abs=3),
        "type_match": True,
        "property:ofCountry": 1,
    }


def test_4_several_values_and_types(http: httpx2.Client) -> None:
    query = {
        "type": ["Event", "https://w3id.org/polcoop/ontology#Place"],
        "type_strict": "any",
        "properties": [{"pid": "atPlace", "v": ["Bangkok", {"id": "id/place/rome"}, 3, True]}],
    }
    (answer,) = ask(http, {"q": query}).values()
    places = {
        feature["value"]
        for found in answer["result"]
        for feature in found["features"]
        if "atPlace" in feature["id"]
    }
    assert places == {1}
    assert {found["id"] for found in answer["result"]} >= {"id/event/asean-cn-mou-nts-2004-signature"}


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        ("{", "not JSON"),
        ("[]", "queries is not a JSON object"),
        ('{"q0": "Interpol"}', "queries.q0 is not a JSON object"),
        ('{"q0": {}}', "queries.q0 has neither"),
        ('{"q0": {"query": ""}}', "queries.q0 has neither"),
        ('{"q0": {"query": 5}}', "queries.q0.query is not a string"),
        ('{"q0": {"query": "a", "limit": -1}}', "queries.q0.limit"),
        ('{"q0": {"query": "a", "limit": 1.5}}', "queries.q0.limit"),
        ('{"q0": {"query": "a", "limit": 1e400}}', "queries.q0.limit"),
        ('{"q0": {"query": "a", "limit": NaN}}', "queries.q0.limit"),
        ('{"q0": {"query": "a", "type": 7}}', "queries.q0.type"),
        ('{"q0": {"query": "a", "type_strict": "maybe"}}', "any, all, should"),
        ('{"q0": {"query": "a", "type_strict": ["any"]}}', "any, all, should"),
        ('{"q0": {"query": "a", "properties": [{"v": "b"}]}}', "pid"),
        ('{"q0": {"query": "a", "properties": [{"pid": "b"}]}}', "queries.q0.properties.v"),
        ('{"q0": {"query": "a", "properties": [{"pid": "b", "v": []}]}}', "no value"),
        ('{"q0": {"query": "a", "properties": {}}}', ""),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_4_malformed_queries_are_told_what_is_wrong(http: httpx2.Client, queries: str, said: str) -> None:
    response = http.post("/reconcile", data={"queries": queries})
    if queries.endswith("{}}}"):
        assert response.status_code == 200, "an empty object for no properties does no harm"
        return
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]


@pytest.mark.parametrize(
    "batch",
    [
        {f"q{i}": {"query": "a"} for i in range(MOST_QUERIES + 1)},
        {"q0": {"query": "a" * (MOST_LETTERS + 1)}},
        {"q0": {"query": "a", "type": ["Place"] * 21}},
        {"q0": {"query": "a", "properties": [{"pid": "b", "v": "c"}] * 21}},
        {"q0": {"query": "a", "properties": [{"pid": "b", "v": ["c"] * 51}]}},
    ],
)
def test_4_what_is_too_much_is_refused(http: httpx2.Client, batch: object) -> None:
    response = http.post("/reconcile", data={"queries": json.dumps(batch)})
    assert response.status_code == 413
    assert "at most" in response.json()["detail"]


def test_4_other_wrong_requests(http: httpx2.Client) -> None:
    body = {"queries": "{}"}
    assert (
        http.post(
            "/reconcile", data={}, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )
    assert http.post("/reconcile", json=body).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for told in (
        {**form, "Content-Encoding": "gzip"},
        {"Content-Type": f"{form['Content-Type']}; charset=utf-16"},
    ):
        assert http.post("/reconcile", content=b"queries={}", headers=told).status_code == 415
    many = http.post("/reconcile", data={f"p{number}": "" for number in range(101)})
    assert (many.status_code, "more than 100 parameters" in many.text) == (400, True)
    assert (
        http.post(
            "/reconcile",
            content=b"queries=%FF",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ).status_code
        == 400
    )
    assert http.post("/reconcile", data={"queries": " " * 1_100_000}).status_code == 413
    assert http.get("/reconcile", params=[("queries", "{}"), ("queries", "{}")]).status_code == 400
    assert http.post("/reconcile", data={**body, "extend": "{}"}).status_code == 400
    assert http.put("/reconcile").status_code == 405


def test_4_an_empty_batch_has_an_empty_answer(http: httpx2.Client) -> None:
    assert ask(http, {}) == {}


def test_5_preview_is_a_small_page_for_a_frame(http: httpx2.Client) -> None:
    template = http.get("/reconcile").json()["preview"]["url"]
    response = http.get(template.replace("{{id}}", quote(INTERPOL, safe="")))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    # Without it the policy of all other responses, which no page may frame, would hold.
    assert "frame-ancestors *" in policy
    assert "<h1>Interpol</h1>" in response.text
    assert "国际刑警组织" in response.text
    assert len(response.content) < 20_000


@pytest.mark.parametrize("identifier", ["<script>alert(1)</script>", "id/agent/nobody", "", "//example.org"])
def test_5_and_view_of_what_does_not_exist(http: httpx2.Client, identifier: str) -> None:
    for path in ("preview", "view"):
        response = http.get(f"/reconcile/{path}", params={"id": identifier}, follow_redirects=False)
        assert response.status_code == 404
        assert "<script>" not in response.text


def test_5_names_are_text_and_not_markup(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(MARKUP, encoding="utf-8")
    with serving("--data", tmp_path, "--workers", "1", POLCOOP_VALIDATIONS="0") as server:
        responses = [
            httpx2.get(f"{server.url}/reconcile/{path}?id=id/agent/x", timeout=60, trust_env=False)
            for path in ("preview", "flyout/entity")
        ]
    for response in responses:
        assert response.status_code == 200
        assert "<b>" not in response.text
        assert "&lt;b&gt;bold&lt;/b&gt;" in response.text


def test_2_1_view_leads_to_the_entity(http: httpx2.Client) -> None:
    template = http.get("/reconcile").json()["view"]["url"]
    response = http.get(template.replace("{{id}}", quote(INTERPOL, safe="")), follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/id/agent/interpol")
    page = http.get(response.headers["location"], headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Interpol" in page.text


def test_6_suggest_entity(http: httpx2.Client) -> None:
    def suggest(**parameters: str) -> list[Any]:
        response = http.get("/reconcile/suggest/entity", params=parameters)
        return list(valid(response, schemas.SUGGESTED_ENTITIES)["result"])

    first = suggest(prefix="lianyun", type="Place", type_strict="should", spell="always")
    assert [entity["id"] for entity in first] == ["id/place/lianyungang"]
    assert suggest(prefix="Interpol")[0]["id"] == INTERPOL
    assert suggest(prefix=INTERPOL)[0]["id"] == INTERPOL
    assert suggest(prefix="公安")[0]["id"] == "id/agent/mps"
    assert suggest(prefix="Ministère de la séc")[0]["id"] == "id/agent/mps"
    assert suggest(prefix="Hikivisionn")[0]["id"] == "id/agent/hikvision"
    assert suggest(prefix="zzzzz") == suggest(prefix="") == []
    whole = suggest(prefix="c", limit="40")
    assert len(whole) == 40
    assert suggest(prefix="c", cursor="10", limit="7") == whole[10:17]
    assert len(suggest(prefix="c")) == 10


def test_6_suggest_type_and_property(http: httpx2.Client) -> None:
    kinds = valid(http.get("/reconcile/suggest/type", params={"prefix": "org"}), schemas.SUGGESTED_TYPES)
    assert kinds["result"][0]["id"] == "Organisation"
    assert kinds["result"][0]["broader"] == [{"id": "Agent", "name": "Agent"}]
    concept = http.get("/reconcile/suggest/type", params={"prefix": "Topic"}).json()["result"][0]
    assert concept["broader"] == [{"id": "skos:Concept", "name": "Concept"}]
    asked = {"prefix": "of the country", "schema": "Organisation"}
    properties = valid(http.get("/reconcile/suggest/property", params=asked), schemas.SUGGESTED_PROPERTIES)
    assert properties["result"][0]["id"] == "ofCountry"
    by_id = http.get("/reconcile/suggest/property", params={"prefix": "hasParty"}).json()["result"]
    assert by_id[0]["id"] == "hasParty"


@pytest.mark.parametrize(
    ("kind", "identifier", "words"),
    [
        ("entity", "id/agent/mps", "<strong>Ministry of Public Security (China)</strong>"),
        ("entity", "id/agent/mps", "Organisation, China"),
        ("type", "Organisation", "<strong>Organisation</strong>"),
        ("type", "concept/topic", "<strong>Topic</strong>"),
        ("property", "hasParty", "<strong>has party</strong>"),
    ],
)
def test_6_flyout(http: httpx2.Client, kind: str, identifier: str, words: str) -> None:
    where = http.get("/reconcile").json()["suggest"][kind]
    template = where["service_url"] + where["flyout_service_path"]
    told = valid(http.get(template.replace("${id}", quote(identifier, safe=""))), schemas.FLYOUT)
    assert told["id"] == identifier
    assert words in told["html"]
    assert http.get(template.replace("${id}", "nothing")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("suggest/entity", 400),
        ("suggest/entity?prefix=a&cursor=-1", 400),
        ("suggest/entity?prefix=a&cursor=9999999999", 400),
        ("suggest/entity?prefix=a&limit=x", 400),
        (f"suggest/entity?prefix={'a' * 501}", 413),
        ("suggest/entity?prefix=a&prefix=b", 400),
        ("suggest/nothing?prefix=a", 404),
        ("properties", 400),
        ("properties?type=Place&limit=0", 400),
        ("preview", 400),
        ("flyout/entity", 400),
        ("view", 400),
    ],
)
def test_wrong_requests_are_problems(http: httpx2.Client, path: str, status: int) -> None:
    response = http.get(f"/reconcile/{path}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_7_properties_are_proposed(http: httpx2.Client) -> None:
    where = http.get("/reconcile").json()["extend"]["propose_properties"]
    url = where["service_url"] + where["service_path"]
    told = valid(http.get(url, params={"type": "InternationalInstrument", "limit": "12"}), schemas.PROPOSED)
    assert {"hasParty", "instrumentType"} <= {kind["id"] for kind in told["properties"]}
    assert (told["type"], told["limit"], len(told["properties"])) == ("InternationalInstrument", 12, 12)
    assert valid(http.get(url, params={"type": "Nonsense"}), schemas.PROPOSED)["properties"] == []


def test_7_values_are_fetched(http: httpx2.Client) -> None:
    query = {
        "ids": ["id/agent/cn", "id/place/rome", "id/instrument/cn-fr-mlat-2005", "id/agent/nobody"],
        "properties": [
            {"id": "schema:sameAs"},
            {"id": "inCountry"},
            {"id": "skos:prefLabel", "settings": {"lang": "zh"}},
            {"id": "instrumentYear"},
            {"id": "earliest"},
            {"id": "http://www.w3.org/2003/01/geo/wgs84_pos#lat"},
            {"id": "nonsense"},
        ],
    }
    posted = valid(http.post("/reconcile", data={"extend": json.dumps(query)}), schemas.EXTENSION)
    assert posted == http.get("/reconcile", params={"extend": json.dumps(query)}).json()
    names = [column["id"] for column in posted["meta"]]
    assert names == [column["id"] for column in query["properties"]]  # type: ignore[index]
    rows = posted["rows"]
    assert list(rows) == query["ids"]
    assert rows["id/agent/cn"]["schema:sameAs"] == [{"str": "http://www.wikidata.org/entity/Q148"}]
    assert rows["id/agent/cn"]["skos:prefLabel"] == [{"str": "中国"}]
    assert rows["id/place/rome"]["inCountry"] == [{"id": "id/agent/it", "name": "Italy"}]
    assert rows["id/place/rome"][names[5]][0]["float"] == pytest.approx(41.9, abs=0.1)
    assert rows["id/instrument/cn-fr-mlat-2005"]["instrumentYear"] == [{"int": 2005}]
    assert rows["id/agent/nobody"] == {name: [] for name in names}
    assert all(row["nonsense"] == [] for row in rows.values())


@pytest.mark.parametrize(
    ("extend", "status"),
    [
        ("{}", 400),
        ('{"ids": "a", "properties": []}', 400),
        ('{"ids": [1], "properties": []}', 400),
        ('{"ids": ["a"], "properties": [{}]}', 400),
        ('{"ids": ["a"], "properties": ["b"]}', 400),
        (json.dumps({"ids": ["a"] * (MOST_ENTITIES + 1), "properties": []}), 413),
        (json.dumps({"ids": ["a"], "properties": [{"id": "b"}] * 51}), 413),
    ],
)
def test_7_malformed_extension_queries(http: httpx2.Client, extend: str, status: int) -> None:
    assert http.post("/reconcile", data={"extend": extend}).status_code == status


def test_the_requests_are_in_the_openapi_description(http: httpx2.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    assert {"get", "post"} <= paths["/reconcile"].keys()
    assert "/reconcile/suggest/entity" in paths
