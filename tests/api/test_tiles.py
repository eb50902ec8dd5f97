from __future__ import annotations

import numpy as np
import pytest
from rasterio.io import MemoryFile

from geo.settings import Settings
from layers.snapshot import make_current, open_current
from layers.style import LEVELS
from tests.api.clients import LocalClient
from tests.api.conftest import FIRST, SECOND


def address(settings: Settings) -> str:
    return "/".join(map(str, max(open_current(settings.snapshots).tiles)))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # a tile knows its place by its address
def test_tile_is_an_image_of_level_colours(client: LocalClient, settings: Settings) -> None:
    answer = client.get(f"/api/map/tiles/{FIRST}/{address(settings)}.png")
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    with MemoryFile(answer.content) as memory, memory.open(driver="PNG") as image:
        assert (image.width, image.height) == (256, 256)
        palette, data = image.colormap(1), image.read(1)
    colours = {palette[int(code)] for code in np.unique(data)}
    solid = [(r, g, b) for r, g, b, alpha in colours if alpha]
    levels = [tuple(bytes.fromhex(level.colour[1:])) for level in LEVELS]
    assert solid
    # A hatched cell is drawn with stripes of its colour lightened; every pixel is a mix of a level's colour and white.
    for pixel in solid:
        assert any(mixed_with_white(pixel, level) for level in levels), pixel


def mixed_with_white(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    darkest = min(range(3), key=lambda channel: colour[channel])
    share = (255 - pixel[darkest]) / (255 - colour[darkest])
    return 0.2 < share <= 1 and all(abs(255 - share * (255 - full) - have) <= 3 for have, full in zip(pixel, colour, strict=True))


def test_same_tile_same_bytes_and_304(client: LocalClient, settings: Settings) -> None:
    path = f"/api/map/tiles/{FIRST}/{address(settings)}.png"
    first, again = client.get(path), client.get(path)
    assert first.content == again.content
    etag = first.headers["etag"]
    for asked in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(path, headers={"if-none-match": asked})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"] == etag
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("place", ["", "all/accessible/"])
def test_webp_shows_the_same_pixels(client: LocalClient, settings: Settings, place: str) -> None:
    path = f"/api/map/tiles/{FIRST}/{place}{address(settings)}.png"
    png, packed = client.get(path), client.get(f"{path}?f=webp")
    assert client.get(f"{path}?f=png").content == png.content
    assert packed.headers["content-type"] == "image/webp"
    assert packed.headers["etag"] != png.headers["etag"]
    assert client.get(f"{path}?f=webp").content == packed.content
    assert client.get(f"{path}?f=webp", headers={"if-none-match": packed.headers["etag"]}).status_code == 304
    with MemoryFile(packed.content) as memory, memory.open(driver="WEBP") as image:
        seen = np.moveaxis(image.read(), 0, 2)
    with MemoryFile(png.content) as memory, memory.open(driver="PNG") as image:
        colours = np.array([image.colormap(1)[code] for code in range(16) if code in image.colormap(1)], np.uint8)
        assert np.array_equal(seen, colours[image.read(1)])
    z, x, y = address(settings).split("/")
    assert client.get(f"/api/map/tiles/{FIRST}/cells/{z}/{x}/{y}.mvt?f=webp").status_code == 400
    assert client.get(f"/api/map/tiles/{FIRST}/{z}/0/0.png?f=webp").status_code == 204


def test_head_has_no_body(client: LocalClient, settings: Settings) -> None:
    path = f"/api/map/tiles/{FIRST}/{address(settings)}.png"
    answer = client.request("HEAD", path)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(client.get(path).content))


def test_empty_place_is_204(client: LocalClient) -> None:
    assert client.get(f"/api/map/tiles/{FIRST}/5/0/0.png").status_code == 204


def test_no_stale_tile_after_a_switch(client: LocalClient, settings: Settings) -> None:
    place = address(settings)
    before = client.get(f"/api/map/tiles/current/{place}.png")
    assert before.headers["cache-control"] == "no-cache"
    make_current(settings.snapshots, SECOND)
    after = client.get(f"/api/map/tiles/current/{place}.png", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert after.content == client.get(f"/api/map/tiles/{SECOND}/{place}.png").content != before.content
    old = client.get(f"/api/map/tiles/{FIRST}/{place}.png")
    assert old.content == before.content
    assert old.headers["etag"] == before.headers["etag"]
