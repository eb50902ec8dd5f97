"""What ships is complete and verified; a damaged installation says what to do."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import shapely

from geo.errors import BadFile
from geo.sample.shipped import Shipped, read_shipped, shipped_folder


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    target = tmp_path / "data"
    shutil.copytree(str(shipped_folder()), target)
    return target


def test_everything_ships(shipped: Shipped) -> None:
    assert len(shipped.streets) == 343
    assert shipped.census["residents"].sum() == 21_893_095
    assert len(shipped.census) == 16
    assert (shipped.places["use"] == "fuel").sum() == 463
    assert (shipped.places["use"] == "fire_station").sum() == 90
    assert (shipped.places["use"] == "hospital").sum() == 465


def test_streets_ship_as_a_clean_coverage(shipped: Shipped) -> None:
    streets = shapely.from_wkb(shipped.streets["geometry"].to_numpy())
    assert shapely.coverage_is_valid(streets)
    assert shapely.is_valid(streets).all()
    assert shipped.streets["code"].str.fullmatch(r"11\d{10}").all()
    assert shipped.streets["code"].is_unique
    assert (shipped.streets["moved_m2"] < 30_000).all()


def test_the_data_folder_is_small_and_licensed() -> None:
    folder = Path(str(shipped_folder()))
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 12_000_000
    licences = (folder / "DATA-LICENSES.md").read_text(encoding="utf-8")
    for part in folder.iterdir():
        if part.is_dir():
            assert f"`{part.name}/" in licences, part.name
    assert licences == Path(__file__).parents[3].joinpath("DATA-LICENSES.md").read_text(encoding="utf-8")
    assert "OpenStreetMap contributors" in (folder / "osm" / "LICENSE").read_text(encoding="utf-8")


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / "osm" / "places.parquet").unlink()
    with pytest.raises(BadFile) as caught:
        read_shipped(copied)
    assert "osm/places.parquet" in caught.value.zh
    assert "osm/places.parquet" in caught.value.en
    assert "重新安装" in caught.value.remedy_zh
    assert caught.value.remedy_en


def test_a_changed_byte_is_found(copied: Path) -> None:
    path = copied / "areas" / "streets.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadFile, match="校验和"):
        read_shipped(copied)


def test_a_file_that_is_no_parquet_is_refused_even_with_a_matching_index(copied: Path) -> None:
    path = copied / "gem" / "pipelines.parquet"
    path.write_bytes(b"no parquet")
    index = json.loads((copied / "index.json").read_text())
    index["gem/pipelines.parquet"]["sha256"] = hashlib.sha256(b"no parquet").hexdigest()
    (copied / "index.json").write_text(json.dumps(index))
    with pytest.raises(BadFile, match="Parquet"):
        read_shipped(copied)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_index_is_refused(copied: Path, content: str) -> None:
    (copied / "index.json").write_text(content)
    with pytest.raises(BadFile, match=r"index\.json"):
        read_shipped(copied)
