"""The page on what drives the result: ``python -m layers.sensitivitypage`` scores the home's city and writes it with its picture.

Unlike the other pages it needs a home with the full city (``riskmap demo``), so ``make docs`` does not make it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from geo.settings import Settings
from geo.store import open_store
from layers.charts import tornado_chart
from layers.inputs import read_inputs
from layers.modelcard import said
from riskmodel.parameters import load_parameters
from riskmodel.run import score
from riskmodel.sensitivity import one_at_a_time

#: Where the page goes.
TARGET = Path("docs/method/sensitivity.md")

#: What the factors are called; those of the fires are put together from their class.
NAMES: Mapping[str, str] = MappingProxyType({
    "anchor.work": "生产安全死亡的全市合计", "anchor.fire": "火灾死亡的全市合计", "leak_vessel": "压力容器泄漏频率",
    "leak_tank": "常压储罐泄漏频率", "leak_transfer": "装卸泄漏频率", "leak_other": "其他危化单元频率",
    "pipeline_gas": "燃气管线失效率", "pipeline_other": "其他管线失效率", "ignition_immediate": "立即点火",
    "ignition_delayed": "延迟点火", "foreign": "国外频率转用", "escalation": "多米诺升级概率", "method": "LEC、LS 换算",
    "builders": "建筑施工死亡率", "equipment": "特种设备死亡", "unreported": "未上报单位死亡率",
    "confined": "有限空间死亡", "gas_use": "燃气使用死亡", "crowd": "人群踩踏频率", "day_share": "白天人数",
    "mitigation": "应急救援", "toxic_dose": "毒物剂量", "distance_heat": "热辐射距离",
    "distance_cloud": "云团与爆炸距离", "distance_gas": "毒气距离", "heat_probit": "热概率函数的选择",
    "fire_frequency": "起火频率", "fire_lethality": "死亡火灾比例", "fire_dwelling": "住宅", "fire_site": "工地",
    "fire_work": "生产单位", "fire_public": "公众场所", "fire_care": "医院、养老、学校",
})

_HEAD = """\
# 哪些参数最能左右结果

由 `python -m layers.sensitivitypage` 对完整样例城市计算生成，请勿手工修改。每次只动一个因子：取它自身分布的
5 % 与 95 % 位（误差因子见[参数表](../parameters.md)的 `uncertainty.*`），其余取均值；作用方式与
[200 次抽样](../method.md)相同。生产安全与火灾两项的全市合计按公布的历年数约束，所以它们内部的因子只在各类之间
重新分配，合计由“全市合计”两行代表。颜色按各因子下的密度、个人风险、F-N 与事实重新判定，不含“对半把握”一条（那需要
全部因子同时变动），因此基准的红、橙数与成图略有不同。

*English: one factor at a time at its 5th and 95th percentile, all else at the mean; the full synthetic city.*
"""


def name_of(factor: str) -> str:
    """Name of a factor on the page."""
    if factor in NAMES:
        return NAMES[factor]
    part, _, group = factor.partition(".")
    return f"{NAMES[part]}：{NAMES[group]}"


def ranked(cases: pd.DataFrame) -> pd.DataFrame:
    """One row per factor: PLL, red and orange streets low and high, the widest swing in PLL first, then in colours."""
    cases = cases.assign(both=cases["red"] + cases["orange"])
    base = cases[cases["side"] == "base"].iloc[0]
    groups = cases[cases["side"] != "base"].groupby("factor")
    columns = {}
    for name in ("pll", "red", "orange", "both"):  # a choice has one other side, so the base is an end of its range
        columns[f"{name}_low"] = np.minimum(groups[name].min(), base[name])
        columns[f"{name}_high"] = np.maximum(groups[name].max(), base[name])
    table = pd.DataFrame(columns)
    table["swing"] = table["pll_high"] - table["pll_low"]
    table["colours"] = table["both_high"] - table["both_low"]
    return table.sort_values(["swing", "colours"], ascending=False)


def files(cases: pd.DataFrame) -> dict[str, str]:
    """The page and its pictures by file name."""
    base = cases[cases["side"] == "base"].iloc[0]
    table = ranked(cases)
    by_colour = table.sort_values(["colours", "swing"], ascending=False)
    pictures = {
        "sensitivity-pll.svg": tornado_chart(
            [name_of(f) for f in table.index[:12]], table["pll_low"][:12], table["pll_high"][:12], float(base["pll"]),
            "全市死亡期望（人/年）"),
        "sensitivity-streets.svg": tornado_chart(
            [name_of(f) for f in by_colour.index[:12]], by_colour["both_low"][:12], by_colour["both_high"][:12],
            float(base["red"] + base["orange"]), "红色与橙色街道合计（个）"),
    }
    lines = [_HEAD, f"基准：{said(base['pll'])} 人/年，红 {base['red']} 个、橙 {base['orange']} 个街道。\n",
             "![全市死亡期望](sensitivity-pll.svg)\n", "![红色与橙色街道](sensitivity-streets.svg)\n",
             "| 因子 | 死亡期望 5 %–95 %，人/年 | 红色街道 | 橙色街道 |", "| --- | --- | --- | --- |"]
    for factor, row in table.iterrows():
        if row["swing"] > 5e-4 * base["pll"] or row["colours"] > 0 or row["red_high"] > row["red_low"]:
            lines.append(f"| {name_of(str(factor))} | {row['pll_low']:.1f}–{row['pll_high']:.1f} | "
                         f"{row['red_low']:.0f}–{row['red_high']:.0f} | {row['orange_low']:.0f}–{row['orange_high']:.0f} |")
    return {TARGET.name: "\n".join(lines) + "\n", **pictures}


def main(arguments: list[str]) -> int:
    """Score the home's city and write the page to a folder, by default ``docs/method``."""
    target = Path(arguments[0]) if arguments else TARGET.parent
    settings = Settings()
    with open_store(settings.store_url) as store:
        inputs = read_inputs(store, date.today(), rasters=settings.rasters)
    parameters = load_parameters()
    for name, text in files(one_at_a_time(inputs, score(inputs, parameters), parameters)).items():
        (target / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
