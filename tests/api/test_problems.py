from __future__ import annotations

import re

import orjson
import pytest

from api import problems, subjects
from api.app import create_app
from geo import errors
from geo.errors import RiskMapError
from geo.logs import close_logs, configure_logs
from geo.settings import Settings
from tests.api.clients import LocalClient

CHINESE = re.compile("[\u4e00-\u9fff]")
CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RiskMapError)]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_class_has_a_row_of_its_own(cls: type[RiskMapError]) -> None:
    assert problems.meaning(cls("一", "one")) is problems.MEANINGS[cls]


def test_slugs_are_unique() -> None:
    slugs = [row.slug for row in problems.MEANINGS.values()]
    assert len(set(slugs)) == len(slugs)


def test_standard_members_win_over_context() -> None:
    status, payload = problems.of_error(errors.BadParameter("坏", "bad", status="7", title="x", path=object), "en", "/a")
    body = orjson.loads(payload)
    assert status == body["status"] == 400
    assert body["title"] == "bad parameter"
    assert isinstance(body["path"], str)


def test_private_errors_say_nothing_of_the_inside() -> None:
    error = errors.StoreError("表 secret 坏了", "table secret broke", remedy_en="look at secret", path="/var/secret")
    for tongue in ("zh", "en"):
        status, payload = problems.of_error(error, tongue, "/api/x")
        assert status == 503
        assert b"secret" not in payload


@pytest.mark.parametrize(("header", "expected"), [
    ("", "zh"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en;q=0.2, zh-TW;q=0.3", "zh"),
    ("fr,de;q=0.5", "zh"), ("en;q=nonsense", "zh"), (";;,,", "zh"),
])
def test_language_of_a_request(header: str, expected: str) -> None:
    assert problems.language(header) == expected


def check(response, status: int) -> dict:  # type: ignore[no-untyped-def,type-arg]
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["remedy"]
    return body


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api/nothing", 404), ("GET", "/nothing", 404), ("GET", "/static/none.js", 404), ("DELETE", "/api/manifest", 405),
    ("GET", "/api/search", 405), ("GET", "/api/manifest?colour=red", 400), ("GET", "/?x=1", 400), ("GET", "/healthz?x=", 400),
    ("GET", "/api/risk/ranking?limit=5&limit=6", 400), ("GET", "/api/risk/ranking?limit=0", 400),
    ("GET", "/api/risk/ranking?limit=1001", 400), ("GET", "/api/risk/ranking?limit=many", 400),
    ("GET", "/api/risk/ranking?level=country", 400), ("GET", "/api/risk/ranking?theme=war", 400),
    ("GET", "/api/risk/ranking?order=name", 400), ("GET", "/api/risk/ranking?theme=hazchem&order=kappa", 400),
    ("GET", "/api/risk/at", 400), ("GET", "/api/risk/at?lon=nan&lat=40", 400), ("GET", "/api/risk/at?lon=inf&lat=40", 400),
    ("GET", "/api/risk/at?lon=40&lat=116", 400), ("GET", "/api/risk/explain", 400),
    ("GET", "/api/risk/explain?cell=a&area=b", 400), ("GET", "/api/risk/explain?area=110101001000", 404),
    ("GET", "/api/risk/cells/nonsense", 400), ("GET", "/api/risk/cells/100mN1E1", 404), ("GET", "/api/risk/areas/999", 404),
    ("GET", "/api/runs/none", 404), ("GET", "/api/runs/..%2f..%2fetc", 404), ("GET", "/api/runs?limit=0", 400),
    ("GET", "/api/collections/none", 404), ("GET", "/api/collections/none/items", 404),
    ("GET", "/api/collections/venue/items?bbox=1,2,3", 400), ("GET", "/api/collections/venue/items?bbox=1,2,nan,4", 400),
    ("GET", "/api/collections/venue/items?bbox=1,2,2,1", 400), ("GET", "/api/collections/venue/items?bbox=a,b,c,d", 400),
    ("GET", "/api/collections/venue/items?limit=0", 400), ("GET", "/api/collections/venue/items?limit=-1", 400),
    ("GET", "/api/collections/venue/items?offset=-1", 400), ("GET", "/api/collections/venue/items?level=street", 400),
    ("GET", "/api/collections/venue/items?datetime=yesterday", 400),
    ("GET", "/api/collections/venue/items?datetime=2026-02-01/2026-01-01", 400),
    ("GET", "/api/collections/areas/items?level=country", 400), ("GET", "/api/collections/venue/items/none", 404),
    ("GET", "/api/map/tiles/none/1/1/1.png", 404), ("GET", "/api/map/tiles/current/x/1/1.png", 404),
    ("GET", "/api/map/tiles/current/5/99/1.png", 404), ("GET", "/api/map/tiles/current/31/1/1.png", 404),
    ("POST", "/api/map/tiles/current/5/1/1.png", 405), ("GET", "/api/map/tiles/current/5/1/1.png?x=1", 400),
    ("GET", "/api/map/tiles/../../5/1/1.png", 404),
])
def test_every_fault_of_a_client_is_a_problem(client: LocalClient, method: str, path: str, status: int) -> None:
    chinese = check(client.request(method, path), status)
    english = check(client.request(method, path, headers={"accept-language": "en"}), status)
    assert chinese["title"] != english["title"]
    assert not any(CHINESE.search(english[name]) for name in ("title", "remedy"))


@pytest.mark.parametrize("path", [
    "/api/risk/areas/%ff", "/api/risk/areas/%00", "/api/risk/cells/100mN99999999999999999999999E1",
    "/api/collections/%ed%a0%80/items", "/api/collections/venue/items/%ff%fe", "/api/runs/%00", "/%ff", "/static/%00",
    "/static/%2e%2e/%2e%2e/geo/kinds.py",
    "/api/map/tiles/%ff/1/1/1.png", "/api/risk/areas/" + "9" * 5000,
])
def test_hostile_addresses_are_problems(client: LocalClient, path: str) -> None:
    assert check(client.get(path), client.get(path).status_code)["status"] in (400, 404)


@pytest.mark.parametrize("query", [
    "limit=" + "9" * 5000, "limit=1e3", "limit=%ff", "offset=" + "9" * 4000, "bbox=1e308,1e308,1e309,1e309", "bbox=%ff",
    "datetime=%00", "datetime=9999999-01-01", "bbox=" + ",".join("1" * 3000), "%ff=1", "limit=5%00", "limit=", "bbox=",
])
def test_hostile_queries_are_problems(client: LocalClient, query: str) -> None:
    check(client.get(f"/api/collections/venue/items?{query}"), 400)


@pytest.mark.parametrize("content", [
    b'{"polygon":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},"kinds":["\\ud800"]}',
    b'{"polygon":{"type":"\\ud800"}}', b'{"\\ud800":1}', b'{"polygon":' + b"[" * 5000 + b"]" * 5000 + b"}", b"\xff\xfe", b"nan",
    b'{"polygon":{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1],[0,0]]]}}',
    b'{"polygon":{"type":"Polygon","coordinates":[[[1e999,0],[1,0],[1,1],[0,0]]]}}',
    b'{"polygon":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[0,0],[1,0],[1,1],[0,0]]]]}}',
])
def test_hostile_bodies_are_problems(client: LocalClient, content: bytes) -> None:
    answer = client.post("/api/search", content=content, headers={"content-type": "application/json"})
    assert check(answer, answer.status_code)["status"] in (400, 422)


def test_unknown_parameter_names_the_known_ones(client: LocalClient) -> None:
    body = check(client.get("/api/risk/ranking?levle=street"), 400)
    assert body["parameters"] == ["levle"]
    assert "level" in body["remedy"]


@pytest.mark.parametrize(("content", "status"), [
    (b"{", 422), (b"[]", 422), (b"{}", 422), (b'{"polygon":{},"extra":1}', 422), (b"x" * 1_000_001, 413),
    (b'{"polygon":{"type":"Point","coordinates":[1,2]}}', 400), (b'{"polygon":{"type":"Polygon","coordinates":[]}}', 400),
    (b'{"polygon":{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]}}', 400),
    (b'{"polygon":{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}}', 400),
    (b'{"polygon":{"type":"Polygon","coordinates":[[[0,0],[2e9,2],[2,0],[0,0]]]}}', 400),
    (b'{"polygon":{"type":"Polygon","coordinates":[[["a",0],[2,2],[2,0],[0,0]]]}}', 400),
    (b'{"polygon":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},"kinds":["dragon"]}', 400),
])
def test_bad_searches(client: LocalClient, content: bytes, status: int) -> None:
    check(client.post("/api/search", content=content, headers={"content-type": "application/json"}), status)


def test_too_many_vertices(client: LocalClient) -> None:
    ring = [[116 + i * 1e-7, 39.9 + (i % 2) * 1e-7] for i in range(10_001)]
    body = check(client.post("/api/search", json={"polygon": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}), 400)
    assert body["vertices"] == 10_002


def test_chunked_body_is_limited_too(client: LocalClient) -> None:
    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(30):
            yield b"x" * 50_000

    check(client.post("/api/search", content=endless(), headers={"content-type": "application/json"}), 413)


def test_no_snapshot_yet(tmp_path) -> None:  # type: ignore[no-untyped-def]
    local = LocalClient(create_app(Settings(home=tmp_path)))
    assert local.get("/healthz").status_code == 200
    for path in ("/readyz", "/api/manifest", "/api/map/tiles/current/5/1/1.png"):
        body = check(local.get(path), 503)
        assert "riskmap" in body["remedy"]
        assert str(tmp_path) not in str(body)
    local.close()


def test_a_fault_of_the_program_is_a_500_without_its_text(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    log = configure_logs(settings.logs, "test")
    monkeypatch.setattr(subjects, "area", lambda *_: 1 / 0)
    local = LocalClient(create_app(settings))
    body = check(local.get("/api/risk/areas/110101001000"), 500)
    local.close()
    close_logs()
    assert "division" not in str(body)
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
