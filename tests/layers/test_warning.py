"""Warnings of a night in its snapshot: against the nights that are kept, read back as a collection."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq

from layers.reader import Snapshot
from layers.snapshot import SnapshotWriter
from layers.warning import earlier_nights, write_warnings
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import load_parameters
from tests.riskmodel.conftest import make_frame


def inputs(day: date) -> ModelInputs:
    """As much of a run's inputs as warnings look at."""
    frames = {kind: make_frame(kind, []) for kind in ("hidden_danger", "enterprise")}
    return SimpleNamespace(frames=frames, as_of=day)  # type: ignore[return-value]


def test_a_street_that_turned_red_is_warned_of(tmp_path: Path, snapshot_path: Path) -> None:
    path = shutil.copytree(snapshot_path, tmp_path / snapshot_path.name)
    old = Snapshot(path)
    areas = pq.read_table(path / "areas.parquet").to_pandas()
    calm = (areas["level"] == "street") & (areas["risk_level"] > 2)
    row = areas.index[calm][0]
    areas.loc[row, "risk_level"] = 1
    day = date.fromisoformat(old.manifest["as_of"]).replace(year=2026, month=1, day=20)
    hashes = {"parameters": old.manifest["parameters_sha256"], "code": old.manifest["code_version"]}
    with SnapshotWriter(tmp_path, "20260120T020000-bbbbbb") as writer:
        elsewhere = write_warnings(writer, inputs(day), areas, hashes | {"code": "other"}, load_parameters())
        said = write_warnings(writer, inputs(day), areas, hashes, load_parameters())
        shutil.copy(writer.folder / "warnings.parquet", path)
    assert said == {"warnings": {"level_1": 0, "level_2": 1, "level_3": 0, "level_4": 0}}
    warnings = Snapshot(path).collection("warnings")
    assert len(warnings) == 1
    assert pq.read_table(path / "warnings.parquet").to_pylist()[0]["id"] == f"level.{areas['code'][row]}"
    assert tuple(float(edge[0]) for edge in warnings.geometry.bounds[:2]) == tuple(areas.loc[row, ["lon", "lat"]])
    assert elsewhere["revision"] == {"since": path.name, "what": ["code"]}
    assert sum(elsewhere["warnings"].values()) == 0


def test_the_last_snapshot_of_each_day_counts(tmp_path: Path) -> None:
    for run, hour in (("a", "02"), ("b", "05")):
        with SnapshotWriter(tmp_path, f"20260101T000000-{run}") as writer:
            writer.publish({"created": f"2026-01-01T{hour}:00:00+08:00", "as_of": "2026-01-01"})
    assert [p.name for p in earlier_nights(tmp_path, date(2026, 1, 2), 30)] == ["20260101T000000-b"]
    assert earlier_nights(tmp_path, date(2026, 1, 1), 30) == []
    assert earlier_nights(tmp_path, date(2026, 3, 1), 30) == []
    assert earlier_nights(tmp_path / "none", date(2026, 1, 2), 30) == []
