"""Why is this red? One place of a snapshot, explained for people: themes, sources, rules, and what would change it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFound
from layers.evidence import read_evidence, read_shares
from layers.style import LEVELS
from layers.tables import S_UNIT, SOURCES_OF_LINES
from riskmodel.explain import Contributions, explain_cell, source_key
from riskmodel.levels import CELL_CODE_LEVEL, CELL_CODES, CODE_ZH
from riskmodel.parameters import Parameters, load_parameters
from riskmodel.scenarios import THEME_ZH, Theme
from riskmodel.shares import BACKGROUND

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
        self._shares = read_shares(snapshot.path)
        self._area_rows = {code: row for row, code in enumerate(self._names["areas"])}
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
        answer["band"] = _cell_band(record)
        answer["rules"] = cell_rules(int(record["code_bits"]), float(record["density"]))
        answer["next"] = _next_step(int(record["level"]), float(record["density"]), answer["rules"], self._parameters, "cell")
        return answer

    def area(self, code: str, limit: int = 20) -> dict[str, Any]:
        """Explanation of a street, district or city."""
        record = self.snapshot.area(code)
        subject = {"type": record["level"], "id": code, "name": record["name"], "risk_level": int(record["risk_level"])}
        answer = self._area_answer(subject, code, limit)
        answer["band"] = _band(record)
        rules = record["codes"] if isinstance(record["codes"], list) else json.loads(record["codes"] or "[]")
        answer["rules"] = [{**rule, "meaning": CODE_ZH.get(rule["code"], "")} for rule in rules]
        answer["next"] = _next_step(int(record["risk_level"]), float(record["density"]), answer["rules"], self._parameters,
                                    "street")
        return answer

    def _area_answer(self, subject: dict[str, Any], code: str, limit: int) -> dict[str, Any]:
        """Themes and largest sources of an area, from the sums that the run left."""
        if code not in self._area_rows:
            raise NotFound(f"区域 {code} 没有归因数据", f"there is no evidence for area {code}", code=code)
        row, made = self._area_rows[code], self._shares
        total = float(made.themes[row].sum())
        first = int(made.start[row])
        at = range(first, min(first + limit, int(made.start[row + 1])))
        top = [self._told(int(made.kind[i]), int(made.row[i]), int(made.label[i]), int(made.theme[i]), float(made.s[i]), total)
               for i in at]
        return self._summed(subject, total, made.themes[row], top, int(made.sources[row]))

    def _answer(self, subject: dict[str, Any], found: Contributions, limit: int) -> dict[str, Any]:
        total = float(found.s.sum())
        sources = len(np.unique(_source_of(found)[found.s > 0]))
        return self._summed(subject, total, found.by_theme(), self._sources(found, found.s, limit), sources)

    def _summed(self, subject: dict[str, Any], total: float, by_theme: NDArray[np.float64], top: list[dict[str, Any]],
                sources: int) -> dict[str, Any]:
        themes = [
            {"theme": t.name.lower(), "zh": THEME_ZH[t], "pll": by_theme[t] * S_UNIT, "share": by_theme[t] / total}
            for t in sorted(Theme, key=lambda t: -by_theme[t]) if by_theme[t] > 0
        ]
        rest = max(total * S_UNIT - sum(item["pll"] for item in top), 0.0)
        return {
            "subject": subject, "total_pll": total * S_UNIT, "unit": "deaths/yr", "themes": themes, "contributors": top,
            "rest": {"n": max(sources - len(top), 0), "pll": rest, "share": rest / (total * S_UNIT) if total else 0.0},
        }

    def _sources(self, found: Contributions, s: NDArray[np.float64], limit: int) -> list[dict[str, Any]]:
        """The largest sources, scenarios of one source together."""
        unique, inverse = np.unique(_source_of(found), return_inverse=True)
        amount = np.bincount(inverse, s, minlength=len(unique))
        best = [i for i in np.argsort(-amount, kind="stable")[:limit] if amount[i] > 0]
        answer = []
        for i in best:
            mine = np.flatnonzero(inverse == i)
            main = mine[np.argmax(s[mine])]  # the scenario that makes most of it names it
            answer.append(self._told(int(found.kind[main]), int(found.row[main]), int(found.label[main]), int(found.theme[main]),
                                     float(amount[i]), float(s.sum())))
        return answer

    def _told(self, kind: int, row: int, label_row: int, theme_row: int, s: float, total: float) -> dict[str, Any]:
        """One source as an explanation shows it."""
        label, theme = self._names["labels"][label_row], Theme(theme_row)
        record = self._no_feature()
        if kind != BACKGROUND:
            at = self._names["starts"][kind] + row
            record = self.snapshot.sources.rows([at], _SOURCE_COLUMNS)[0]
        told = {
            "kind": record["kind"], "id": record["id"], "name": record["name"] or label, "label": label,
            "enterprise_name": record.get("enterprise_name"), "theme": theme.name.lower(), "theme_zh": THEME_ZH[theme],
            "pll": s * S_UNIT, "share": s / total, "lon": record["lon"], "lat": record["lat"],
            "synthetic": bool(record["synthetic"]), "assumed": json.loads(record["assumed"] or "[]"),
        }
        if record["kind"] == "pipeline":
            told["line"] = self._line(at)
        return told

    def _line(self, row: int) -> dict[str, Any] | None:
        """What the rules say of a buried line, with the evidence; None in a snapshot of before they were asked."""
        names = [column.name for column in SOURCES_OF_LINES]
        if not set(names) <= set(self.snapshot.sources.names):
            return None
        record = self.snapshot.sources.rows([row], names)[0]
        return {**record, "evidence": json.loads(record["evidence"] or "{}")}

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


def _band(record: dict[str, Any]) -> dict[str, Any] | None:
    """How sure the numbers of an area are; None in a snapshot of before there were draws."""
    if record.get("pll_p05") is None:
        return None
    return {
        "pll": {"p05": record["pll_p05"], "p50": record["pll_p50"], "p95": record["pll_p95"]},
        "level": {str(k): record[f"p_level_{k}"] for k in range(1, 5)}, "stable": bool(record["stable"]),
        "rank": {"p05": record["rank_p05"], "p95": record["rank_p95"], "p_top10": record["p_top10"]},
    }


def _cell_band(record: dict[str, Any]) -> dict[str, Any] | None:
    if record.get("p_level") is None:
        return None
    return {"level": {str(k): record[f"p_level_{k}"] for k in range(1, 5)}, "stable": not record["hatched"]}


#: Rules whose ratio says by how much the risk has to fall, and what is meant.
_RATIOS: dict[str, str] = {
    "S-IR-1": "最不利目标处的危险化学品个人风险", "S-IR-2": "最不利目标处的个人风险",
    "S-FN-1": "装置的社会风险曲线（相对不可接受线）",
    "S-FN-2": "装置的社会风险曲线（相对不可接受线以下一个数量级）", "S-K": "人均风险（κ）",
}


def _next_step(level: int, density: float, rules: list[dict[str, Any]], parameters: Parameters, place: str) -> list[str]:
    """What would have to change for the level to fall, and by how much, from the rules that hold it up."""
    holding = [rule for rule in rules if rule["level"] <= level]
    return [_step(rule, level, density, parameters.array(f"levels.{place}.density")) for rule in holding]


def _step(rule: dict[str, Any], level: int, density: float, thresholds: NDArray[np.float64]) -> str:
    code, ratio, until = rule["code"], rule.get("ratio"), rule.get("until")
    if "-D-" in code:
        limit = float(thresholds[level - 1])  # a hatched place falls only below the line of the colour that it shows
        return (f"生命损失密度从 {density:.3g} 降到 {limit:g} 以下（降低 {max(0.0, 1 - limit / density):.0%}），"
                f"可降为{LEVELS[min(level, 3)].zh}风险")
    if code in _RATIOS and ratio is not None and ratio >= 1.0:
        effect = "，可下调一级" if code == "S-K" else ""
        return f"{_RATIOS[code]}为限值的 {ratio:.3g} 倍，须降低 {1 - 1 / ratio:.0%}{effect}"
    if code == "S-K":
        return "人均风险（κ）降到常模的 3 倍以下，可下调一级"
    return f"消除“{CODE_ZH[code]}”的情形" + (f"；否决至 {until} 止，到期须复核" if until and code == "S-V-1" else "")
