"""Health, metrics, access log, headers, and the description of all that in OpenAPI."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from polcoop.web.addresses import DOCUMENTS, ROOTS
from serving import Server, serving

SELECT = "SELECT * { ?s ?p ?o }"
ENDLESS = "SELECT * { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(20)) + " }"
LATE = ENDLESS.replace("SELECT *", "SELECT (COUNT(*) AS ?n)")


def get(url: str, **options) -> httpx2.Response:
    """One request of a client of its own."""
    return httpx2.get(url, trust_env=False, timeout=60, **options)


def eventually(check: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not (done := check()) and time.monotonic() < end:
        time.sleep(0.1)
    return done


def test_health(client: httpx2.Client) -> None:
    assert client.get("/health/live").json()["status"] == "ok"
    for path in ("/health", "/health/ready"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"
        assert answer.json()["workers"] >= 1
        assert answer.headers["cache-control"] == "no-store"


def test_not_ready_without_dataset_or_workers(dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(dataset.parent, tmp_path / "data", symlinks=True)
    store = (tmp_path / "data" / "current").resolve() / "store"
    with serving("--dataset", tmp_path / "data", "--workers", "1") as running:
        ready = f"{running.url}/health/ready"
        assert get(ready).status_code == 200
        store.rename(store.with_name("gone"))
        assert eventually(lambda: get(ready).status_code == 503)
        assert get(ready).json()["reasons"] == ["the dataset is missing"]
        for pid in running.workers:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: "no query worker is up" in get(ready).json()["reasons"])
        assert get(ready).headers["retry-after"]
        assert get(f"{running.url}/health/live").status_code == 200
        store.with_name("gone").rename(store)
        assert eventually(lambda: get(ready).status_code == 200)


def _measured(running: Server) -> dict[str, float]:
    samples: dict[str, float] = {}
    for family in read_text(get(f"{running.url}/metrics").text):
        for name, labels, value, *_ in family.samples:
            shown = ",".join(f"{key}={labels[key]}" for key in sorted(labels))
            samples[f"{name}{{{shown}}}" if shown else name] = value
    return samples


def test_metrics_count_what_happens(small_data: Path) -> None:
    with serving("--data", small_data, "--workers", "2") as running:
        before = _measured(running)
        assert before["polcoop_workers"] >= 1
        for _ in range(3):
            get(running.sparql, params={"query": SELECT})
        get(running.sparql, params={"query": "not a query"})
        get(running.sparql, params={"query": LATE, "timeout": "0.5"})
        with pytest.raises(httpx2.HTTPError):
            get(running.sparql, params={"query": ENDLESS, "timeout": "1"})
        after = _measured(running)
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    for outcome, number in (
        ("answered", 1), ("cached", 2), ("refused", 1), ("timeout", 1), ("broken-off", 1), ("failed", 0)
    ):  # fmt: skip
        assert grown[f"polcoop_queries_total{{outcome={outcome}}}"] == number, outcome
        assert grown[f"polcoop_query_seconds_count{{outcome={outcome}}}"] == number, outcome
    assert grown["polcoop_workers_killed_total"] >= 2
    assert grown["polcoop_cache_hits_total"] == 2
    assert after["polcoop_cache_results"] == 1
    assert after["polcoop_cache_bytes"] > 0
    assert after["polcoop_query_seconds_sum{outcome=timeout}"] >= 0.5
    assert after["polcoop_queries_waiting"] == 0
    assert after["process_resident_memory_bytes"] > 1e6


def test_metrics_as_openmetrics(client: httpx2.Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    names = {family.name for family in read_openmetrics(answer.text)}
    assert {"polcoop_queries", "polcoop_query_seconds", "polcoop_build", "polcoop_dataset"} <= names


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the access log goes."""
    return tmp_path / "access.log"


def _lines(log: Path, number: int) -> list[dict[str, object]]:
    assert eventually(lambda: log.is_file() and log.read_text().count("\n") >= number)
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_the_access_log_tells_nobody(small_data: Path, log: Path) -> None:
    private = 'SELECT * { ?s ?p "a secret" }'
    with serving("--data", small_data, "--workers", "2", POLCOOP_ACCESS_LOG=str(log)) as running:
        headers = {"User-Agent": "somebody/1.0", "Referer": "http://where.example/"}
        for _ in range(2):
            get(running.sparql, params={"query": private}, headers=headers)
        httpx2.post(running.sparql, data={"query": private}, headers=headers, trust_env=False)
        get(f"{running.url}/", params={"query": private}, headers=headers)
        get(f"{running.url}/id/agent/x%0A%7B", headers=headers)
        with pytest.raises(httpx2.HTTPError):
            get(running.sparql, params={"query": ENDLESS, "timeout": "1"})
        httpx2.head(f"{running.url}/health", trust_env=False)
        lines = _lines(log, 7)
    text = log.read_text()
    for personal in ("secret", "127.0.0.1", "somebody", "where.example"):
        assert personal not in text
    assert [line["status"] for line in lines] == [200, 200, 200, 200, 404, 200, 200]
    assert [line["complete"] for line in lines] == [True] * 5 + [False, True]
    assert lines[0]["method"] == "GET"
    assert lines[0]["path"] == "/sparql"
    assert lines[0]["bytes"] == lines[1]["bytes"] > 0
    hashes = [line.get("query_hash") for line in lines]
    assert re.fullmatch(r"[0-9a-f]{16}", str(hashes[0]))
    assert hashes[0] == hashes[1] == hashes[2] != hashes[5]
    assert {"time", "seconds"} <= lines[0].keys()


def test_the_access_log_tells_more_when_it_is_told_to(small_data: Path, log: Path) -> None:
    settings = {"POLCOOP_ACCESS_LOG": str(log), "POLCOOP_LOG_QUERIES": "1", "POLCOOP_LOG_CLIENTS": "1"}
    with serving("--data", small_data, "--workers", "1", **settings) as running:
        get(running.sparql, params={"query": SELECT})
        line = _lines(log, 1)[0]
    assert line["query"] == SELECT
    assert line["client"] == "127.0.0.1"


def test_an_access_log_that_cannot_be_written_is_told(polcoop, small_data: Path) -> None:
    done = polcoop("serve", "--port", "0", "--data", small_data, env={"POLCOOP_ACCESS_LOG": "/no/such/x.log"})
    assert done.returncode == 2
    assert "/no/such/x.log" in done.stderr
    assert "Traceback" not in done.stderr


HEADERS = (
    "x-content-type-options", "content-security-policy", "referrer-policy", "x-frame-options",
    "cross-origin-resource-policy", "access-control-allow-origin", "access-control-expose-headers",
)  # fmt: skip
PREFLIGHT = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/assets/style.css"), ("GET", "/assets/none"), ("GET", "/id/agent/x"),
        ("GET", "/id/agent/x.html"), ("GET", "/id/agent/x.html?lang=xx"), ("GET", "/health"),
        ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/nothing"), ("GET", "/sparql"),
        ("GET", "/sparql?query=ASK{}"), ("HEAD", "/sparql?query=ASK{}"), ("GET", "/sparql?query=ASK"),
        ("POST", "/sparql"), ("PUT", "/sparql"), ("OPTIONS", "/sparql"), ("POST", "/validate"),
        ("GET", "/sparql?query=ASK{SERVICE<http://x.example/>{}}"), ("GET", f"/sparql?query=ASK{'{' * 200}"),
        ("OPTIONS", "/nothing"), ("POST", "/"), ("DELETE", "/graphs?default"), ("GET", "/reconcile"),
        ("POST", "/q"), ("GET", "/q/none"), ("GET", "/context.jsonld"), ("TRACE", "/sparql"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://example.org"}, PREFLIGHT], ids=["", "origin", "preflight"]
)
def test_security_headers_are_on_everything(
    client: httpx2.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    for _ in range(2):
        answer = client.request(method, path, headers=headers)
        for name in HEADERS:
            assert len(answer.headers.get_list(name)) == 1, (name, answer.headers)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "server" not in answer.headers


def test_head_is_answered_wherever_get_is(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert len(paths) > 20
    for path, item in paths.items():
        if "get" not in item:
            assert client.head(path).status_code == 405
            continue
        given = {
            each["name"]: each["example"] for each in item["get"].get("parameters", ()) if "example" in each
        }
        place = path.replace("{rest}", given.pop("rest", "")).replace("{name}", "none")
        got, headed = (client.request(method, place, params=given) for method in ("GET", "HEAD"))
        assert headed.status_code == got.status_code != 405, path
        assert headed.content == b""
        assert headed.headers.get("content-type") == got.headers.get("content-type")


def test_openapi_describes_what_operators_ask(client: httpx2.Client) -> None:
    description = client.get("/openapi.json").json()
    resources = [f"/{root}/{{rest}}" for root in ROOTS] + [f"/{document}" for document in DOCUMENTS]
    for path in ("/health", "/health/live", "/health/ready", "/metrics", *resources):
        operation = description["paths"][path]["get"]
        assert operation["summary"]
        for status, response in operation["responses"].items():
            assert response["description"], (path, status)
    ready = description["paths"]["/health/ready"]["get"]["responses"]
    for status in ("200", "503"):
        example = ready[status]["content"]["application/json"]["example"]
        assert example["status"] == {"200": "ok", "503": "unavailable"}[status]
    assert (
        client.get("/health/ready").json().keys()
        == ready["200"]["content"]["application/json"]["example"].keys()
    )
    for path in resources:
        resource = description["paths"][path]["get"]
        content = resource["responses"]["200"]["content"]
        assert {"text/turtle", "text/html", "application/ld+json"} <= set(content)
        assert content["text/turtle"]["example"]
        assert "{" not in path or resource["parameters"][0]["example"]
    ids = [operation["operationId"] for item in description["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


@pytest.fixture(scope="module")
def shown(polcoop) -> list[dict[str, object]]:
    """What `polcoop config` says in an empty environment."""
    done = polcoop("config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_config_tells_where_a_setting_comes_from(polcoop) -> None:
    done = polcoop(
        "config", "--format", "json", "--port", "1234",
        env={"POLCOOP_WORKERS": "7", "POLCOOP_TIMOUT": "1", "POLCOOP_NOTE": "x"},
    )  # fmt: skip
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert (found["port"]["value"], found["port"]["source"]) == (1234, "option")
    assert (found["workers"]["value"], found["workers"]["source"]) == (7, "environment")
    assert (found["queue"]["value"], found["queue"]["source"]) == (found["queue"]["default"], "default")
    assert done.stderr == (
        "polcoop: the environment variable POLCOOP_TIMOUT is no setting; is POLCOOP_TIMEOUT meant?\n"
    )


def test_config_as_a_table(polcoop) -> None:
    done = polcoop("config", env={"POLCOOP_CACHE": "5"})
    assert re.search(r"^POLCOOP_CACHE +5 +environment +\S", done.stdout, re.M)
    assert polcoop("config", "--format", "yaml").returncode == 2
    assert polcoop("config", env={"POLCOOP_CACHE": "much"}).returncode == 2


def test_the_documentation_lists_every_setting(polcoop, root: Path, shown: list[dict[str, object]]) -> None:
    text = (root / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.search(r"\| variable \| default \| what \|\n(?:\|.*\n)+", text)
    assert table, "docs/operations.md has no table of settings"
    assert table[0].strip() == polcoop("config", "--format", "markdown").stdout.strip()
    assert all(f"`{each['environment']}`" in table[0] for each in shown)


def test_the_documentation_names_every_metric(client: httpx2.Client, root: Path) -> None:
    text = (root / "docs" / "operations.md").read_text(encoding="utf-8")
    families = read_text(client.get("/metrics").text)
    names = {family.name for family in families if family.name.startswith("polcoop_")}
    assert len(names) > 12
    ours = {name.removesuffix("_created") for name in names}
    documented = {
        name.removesuffix("_total").removesuffix("_info") for name in re.findall(r"`(polcoop_[a-z_]+)`", text)
    }
    assert {name.removesuffix("_info") for name in ours} == documented


def test_the_examples_of_openapi_are_there(server: str) -> None:
    for path, item in get(f"{server}/openapi.json").json()["paths"].items():
        rest = next((p for p in item.get("get", {}).get("parameters", ()) if p["name"] == "rest"), None)
        if rest:
            assert get(server + path.replace("{rest}", rest["example"])).status_code == 200
