"""What every request passes: bodies, packing, proxies, other origins, long addresses, time."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from pathlib import Path

import brotli
import httpx
import orjson
import pytest
import shapely
import zstandard
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from api.app import create_app
from api.bodies import unpacked
from api.compression import Compressed, encoding
from api.edge import MAX_ADDRESS, Edge, networks
from api.parameters import MAX_BODY
from geo.errors import BadParameter
from geo.settings import Settings
from layers.collections import Query, rows_of
from layers.filters import parse
from layers.reader import Snapshot
from tests.api.clients import LocalClient

PACK = {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda data: brotli.compress(data, quality=4),
        "zstd": zstandard.ZstdCompressor().compress}
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress,
          "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)}
BODY = orjson.dumps({"polygon": shapely.geometry.mapping(shapely.box(116.4, 39.9, 116.41, 39.91)), "kinds": ["venue"]})


# ---------------------------------------------------------------------- bodies

@pytest.mark.parametrize("name", PACK)
def test_packed_bodies_are_read(client: LocalClient, name: str) -> None:
    answer = client.post("/api/search", content=PACK[name](BODY), headers={"content-type": "application/json",
                                                                           "content-encoding": name})
    assert answer.status_code == 200
    assert set(answer.json()["counts"]) == {"venue"}


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_is_refused_before_it_unfolds(client: LocalClient, name: str) -> None:
    bomb = PACK[name](b" " * 30_000_000)
    assert len(bomb) < MAX_BODY
    answer = client.post("/api/search", content=bomb, headers={"content-type": "application/json", "content-encoding": name})
    assert answer.status_code == 413
    assert answer.json()["remedy"]


@pytest.mark.parametrize(("name", "data", "status"), [
    ("gzip", b"no gzip", 400), ("gzip", gzip.compress(BODY, mtime=0)[:-9], 400), ("br", brotli.compress(BODY)[:-3], 400),
    ("br", b"\xff" * 30, 400),
    ("zstd", b"no zstd", 400), ("deflate", b"\x00", 400), ("compress", b"x", 415), ("gzip, gzip", b"x", 415),
])
def test_broken_and_unknown_encodings_are_refused(name: str, data: bytes, status: int) -> None:
    with pytest.raises(HTTPException) as caught:
        unpacked(data, name)
    assert caught.value.status_code == status


def test_a_bomb_within_a_bomb_stays_packed(client: LocalClient) -> None:
    twice = gzip.compress(gzip.compress(b" " * 10_000_000))
    answer = client.post("/api/search", content=twice, headers={"content-type": "application/json", "content-encoding": "gzip"})
    assert answer.status_code in (400, 422)


# ---------------------------------------------------------------------- packing

@pytest.mark.parametrize(("accept", "expected"), [
    ("", None), ("gzip", "gzip"), ("br;q=0.9, gzip;q=1.0", "gzip"), ("*", "zstd"), ("*;q=0", None), ("zstd;q=0, br", "br"),
    ("deflate", None), ("gzip;q=nonsense", None), ("GZIP", "gzip"), (";;,,=", None),
])
def test_the_encoding_that_a_client_likes(accept: str, expected: str | None) -> None:
    assert encoding(accept) == expected


async def _streamed(pieces: list[bytes], headers: list[tuple[bytes, bytes]], accept: str) -> tuple[dict[str, str], bytes]:
    async def inner(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", accept.encode())]}
    await Compressed(inner)(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return found, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("name", UNPACK)
def test_streams_are_packed_piece_by_piece(name: str) -> None:
    pieces = [b"a" * 10, b"", bytes(range(256)) * 1000, b"end"]
    headers, body = asyncio.run(_streamed(pieces, [(b"content-type", b"text/csv"), (b"content-length", b"9")], name))
    assert headers["content-encoding"] == name
    assert "content-length" not in headers
    assert UNPACK[name](body) == b"".join(pieces)


@pytest.mark.parametrize("headers", [
    [(b"content-type", b"text/event-stream")], [(b"content-type", b"image/png")], [(b"content-type",
                                                                                    b"application/vnd.apache.parquet")],
    [(b"content-type", b"text/plain"), (b"content-encoding", b"gzip")], [(b"content-type", b"text/plain"), (b"cache-control",
                                                                                                            b"no-transform")],
])
def test_what_is_packed_or_must_not_be_passes_through(headers: list[tuple[bytes, bytes]]) -> None:
    pieces = [b"x" * 5000]
    found, body = asyncio.run(_streamed(pieces, headers, "gzip, br, zstd"))
    assert found == {name.decode(): value.decode() for name, value in headers}
    assert body == pieces[0]


def test_files_are_packed_and_left_out_for_head_also_when_the_server_could_send_them_itself(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text("body{}" * 1000)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    edge = Edge(Compressed(StaticFiles(directory=tmp_path)))
    for method in ("GET", "HEAD"):
        scope = {"type": "http", "method": method, "path": "/page.css", "raw_path": b"/page.css", "query_string": b"",
                 "root_path": "",
                 "headers": [(b"accept-encoding", b"gzip")], "extensions": {"http.response.pathsend": {}}}
        asyncio.run(edge(scope, receive, send))
        assert [message["type"] for message in sent[:2]] == ["http.response.start", "http.response.body"]
        body = b"".join(message.get("body", b"") for message in sent)
        assert (gzip.decompress(body) if method == "GET" else body) == (b"body{}" * 1000 if method == "GET" else b"")
        sent.clear()


# ---------------------------------------------------------------------- addresses, origins, proxies

def test_ten_megabytes_of_address_are_refused(client: LocalClient) -> None:
    for path in ("/api/collections/venue/items?bbox=" + "1" * 10_000_000, "/api/" + "x" * 10_000_000,
                 "/?" + "a" * (MAX_ADDRESS + 1)):
        try:
            answer = client.get(path)
        except httpx.InvalidURL:  # the client itself refuses more than 64 kB
            answer = client.get(path[:60_000])
        assert answer.status_code == 414
        assert answer.json()["remedy"]
        assert len(answer.content) < 2000


def test_other_origins_are_closed_unless_set(settings: Settings) -> None:
    closed = LocalClient(create_app(settings))
    answer = closed.get("/api/manifest", headers={"origin": "https://other.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert closed.request("OPTIONS", "/api/search", headers={"origin": "https://other.example"}).status_code == 405
    closed.close()
    opened = LocalClient(create_app(settings.model_copy(update={"cors_origins": "https://map.example, https://b.example"})))
    answer = opened.get("/api/manifest", headers={"origin": "https://map.example"})
    assert answer.headers["access-control-allow-origin"] == "https://map.example"
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-origin" not in opened.get("/api/manifest", headers={"origin": "https://evil.example"}).headers
    before = opened.request("OPTIONS", "/api/search", headers={"origin": "https://b.example",
                                                               "access-control-request-method": "POST"})
    assert before.status_code == 204
    assert "POST" in before.headers["access-control-allow-methods"]
    opened.close()
    everybody = LocalClient(create_app(settings.model_copy(update={"cors_origins": "*"})))
    assert everybody.get("/healthz", headers={"origin": "https://x.example"}).headers["access-control-allow-origin"] == "*"
    everybody.close()


FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-host": "risk.example", "x-forwarded-prefix": "/city"}


def test_a_known_proxy_is_believed_and_others_are_not(settings: Settings) -> None:
    stranger = LocalClient(create_app(settings))
    assert stranger.get("/api", headers=FORWARDED).json()["links"][0]["href"] == "http://map.test/api"
    stranger.close()
    behind = LocalClient(create_app(settings.model_copy(update={"proxies": "127.0.0.0/8"})))
    links = behind.get("/api", headers=FORWARDED).json()["links"]
    assert links[0]["href"] == "https://risk.example/city/api"
    following = behind.get("/api/collections/venue/items?limit=2", headers=FORWARDED).json()["links"]
    assert all(link["href"].startswith("https://risk.example/city/api/") for link in following)
    assert behind.get("/api/openapi.json", headers=FORWARDED).json()["servers"] == [{"url": "https://risk.example/city"}]
    behind.close()
    with pytest.raises(BadParameter):
        networks(["not an address"])


# ---------------------------------------------------------------------- time

def _answer(edge: Edge) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://map.test") as client:  # type: ignore[arg-type]
            return await client.get("/slow")

    return asyncio.run(ask())


def test_work_that_does_not_begin_to_answer_is_given_up() -> None:
    async def forever(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.sleep(60)

    answer = _answer(Edge(forever, seconds=0.1))
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_work_that_was_given_up_ends(home: Path) -> None:
    snapshot = Snapshot(home / "snapshots" / "current")
    begin, ended = time.monotonic(), list[float]()

    def work() -> None:
        try:
            while time.monotonic() < begin + 20:
                rows_of(snapshot.collection("cells"), Query(filter=parse(f"pll > 0 AND pll < {time.monotonic()}")))
        finally:
            ended.append(time.monotonic())

    async def busy(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.to_thread(work)

    assert _answer(Edge(busy, seconds=0.3)).status_code == 503
    assert 0.3 <= ended[0] - begin < 10


def test_an_answer_may_take_long_as_long_as_it_moves() -> None:
    async def steady(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _step in range(8):
            await asyncio.sleep(0.05)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    assert _answer(Edge(steady, seconds=0.2)).content == b"x" * 8


def test_a_client_that_reads_nothing_is_let_go() -> None:
    async def large(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def nothing() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}
    with pytest.raises(TimeoutError):
        asyncio.run(Edge(large, seconds=0.1)(scope, nothing, stuck))


def test_numbers_for_a_monitor(client: LocalClient) -> None:
    client.get("/api/collections/venue/items")
    client.get("/api/collections/nothing/items")
    client.get("/api/no-such-address-" + "x" * 50)
    text = client.get("/metrics").text
    assert 'riskmap_requests_total{method="GET",route="/api/collections/{collectionId}/items",status="200"}' in text
    assert 'route="/api/collections/{collectionId}/items",status="404"' in text
    assert "no-such-address" not in text
    assert "nothing" not in text


