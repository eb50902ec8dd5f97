"""Pages of the method, one per part: ``python -m layers.methodpages [FOLDER]`` draws their pictures and fills what code knows.

The words of a page are written by hand; between its two marks stand the pictures, the functions with the first sentence of their
documentation, and what of the outside numbers the part reproduces (counted in ``oracles.md``, which the tests write).
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from layers.methodplots import PLOTS
from riskmodel.parameters import Parameters, load_parameters

#: Where the pages are.
TARGET = Path("docs/method")

START, END = "<!-- 以下由 make docs 生成，请勿手工修改 -->", "<!-- 生成部分结束 -->"


@dataclass(frozen=True)
class Part:
    """What the code knows of a page.

    Attributes
    ----------
    plots : names of :data:`layers.methodplots.PLOTS`
    modules : modules whose public functions the page lists
    oracles : sections of the page of outside numbers
    """

    plots: tuple[str, ...]
    modules: tuple[str, ...]
    oracles: tuple[str, ...] = ()


_C = "riskmodel.consequence."

#: The parts by the name of their page.
PARTS: Mapping[str, Part] = MappingProxyType({
    "identification": Part(("identification",), ("riskmodel.identification.standard", "riskmodel.identification.boundary",
                                                 "riskmodel.identification.units", "riskmodel.diagnosis"), ("辨识与分级",)),
    "release": Part(("release", "tailings"), (f"{_C}release", f"{_C}blowdown", f"{_C}evaporation", f"{_C}tailings"),
                    ("泄漏、蒸发与尾矿外泄",)),
    "fire": Part(("fire-footprint", "fire", "pools", "probits"),
                 (f"{_C}fireball", f"{_C}poolfire", f"{_C}flame", f"{_C}jetfire", f"{_C}atmosphere", f"{_C}probit"),
                 ("火灾与热辐射", "致死概率")),
    "explosion": Part(("explosion-footprint", "explosion"), (f"{_C}explosion", f"{_C}bst", f"{_C}explosives", f"{_C}dust"),
                      ("爆炸",)),
    "dispersion": Part(("footprint-plan", "footprint", "flammable-plan", "dispersion"),
                       (f"{_C}dispersion", f"{_C}dense_gas", f"{_C}dense_handover", f"{_C}dense_plume",
                         f"{_C}dense_puff", f"{_C}flash"),
                       ("扩散与重气",)),
    "event-trees": Part(("event-trees",), ("riskmodel.quantified.trees", "riskmodel.quantified.releases",
                                           "riskmodel.quantified.failures", "riskmodel.quantified.ignition",
                                           "riskmodel.quantified.footprints")),
    "likelihood": Part(("likelihood",), ("riskmodel.likelihood", "riskmodel.semi", "riskmodel.environment"), ("可能性",)),
    "people": Part(("people",), ("riskmodel.people", "riskmodel.emergency", "riskmodel.domino")),
    "fields": Part(("fields",), ("riskmodel.fields", "riskmodel.shares", "riskmodel.incremental",
                                 "riskmodel.pipelines.scenarios"), ("管线", "坐标与面积")),
    "societal": Part(("societal",), ("riskmodel.societal.curves", "riskmodel.societal.events", "riskmodel.societal.installations",
                                     "riskmodel.societal.areas", "riskmodel.measures"), ("社会风险与风险量",)),
    "levels": Part(("levels",), ("riskmodel.levels", "riskmodel.streets", "riskmodel.targets", "riskmodel.protection",
                                 "riskmodel.vetoes")),
    "uncertainty": Part(("uncertainty",), ("riskmodel.uncertainty.factors", "riskmodel.uncertainty.draws",
                                           "riskmodel.uncertainty.own", "riskmodel.sensitivity")),
})


def sentences(module: str) -> list[tuple[str, str]]:
    """Public functions of a module, in its order, with the first sentence of their documentation."""
    found = importlib.import_module(module)
    own = [(name, f) for name, f in vars(found).items()
           if inspect.isfunction(f) and f.__module__ == module and not name.startswith("_")]
    return [(name, re.sub(r"\s+", " ", (inspect.getdoc(f) or "").split("\n\n")[0]).replace("``", "`").replace("|", "\\|"))
            for name, f in own]


@dataclass(frozen=True)
class Check:
    """A row of the page of outside numbers: what is compared, with what, and how well it agrees."""

    source: str
    expected: str
    got: str
    error: str

    @property
    def coarse(self) -> bool:
        """Whether only the magnitude is compared."""
        return self.error.startswith("≈")

    @property
    def relative(self) -> float:
        """The error as a number; what is written as less than 1e-9 counts as 0."""
        return 0.0 if "<" in self.error else float(self.error.removeprefix("≈ "))


def checks(section: str, oracles: str) -> list[Check]:
    """Rows of a section of the page of outside numbers."""
    body = oracles.partition(f"## {section}\n")[2].partition("\n## ")[0]
    cells = (re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in body.splitlines() if line.endswith("` |"))
    return [Check(*row[:4]) for row in cells]


def checked(section: str, oracles: str) -> list[str]:
    """The outside numbers of a section that a part reproduces: how many, the largest error, and the list, one line per source."""
    found = checks(section, oracles)
    exact = [check.relative for check in found if not check.coarse]
    most = max(exact, default=0.0)
    lines = [f"[{section}](oracles.md#{section.replace('、', '')})：{len(found)} 项，其中 {len(exact)} 项按原文位数核对，"
             f"最大相对误差{f' {most:.1e}' if most else '小于 1e-9'}；其余带“≈”的只核对数量级。每项由哪个测试核对见链接。", "",
             "| 出处与条件 | 期望 | 得到 | 最大误差 |", "| --- | --- | --- | --- |"]
    by_source: dict[str, list[Check]] = {}
    for check in found:
        by_source.setdefault(check.source, []).append(check)
    for source, rows in by_source.items():
        worst = max(rows, key=lambda check: check.relative)
        lines.append(f"| {source} | {_some([r.expected for r in rows])} | {_some([r.got for r in rows])} | {worst.error} |")
    return [*lines, ""]


def _some(values: list[str]) -> str:
    return values[0] if len(values) == 1 else "；".join(values[:4]) + (f" …（{len(values)} 组）" if len(values) > 4 else "")


def block(name: str, oracles: str) -> str:
    """What stands between the marks of a page."""
    part = PARTS[name]
    lines = [START, ""]
    for number, plot in zip("一二三四五六", part.plots, strict=False):
        lines += [f"![{PLOTS[plot][0]}](plots/{plot}.svg)", "", f"*图{number}　{PLOTS[plot][0]}*", ""]
    lines += ["## 核对的外部数值", "", *(line for section in part.oracles for line in checked(section, oracles))]
    if not part.oracles:
        lines += ["这一部分没有公开发表的算例可以核对：数值取自参数表所列出处，算法由性质测试守住"
                  "（守恒、单调、次序无关，见[常见错误与防线](mistakes.md)）。", ""]
    lines += ["## 函数（取自代码的说明）", "", "| 函数 | 公式与来源 |", "| --- | --- |"]
    for module in part.modules:
        lines += [f"| `{module}.{function}` | {said} |" for function, said in sentences(module)]
    return "\n".join([*lines, "", END])


def files(folder: Path, parameters: Parameters) -> dict[str, str]:
    """All pages with their block made anew, and all pictures, by their path below the folder."""
    oracles = (folder / "oracles.md").read_text(encoding="utf-8")
    written = {f"plots/{plot}.svg": draw(parameters) for plot, (_, draw) in PLOTS.items()}
    for name in PARTS:
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        written[f"{name}.md"] = before + block(name, oracles) + rest.partition(END)[2]
    return written


def main(arguments: list[str]) -> int:
    """Write the pictures and fill the pages of the given folder, by default ``docs/method``."""
    folder = Path(arguments[0]) if arguments else TARGET
    (folder / "plots").mkdir(exist_ok=True)
    for name, text in files(folder, load_parameters()).items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
