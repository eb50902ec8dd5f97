"""Why is this red? One place of a snapshot, explained for people: themes, sources, rules, and what would change it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFound
from layers.evidence import read_evidence
from layers.style import LEVELS
from layers.tables import S_UNIT
from riskmodel.explain import BACKGROUND, Contributions, explain_cell, explain_streets, source_key
from riskmodel.levels import CELL_CODE_LEVEL, CELL_CODES, CODE_ZH
from riskmodel.parameters import Parameters, load_parameters
from riskmodel.scenarios import THEME_ZH, Theme

if TYPE_CHECKING:
    from layers.reader import Snapshot

_IR = ("hc", "an", "semi")
_SOURCE_COLUMNS = ("id", "kind", "name", "enterprise_name", "lon", "lat", "synthetic", "assumed", "grade", "level")

_NO_FEATURE: dict[str, Any] = {"id": None, "kind": "background", "name": None, "lon": None, "lat": None, "assumed": None}


class Explainer:
    """Explains places of one snapshot; keeps its evidence in memory."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.evidence, self._names = read_evidence(snapshot.path, snapshot.grid)
        self._parameters = load_parameters()

    def cell(self, cell_id: str, limit: int = 20) -> dict[str, Any]:
        """Explanation of a cell; shape in ``docs/api-shapes.md``.

        Raises
        ------
        NotFound
            If the cell is empty or outside the city.
        """
        record = self.snapshot.cell(cell_id)
        found = explain_cell(self.evidence, self.snapshot.grid.find(cell_id))
        subject = {"type": "cell", "id": cell_id, "name": cell_id, "risk_level": int(record["level"])}
        answer = self._answer(subject, found, limit)
        ir = found.ir if found.ir is not None else np.zeros((len(found.s), 3), np.int64)
        answer["ir"] = {name: float(ir[:, i].sum()) * 1e-18 for i, name in enumerate(_IR)}
        answer["ir_contributors"] = self._ir_contributors(found, ir)
        answer["rules"] = cell_rules(int(record["code_bits"]), float(record["density"]))
        answer["next"] = _next_step(int(record["level"]), float(record["density"]), answer["rules"], self._parameters, "cell")
        return answer

    def area(self, code: str, limit: int = 20) -> dict[str, Any]:
        """Explanation of a street, district or city."""
        record = self.snapshot.area(code)
        found = explain_streets(self.evidence, self._streets_of(record))
        subject = {"type": record["level"], "id": code, "name": record["name"], "risk_level": int(record["risk_level"])}
        answer = self._answer(subject, found, limit)
        rules = record["codes"] if isinstance(record["codes"], list) else json.loads(record["codes"] or "[]")
        answer["rules"] = [{**rule, "meaning": CODE_ZH.get(rule["code"], "")} for rule in rules]
        answer["next"] = _next_step(int(record["risk_level"]), float(record["density"]), answer["rules"], self._parameters,
                                    "street")
        return answer

    def _streets_of(self, record: dict[str, Any]) -> NDArray[np.int64]:
        codes = self._names["streets"]
        if record["level"] == "street":
            wanted = {record["code"]}
        elif record["level"] == "district":
            parents = dict(zip(self.snapshot.areas.texts("code"), self.snapshot.areas.texts("parent"), strict=True))
            wanted = {c for c in codes if parents.get(c) == record["code"]}
        else:
            wanted = set(codes)
        rows = np.array([i for i, c in enumerate(codes) if c in wanted], np.int64)
        if not len(rows):
            raise NotFound(f"区域 {record['code']} 没有街道", f"area {record['code']} has no streets", code=record["code"])
        return rows

    def _answer(self, subject: dict[str, Any], found: Contributions, limit: int) -> dict[str, Any]:
        total = float(found.s.sum())
        by_theme = found.by_theme()
        themes = [
            {"theme": t.name.lower(), "zh": THEME_ZH[t], "pll": by_theme[t] * S_UNIT, "share": by_theme[t] / total}
            for t in sorted(Theme, key=lambda t: -by_theme[t]) if by_theme[t] > 0
        ]
        top = self._sources(found, found.s, limit)
        shown = sum(item["pll"] for item in top)
        sources = len(np.unique(_source_of(found)[found.s > 0]))
        rest = max(total * S_UNIT - shown, 0.0)
        return {
            "subject": subject, "total_pll": total * S_UNIT, "unit": "deaths/yr", "themes": themes, "contributors": top,
            "rest": {"n": max(sources - len(top), 0), "pll": rest, "share": rest / (total * S_UNIT) if total else 0.0},
        }

    def _sources(self, found: Contributions, s: NDArray[np.float64], limit: int) -> list[dict[str, Any]]:
        """The largest sources, scenarios of one source together."""
        key = _source_of(found)
        unique, inverse = np.unique(key, return_inverse=True)
        amount = np.bincount(inverse, s, minlength=len(unique))
        best = [i for i in np.argsort(-amount, kind="stable")[:limit] if amount[i] > 0]
        starts, total = self._names["starts"], float(s.sum())
        answer = []
        for i in best:
            mine = np.flatnonzero(inverse == i)
            main = mine[np.argmax(s[mine])]  # the scenario that makes most of it names it
            kind, row, theme = int(found.kind[main]), int(found.row[main]), Theme(int(found.theme[main]))
            label = self._names["labels"][found.label[main]]
            record = self._no_feature()
            if kind != BACKGROUND:
                record = self.snapshot.sources.rows([starts[kind] + row], _SOURCE_COLUMNS)[0]
            answer.append({
                "kind": record["kind"], "id": record["id"], "name": record["name"] or label, "label": label,
                "enterprise_name": record.get("enterprise_name"), "theme": theme.name.lower(), "theme_zh": THEME_ZH[theme],
                "pll": float(amount[i]) * S_UNIT, "share": float(amount[i]) / total, "lon": record["lon"], "lat": record["lat"],
                "synthetic": bool(record["synthetic"]), "assumed": json.loads(record["assumed"] or "[]"),
            })
        return answer

    def _no_feature(self) -> dict[str, Any]:
        made = self.snapshot.manifest.get("counts_synthetic", {}).get("background", 1)
        return {**_NO_FEATURE, "synthetic": bool(made)}

    def _ir_contributors(self, found: Contributions, ir: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Up to five sources of each individual-risk field."""
        answer = []
        for i, scope in enumerate(_IR):
            column = ir[:, i].astype(np.float64)
            if column.sum() > 0:
                for item in self._sources(found, column, 5):
                    answer.append({"scope": scope, "kind": item["kind"], "id": item["id"], "name": item["name"],
                                   "label": item["label"], "ir": item["pll"] / S_UNIT * 1e-18, "share": item["share"]})
        return answer


def _source_of(found: Contributions) -> NDArray[np.int64]:
    """A number per source; every background is a source of its own."""
    key = source_key(found.kind, found.row, found.label)
    return np.where(found.kind == BACKGROUND, key, key >> 10 << 10)


def cell_rules(codes: int, density: float) -> list[dict[str, Any]]:
    """Rules that fired in a cell, most severe first."""
    fired = [code for bit, code in enumerate(CELL_CODES) if codes >> bit & 1]
    return [
        {"code": code, "level": CELL_CODE_LEVEL[code], "meaning": CODE_ZH[code],
         "detail": f"{density:.3g} 人/(km²·年)" if code.startswith("C-D") else ""}
        for code in sorted(fired, key=lambda c: CELL_CODE_LEVEL[c])
    ]


def _next_step(level: int, density: float, rules: list[dict[str, Any]], parameters: Parameters, place: str) -> list[str]:
    """What would have to change for the level to fall, from the rules that hold it up."""
    holding = [rule for rule in rules if rule["level"] <= level]
    steps = []
    thresholds = parameters.array(f"levels.{place}.density")
    for rule in holding:
        if "-D-" in rule["code"]:
            limit = float(thresholds[level - 1])  # a hatched place falls only below the line of the colour that it shows
            steps.append(f"生命损失密度从 {density:.3g} 降到 {limit:g} 以下（降低 {max(0.0, 1 - limit / density):.0%}），"
                         f"可降为{LEVELS[min(level, 3)].zh}风险")
        elif rule["code"] == "S-K":
            steps.append("人均风险（κ）降到常模的 3 倍以下，可下调一级")
        else:
            steps.append(f"消除“{CODE_ZH[rule['code']]}”的情形")
    return steps
