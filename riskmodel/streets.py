"""Rules S-*: which evidence gives a street its level."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.aggregate import ir_odds
from riskmodel.identification import diagnosis_level
from riskmodel.inputs import ModelInputs
from riskmodel.levels import STREET_CODE_LEVEL, index, median_factor, street_level
from riskmodel.likelihood import danger_states
from riskmodel.parameters import Parameters
from riskmodel.scenarios import Theme
from riskmodel.societal import zone


@dataclass
class Evidence:
    """What fired where: street code → rule code → (holds at even odds, names of what fired it)."""

    fired: dict[str, dict[str, tuple[bool, list[str]]]] = field(default_factory=lambda: defaultdict(dict))
    veto_cells: list[int] = field(default_factory=list)

    def add(self, street: str, code: str, name: str, *, sure: bool = True) -> None:
        """Record that `code` fired in `street` because of `name`."""
        was_sure, names = self.fired[street].get(code, (False, []))
        self.fired[street][code] = (was_sure or sure, [*names, name])


def gather(inputs: ModelInputs, targets: pd.DataFrame, dwellings: pd.DataFrame, curves: pd.DataFrame, grades: pd.DataFrame,
           hca: pd.DataFrame, enterprise_pll: pd.Series, parameters: Parameters) -> Evidence:
    """All evidence of rules S-IR, S-FN, S-V, S-H and S-P.

    Parameters
    ----------
    targets : DataFrame of :func:`riskmodel.targets.evaluate_targets`
    dwellings : DataFrame of :func:`riskmodel.targets.evaluate_dwellings`
    curves : DataFrame of :func:`riskmodel.societal.installation_curves`
    grades : DataFrame indexed like the hazard_source frame with column grade (0 none, 1–4)
    hca : DataFrame with area_code, name of pipeline pieces in a high-consequence area Ⅲ
    enterprise_pll : Series by enterprise id, deaths per year
    """
    evidence = Evidence()
    odds = ir_odds(parameters)
    for t in targets[targets["breach"]].itertuples():
        evidence.add(t.area_code, "S-IR-1", _target(t), sure=t.ir_hc * odds > t.in_service)
    for t in targets[(targets["near"] & ~targets["breach"]) | targets["an_breach"]].itertuples():
        evidence.add(t.area_code, "S-IR-2", _target(t))
    _dwellings(evidence, inputs, dwellings[dwellings["area_code"].notna()], odds)
    for c in curves[(curves["zone"] == 2) | curves["within_decade"]].itertuples():
        sure = zone(np.array(c.f), parameters, factor=odds) == 2
        evidence.add(c.area_code, "S-FN-1" if c.zone == 2 else "S-FN-2", _named(c.name, c.id), sure=sure)
    units = inputs.frames["hazard_source"]
    for row, grade in enumerate(grades["grade"].to_numpy()):
        if grade:
            unit = units.iloc[row]
            evidence.add(unit["area_code"], "S-H-2" if grade <= 2 else "S-H-3", _named(unit["name"], unit["id"]))
    _vetoes(evidence, inputs, grades, enterprise_pll, parameters)
    for p in hca.itertuples():
        evidence.add(p.area_code, "S-P-3", str(p.name))
    return evidence


def _named(name: object, identity: object) -> str:
    return str(name) if isinstance(name, str) and name else str(identity)


def _dwellings(evidence: Evidence, inputs: ModelInputs, dwellings: pd.DataFrame, odds: float) -> None:
    fired = dwellings[dwellings[["breach", "near", "an_breach"]].any(axis=1)]
    for d, name in zip(fired.itertuples(), inputs.grid.ids(fired["cell"].to_numpy()), strict=True):
        text = f"居民网格 {name}（{d.residents:.0f} 人）" + ("（由合成危险源所致）" if d.synthetic else "")
        evidence.add(d.area_code, "S-IR-1" if d.breach else "S-IR-2", text, sure=not d.breach or d.hc_low * odds > d.in_service)


def _target(target: Any) -> str:
    """Name of a target; a real place is never named without saying that the hazard beside it is generated."""
    return _named(target.name, target.id) + ("（由合成危险源所致）" if target.synthetic else "")


def _vetoes(evidence: Evidence, inputs: ModelInputs, grades: pd.DataFrame, enterprise_pll: pd.Series,
            parameters: Parameters) -> None:
    units = inputs.frames["hazard_source"]
    veto = units["diagnosis_veto"].fillna(False).astype(bool)
    red = pd.Series(diagnosis_level(units["diagnosis_score"], veto, parameters) == 1, index=units.index)
    major_unit = grades["grade"].to_numpy() > 0
    for unit, is_major in zip(units[red].itertuples(), major_unit[red.to_numpy()], strict=True):
        if is_major:
            evidence.veto_cells.append(int(unit.cell))
        evidence.add(unit.area_code, "S-V-1" if is_major else "S-V-2", f"{_named(unit.name, unit.id)}（诊断红色）")
    dangers = inputs.frames["hidden_danger"]
    as_of = pd.Timestamp(inputs.as_of)
    open_now = dangers[dangers["major"].fillna(False).astype(bool) & danger_states(inputs)["open"]]
    overdue = (as_of - _dates(open_now["due"])).dt.days > parameters.number("levels.street.veto_overdue_days")
    heavy = open_now["enterprise_id"].map(enterprise_pll).fillna(0.0) >= parameters.number("levels.street.veto_pll")
    owner_name = dict(zip(inputs.frames["enterprise"]["id"], inputs.frames["enterprise"]["name"], strict=True))
    for danger, veto in zip(open_now.itertuples(), (overdue & heavy).to_numpy(), strict=True):
        if veto:
            evidence.veto_cells.append(int(danger.cell))
        text = f"{owner_name.get(danger.enterprise_id) or danger.enterprise_id}：{_named(danger.name, danger.id)}"
        late = f"（重大隐患逾期{(as_of - pd.Timestamp(danger.due)).days}天）" if veto else "（重大隐患未销案）"
        evidence.add(danger.area_code, "S-V-1" if veto else "S-V-2", text + late)


def _dates(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, errors="coerce")


def judge(areas: pd.DataFrame, evidence: Evidence, parameters: Parameters) -> pd.DataFrame:
    """Add index, kappa, risk_level, hatched, codes (JSON) and rank to the areas table.

    Streets use every S-rule. Districts and the city use density and κ only: a single breach somewhere in a district of a
    million people is told by the counts of its streets, it does not colour the whole.
    """
    table = areas.copy()
    table["index"] = index(table["density"].to_numpy(), parameters)
    heads = table["residents"] + 0.5 * table["workers"]
    norm = parameters.number("levels.street.kappa_norm")
    table["kappa"] = np.where(heads > 0, table["pll"] / heads.where(heads > 0, 1.0), 0.0) / norm
    themes = table[[f"pll_{t.name.lower()}" for t in Theme]].to_numpy()
    pll = table["pll"].to_numpy()
    odds = median_factor(np.divide(themes, pll[:, None], out=np.zeros(themes.shape), where=pll[:, None] > 0), parameters)
    results = [
        _judge_one(row.code if row.level == "street" else "", row.density, factor, row.kappa, evidence, parameters)
        for row, factor in zip(table.itertuples(), odds, strict=True)
    ]
    table["risk_level"] = np.array([r[0] for r in results], np.int8)
    table["hatched"] = [r[1] for r in results]
    table["codes"] = [r[2] for r in results]
    table["rank"] = table.groupby("level")["density"].rank(ascending=False, method="first").astype(np.int32)
    return table


def _judge_one(street: str, density: float, odds: float, kappa: float, evidence: Evidence,
               parameters: Parameters) -> tuple[int, bool, str]:
    found = dict(evidence.fired.get(street, {})) if street else {}
    for code, threshold in zip(("S-D-1", "S-D-2", "S-D-3"), parameters.array("levels.street.density"), strict=True):
        if density >= threshold:
            found[code] = (bool(density * odds >= threshold), [])
            break
    level, hatched, fired = street_level({code: sure for code, (sure, _) in found.items()}, kappa, parameters)
    detail = []
    for code in fired:
        names: list[str] = found[code][1] if code in found else []
        text = f"{len(names)} 处：" + "、".join(names[:5]) + ("…" if len(names) > 5 else "") if names else ""
        if code.startswith("S-D"):
            text = f"{density:.3g} 人/(km²·年)"
        elif code == "S-K":
            text = f"κ = {kappa:.2f}"
        detail.append({"code": code, "level": STREET_CODE_LEVEL.get(code, level), "detail": text})
    return level, hatched, json.dumps(detail, ensure_ascii=False)


def counts_by_street(inputs: ModelInputs, grades: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Counts of every kind and of hazard grades per area, added to the table (districts and city as sums)."""
    table = areas.copy()
    for kind, frame in inputs.frames.items():
        if kind in ("area", "background"):
            continue
        table[f"n_{kind}"] = _count(frame["area_code"], table, inputs)
    for grade in range(1, 5):
        chosen = inputs.frames["hazard_source"].loc[grades["grade"].to_numpy() == grade, "area_code"]
        table[f"n_hazard_{grade}"] = _count(chosen, table, inputs)
    return table


def _count(codes: pd.Series, areas: pd.DataFrame, inputs: ModelInputs) -> NDArray[np.int64]:
    by_street = codes.value_counts()
    streets = inputs.streets["code"].map(by_street).fillna(0).astype(np.int64)
    by_district = streets.groupby(inputs.streets["parent"].to_numpy()).sum()
    by_code = dict(zip(inputs.streets["code"], streets, strict=True))
    total = {**by_code, **by_district.to_dict(), inputs.city[0]: int(streets.sum())}
    return np.asarray(areas["code"].map(total).fillna(0), np.int64)
