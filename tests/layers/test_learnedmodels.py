"""The folder of learned models: read in order, on record with its hash, refused when one is not approved."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from geo.errors import BadFile, BadParameter
from layers.learnedmodels import in_use

SHIPPED = Path(__file__).parents[2] / "docs" / "models"


def approved(folder: Path) -> Path:
    entry = json.loads((SHIPPED / "gas-transmission-failure.json").read_text(encoding="utf-8"))
    path = folder / "gas.json"
    path.write_text(json.dumps(entry | {"approved": "李四，2026-05"}), encoding="utf-8")
    return path


def test_no_folder_no_models() -> None:
    assert in_use(None).records == []


def test_an_approved_model_is_on_record(tmp_path: Path) -> None:
    path = approved(tmp_path)
    found = in_use(tmp_path)
    assert [model.name for model in found.models] == ["gas-transmission-failure"]
    assert found.records == [{"name": "gas-transmission-failure", "approved": "李四，2026-05",
                              "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}]


def test_the_shipped_models_are_refused_as_not_approved() -> None:
    with pytest.raises(BadParameter, match="没有批准，不能用于评分") as refused:
        in_use(SHIPPED)
    assert "RISKMAP_LEARNED_MODELS" in refused.value.remedy("zh")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    approved(tmp_path)
    for data in (b"{}", b"\xff\xfe", b"[1]"):
        (tmp_path / "other.json").write_bytes(data)
        with pytest.raises(BadFile, match="不是学习模型"):
            in_use(tmp_path)
    with pytest.raises(BadFile, match="不存在"):
        in_use(tmp_path / "none")
