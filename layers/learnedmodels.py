"""The learned models that a run is told to use: read from a folder, on record with their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from geo.errors import BadFile, BadParameter
from riskmodel.learned.model import LearnedModel


@dataclass(frozen=True)
class InUse:
    """The models of a run and what the manifest says of them.

    Attributes
    ----------
    models : tuple of LearnedModel
    records : list of dict
        ``name``, ``approved`` and ``sha256`` of each.
    """

    models: tuple[LearnedModel, ...]
    records: list[dict[str, str]]


def in_use(folder: Path | None) -> InUse:
    """Every model of a folder (``*.json``), in the order of the file names; none without a folder.

    Raises
    ------
    BadFile
        If the folder is missing, or a file cannot be read as a model.
    BadParameter
        If a model is not approved.
    """
    if folder is None:
        return InUse((), [])
    if not folder.is_dir():
        raise BadFile(f"学习模型目录 {folder} 不存在", f"there is no folder of learned models {folder}",
                      remedy_zh="请检查 RISKMAP_LEARNED_MODELS，不用学习模型时留空。",
                      remedy_en="Check RISKMAP_LEARNED_MODELS; leave it empty to use none.")
    models, records = [], []
    for path in sorted(folder.glob("*.json")):
        data = path.read_bytes()
        model = _read(path, data)
        if not model.approved:
            raise BadParameter(f"学习模型 {path.name}（{model.name}）没有批准，不能用于评分",
                               f"learned model {path.name} ({model.name}) is not approved for scoring",
                               remedy_zh="先在本地数据上验证并写明批准人与用途，或把它移出 RISKMAP_LEARNED_MODELS 目录。",
                               remedy_en="Validate it on local data and record who approved it, or move it out of the folder.")
        models.append(model)
        records.append({"name": model.name, "approved": model.approved, "sha256": hashlib.sha256(data).hexdigest()})
    return InUse(tuple(models), records)


def _read(path: Path, data: bytes) -> LearnedModel:
    try:
        return LearnedModel.from_json(data.decode("utf-8"))
    except (UnicodeDecodeError, BadParameter) as error:
        raise BadFile(f"{path.name} 不是学习模型", f"{path.name} is no learned model: {error}",
                      remedy_zh="请用本产品写出的模型文件。", remedy_en="Use files that this product wrote.") from error
