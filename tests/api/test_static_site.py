"""The folder of plain files, served by Debian's nginx with the example configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pmtiles.reader import MemorySource, all_tiles

from layers.archive import TileArchive
from layers.style import THEMES
from layers.viewer import CSP_HEADER
from tests.api.clients import riskmap
from tests.api.conftest import FIRST, SECOND
from tests.support.nginx import nginx


@pytest.fixture
def site(home: Path, tmp_path: Path) -> Path:
    out = tmp_path / "site"
    done = riskmap(home, "publish", "--static", str(out))
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def served(site: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    with nginx(site, folder) as base, httpx.Client(base_url=base) as client:
        yield client


def test_everything_that_the_page_asks_for_is_there(site: Path) -> None:
    run = site / "runs" / FIRST
    assert f'data-files="runs/{FIRST}/"' in (site / "index.html").read_text("utf-8")
    assert {path.name for path in run.glob("areas-*.json")} == {"areas-street.json", "areas-district.json", "areas-city.json"}
    assert len(list((run / "ranking").iterdir())) == 4 + 2 * len(THEMES)
    assert len(list((run / "area").iterdir())) == 7
    assert {path.stem for path in (run / "tiles").iterdir()} == {"risk", *(theme for theme, _ in THEMES)}


def test_archives_are_whole_by_another_reader(site: Path) -> None:
    """Walked by the pmtiles package: every tile is there, is a PNG, and the directory counts what it holds."""
    for path in (site / "runs" / FIRST / "tiles").iterdir():
        data = path.read_bytes()
        walked = dict(all_tiles(MemorySource(data)))
        assert set(walked) == set(TileArchive(path))
        assert all(tile.startswith(b"\x89PNG") for tile in walked.values())


def test_nginx_serves_page_policy_caches_and_ranges(served: httpx.Client) -> None:
    page = served.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == CSP_HEADER
    assert "no-cache" in page.headers["cache-control"]
    areas = served.get(f"/runs/{FIRST}/areas-street.json", headers={"accept-encoding": "gzip"})
    assert areas.json()["features"]
    assert areas.headers["content-encoding"] == "gzip"
    assert areas.headers["content-type"].startswith("application/json")
    assert "max-age=31536000" in areas.headers["cache-control"]
    head = served.get(f"/runs/{FIRST}/tiles/risk.pmtiles", headers={"range": "bytes=0-6"})
    assert head.status_code == 206
    assert head.content == b"PMTiles"
    assert served.get("/.riskmap-static").status_code == 404
    assert served.get("/runs/none/manifest.json").status_code == 404


def test_a_newer_run_replaces_the_page_last_and_keeps_the_one_before(home: Path, site: Path) -> None:
    done = riskmap(home, "publish", "--run", SECOND)
    assert done.returncode == 0
    assert riskmap(home, "publish", "--static", str(site)).returncode == 0
    assert f'runs/{SECOND}/' in (site / "index.html").read_text("utf-8")
    assert {path.name for path in (site / "runs").iterdir()} == {FIRST, SECOND}
    again = riskmap(home, "publish", "--static", str(site), "--run", FIRST)
    assert again.returncode == 0
    assert f'runs/{FIRST}/' in (site / "index.html").read_text("utf-8")


def test_a_folder_of_somebody_else_is_left_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    done = riskmap(home, "publish", "--static", str(tmp_path / "other"))
    assert done.returncode != 0
    assert "静态站点" in done.stderr
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter.txt"]
    assert riskmap(home, "publish").returncode != 0
    assert riskmap(home, "publish", "--static", str(tmp_path / "new"), "--run", "none").returncode != 0
