"""Reading what ships: every file is checked against the index before it is used."""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import BadFile


def shipped_folder() -> Traversable:
    """The folder of the shipped data, wherever the package is installed."""
    return resources.files("geo.sample").joinpath("data")


@dataclass(frozen=True)
class Shipped:
    """The shipped tables and the marginal distributions.

    Attributes
    ----------
    streets, census, estimates, places, stations, anchors, open_land, roads, pipelines : DataFrame
        Tables of ``geo/sample/data``; `geometry` columns are WKB in EPSG:4490 degrees.
    marginals : dict
        ``marginals.toml``.
    """

    streets: pd.DataFrame
    census: pd.DataFrame
    estimates: pd.DataFrame
    places: pd.DataFrame
    stations: pd.DataFrame
    anchors: pd.DataFrame
    open_land: pd.DataFrame
    roads: pd.DataFrame
    pipelines: pd.DataFrame
    marginals: dict[str, Any]


_FILES = {
    "streets": "areas/streets.parquet", "census": "census/districts.parquet", "estimates": "census/street_estimates.parquet",
    "places": "osm/places.parquet", "stations": "osm/stations.parquet", "anchors": "osm/anchors.parquet",
    "open_land": "osm/open_land.parquet", "roads": "osm/roads.parquet", "pipelines": "gem/pipelines.parquet",
}


def read_shipped(folder: Traversable | None = None) -> Shipped:
    """Read and verify everything that ships.

    Parameters
    ----------
    folder : Traversable, optional
        Another folder of the same form; default the one in the package.

    Raises
    ------
    BadFile
        If a file is missing, differs from the index or cannot be read.
    """
    folder = shipped_folder() if folder is None else folder
    index = _index(folder)
    tables = {name: _table(folder, path, index) for name, path in _FILES.items()}
    marginals = tomllib.loads(resources.files("geo.sample").joinpath("marginals.toml").read_text(encoding="utf-8"))
    return Shipped(**tables, marginals=marginals)


def _index(folder: Traversable) -> dict[str, Any]:
    try:
        index = json.loads(_bytes(folder, "index.json"))
    except ValueError as error:
        raise _broken("index.json", "目录文件不是有效的 JSON", "the index is no valid JSON") from error
    if not isinstance(index, dict):
        raise _broken("index.json", "目录文件内容不对", "the index has the wrong content")
    return index


def _table(folder: Traversable, path: str, index: dict[str, Any]) -> pd.DataFrame:
    content = _bytes(folder, path)
    expected = index.get(path, {}).get("sha256")
    if hashlib.sha256(content).hexdigest() != expected:
        raise _broken(path, "校验和与目录不符", "its checksum differs from the index")
    try:
        return pq.read_table(io.BytesIO(content)).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, "不是有效的 Parquet 文件", "it is no valid Parquet file") from error


def _bytes(folder: Traversable, path: str) -> bytes:
    try:
        return folder.joinpath(*path.split("/")).read_bytes()
    except OSError as error:
        raise _broken(path, "文件缺失或无法读取", "it is missing or cannot be read") from error


def _broken(path: str, zh: str, en: str) -> BadFile:
    return BadFile(
        f"随产品附带的样例数据 {path} 有问题：{zh}", f"the shipped sample file {path} is unusable: {en}",
        remedy_zh="请重新安装本产品，或用 tools/build_sample_data.py 重新生成样例数据。",
        remedy_en="Install the product again, or rebuild the sample data with tools/build_sample_data.py.", file=path,
    )
