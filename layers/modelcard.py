"""The model card of the learned pipeline models: ``python -m layers.modelcard [FOLDER]`` writes it, its pictures and the models.

Everything on the page is computed from ``notebooks/data/phmsa``; nothing is typed in.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from layers.charts import gain_chart, reliability_chart
from riskmodel.learned import Feature
from riskmodel.learned import pipelines as case
from riskmodel.learned.evaluation import METHOD, Assessment, failure, ignition, named_after_the_fire, relative_rates
from riskmodel.learned.validation import Skill
from riskmodel.parameters import Parameters, load_parameters

#: Where the tables of the worked case are, from the root of the source tree.
DATA = Path("notebooks/data/phmsa")

#: Where the card goes.
TARGET = Path("docs/models")

NAME = "pipeline-failure"


@dataclass(frozen=True)
class Results:
    """The worked case as the card and the notebook use it."""

    incidents: pd.DataFrame
    exposure: pd.DataFrame
    failure: Assessment
    ignition: Mapping[str, Assessment]

    @classmethod
    def of(cls, folder: Path = DATA) -> Results:
        """Read the tables, train to 2016, test on what came after."""
        incidents = case.reports(pd.read_csv(folder / "incidents.csv", dtype={"location_class": str}))
        exposure = pd.read_csv(folder / "exposure.csv")
        return cls(incidents, exposure, failure(incidents, exposure), {s: ignition(incidents, s) for s in case.IGNITION})


def said(value: float) -> str:
    """A number to three significant digits, as people write it."""
    if value != value:
        return "–"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def compared(results: Results, parameters: Parameters) -> pd.DataFrame:
    """What the parameters of the lines say beside what the reports say.

    Returns
    -------
    DataFrame
        Columns ``item``, ``parameter`` (its name), ``used``, ``pipe`` (failures of the pipe itself), ``every_part`` (with valves
        and fittings; NaN where the reports cannot tell).
    """
    columns = [_reported(results, every_part) for every_part in (False, True)]
    table = pd.DataFrame(columns, index=["pipe", "every_part"]).T
    age = parameters.array("pipelines.factor.age")
    most = parameters.number("pipelines.gas.rupture_ignition_most")
    used = {
        "长输天然气管线失效率，1/(km·yr)": ("pipelines.gas.rate", float(parameters.table("pipelines.gas.rate")["长输"])),
        "投运 10 年以内 / 10–30 年（2010 年后 / 1990–2009 年建成）": ("pipelines.factor.age", age[0] / age[1]),
        "投运 30 年以上 / 10–30 年（1990 年前 / 1990–2009 年建成）": ("pipelines.factor.age", age[2] / age[1]),
        "小口径 / 其他（250 mm；美国 10 in 及以下）": ("pipelines.factor.small", parameters.number("pipelines.factor.small")),
        "点火概率：上限；美国 28 in 以上全部失效": ("pipelines.gas.rupture_ignition_most", most),
    }
    named = pd.DataFrame(used, index=["parameter", "used"]).T
    return named.join(table).rename_axis("item").reset_index()


def _reported(results: Results, every_part: bool) -> dict[str, float]:
    rates = case.marginal_rates(results.incidents, results.exposure, 2010, 2020, every_part=every_part)

    def rate(feature: Feature, bins: list[int]) -> float:
        rows = rates[rates["feature"] == feature.label].iloc[bins]
        return float(rows["events"].sum() / rows["exposure"].sum())

    lines = results.incidents[results.incidents["system"] == "transmission"]
    burned = lines[lines["diameter_mm"] > case.DIAMETER.edges[-1]]["ignited"].mean()
    middle = rate(case.YEAR, [5, 6])
    return {
        "长输天然气管线失效率，1/(km·yr)": rate(case.CLASS, [0, 1, 2, 3]) / 1000,
        "投运 10 年以内 / 10–30 年（2010 年后 / 1990–2009 年建成）": rate(case.YEAR, [7]) / middle,
        "投运 30 年以上 / 10–30 年（1990 年前 / 1990–2009 年建成）": rate(case.YEAR, [0, 1, 2, 3, 4]) / middle,
        "小口径 / 其他（250 mm；美国 10 in 及以下）":
            float("nan") if every_part else rate(case.DIAMETER, [0, 1]) / rate(case.DIAMETER, [2, 3, 4]),
        "点火概率：上限；美国 28 in 以上全部失效": float("nan") if every_part else float(burned),
    }


def page(results: Results, parameters: Parameters) -> str:
    """The card as Markdown."""
    parts = [_HEAD, *_purpose(), *_data(results), *_leaks(results), *_validation(results), *_table(results),
             *_comparison(results, parameters), *_limits()]
    return "\n".join(parts) + "\n"


_HEAD = """\
# 模型卡：管线失效与点火 Pipeline failure and ignition

本页、图和模型由 `python -m layers.modelcard` 从 `notebooks/data/phmsa/` 计算得到，请勿手工修改。
*Everything here is computed by the code; edit the data or the code, not this page.*
"""


def _purpose() -> list[str]:
    return [
        "## 用途", "",
        "- 演示“学习得到的可能性”怎样训练、定标、验证、批准。三张表：长输管线的管体失效率，",
        "  长输管线与配气干管的点火概率（给定一次上报的失效）。",
        "- 核对 `pipelines.*` 参数的量级和方向。", "",
        "**不得用于**：",
        "",
        "- 直接给中国管线评分。模型**未批准**（`approved` 为空），`LearnedModel.factors` 会拒绝；要用，先以本地事故与里程验证。",
        "- 任何死亡或受伤的估计：数据里没有，模型也拒绝以后果为特征。死亡只由沿线的当地人口算出。",
        "- 与 `pipelines.factor.*` 或管理修正系数相乘：同样的字段会算两次。它只能取而代之，系数限于 0.3–3（连同环境系数）。",
        "- 未上报的小泄漏：美国的上报门槛（死亡、住院、5 万美元、大量泄漏）使点火概率偏高，配气管线尤甚。", "",
    ]


def _data(results: Results) -> list[str]:
    rows = results.incidents
    lines = ["## 数据", "", "来源、许可与加工见 `notebooks/data/phmsa/SOURCE.md`（美国政府作品，公有领域）。", "",
             "| 系统 | 年份 | 上报失效 | 其中点火 | 特征齐全 |", "| --- | --- | --- | --- | --- |"]
    for system, name in (("transmission", "陆上长输管线（管段）"), ("distribution", "配气干管")):
        one = rows[rows["system"] == system]
        years = f"{one['year_of_failure'].min()}–{one['year_of_failure'].max()}"
        known = len(case.ignition_rows(rows, system))
        lines.append(f"| {name} | {years} | {len(one)} | {int(one['ignited'].sum())} | {known} |")
    total = results.exposure.loc[results.exposure["attribute"] == "location_class", "km"].sum() / 1e6
    return [*lines, "",
            f"暴露量：2010–2020 年陆上长输管线 {said(total)} 百万 km·yr，分别按管径、建成年代、地区等级给出，**没有交叉表**；"
            "组合的里程取各自份额之积（独立假定）。配气管线没有按属性的里程，因此只学点火。"
            "液体管线 2010 年后的报告不在数据中，不学。", "",
            f"特征：管体失效 {_named(results.failure)}；长输点火 {_named(results.ignition['transmission'])}；"
            f"配气点火 {_named(results.ignition['distribution'])}。介质由分系统建模表示。", "",
            f"方法：{METHOD.text}，在看测试年份之前定下；训练用 scikit-learn，得到的是一张表（JSON），评分不需要它。", ""]


def _named(tested: Assessment) -> str:
    return "、".join(feature.label for feature in tested.model.features)


def _leaks(results: Results) -> list[str]:
    named, burned = named_after_the_fire(results.incidents)
    left_out = "；".join(f"`{name}`（{reason}）" for name, reason in case.AFTERWARDS.items())
    lines = ["## 泄漏检查", "", f"- 不作特征：{left_out}。",
             f"- 子原因为“fire/explosion as primary cause”的 {named} 次失效中 {burned} 次点火：原因里写着答案。",
             "- 数据表不含死亡、受伤、爆炸、损失、疏散；读入时若有即报错。",
             "- 按时间划分：训练到 2016 年，以后只用于测试；方法和分箱不看测试年份。",
             "- 打乱结果后重训（应无本领）："]
    lines[-1] += "；".join(f"{name} {_gain(t.others['shuffled'])}" for name, t in _all(results).items()) + "。"
    return [*lines, ""]


def _all(results: Results) -> dict[str, Assessment]:
    burned = results.ignition
    return {"长输失效": results.failure, "长输点火": burned["transmission"], "配气点火": burned["distribution"]}


def _gain(skill: Skill) -> str:
    return f"损失减少 {skill.saved:.1%}"


def _verdict(skill: Skill) -> str:
    return "优于常数" if skill.better else "**不优于常数**"


def _validation(results: Results) -> list[str]:
    lines = ["## 验证：2016 年以后", "",
             "损失：失效为每次事件的泊松偏差，点火为 Brier 分。“差”是常数减模型的 90 % 自助区间，大于 0 才算优于常数。", "",
             "| 模型 | 训练 / 测试 | 损失：模型 | 常数 | 差 | 结论 | 校准斜率（90 %） | 提升 10 % | 提升 20 % |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, t in _all(results).items():
        lifts = " | ".join(f"{said(v)}（{said(a)}–{said(b)}）" for v, a, b in t.lifts.values())
        slope = f"{said(t.slope.value)}（{said(t.slope.low)}–{said(t.slope.high)}）"
        lines.append(f"| {name} | {t.trained} / {t.tested} | {said(t.skill.model)} | {said(t.skill.constant)} | "
                     f"{said(t.skill.low)} – {said(t.skill.high)} | {_verdict(t.skill)} | {slope} | {lifts} |")
    lines += ["", "提升：预测最高的 10 %、20 % 里程（或失效）中的事件份额，除以 10 %、20 %；1 即无本领。", "", *_pictures(), "",
              "### 其他检验", "", "| 检验 | 损失：模型 | 常数 | 差 | 结论 |", "| --- | --- | --- | --- | --- |"]
    for name, t in _all(results).items():
        for other, skill in t.others.items():
            if other != "shuffled":
                lines.append(f"| {name}：{_OTHERS.get(other, f'只按{other}（不需要独立假定）')} | {said(skill.model)} | "
                             f"{said(skill.constant)} | {said(skill.low)} – {said(skill.high)} | {_verdict(skill)} |")
    return [*lines, "",
            "空间分块：3° 的块分成 5 折，距测试失效 50 km 以内的训练失效去掉。长输失效没有按位置的里程，不能做。",
            "gbm 在失效上更好，但没有交叉里程时，它学到的交互也可能只是里程本身的分布，所以不用。", ""]


_OTHERS: Mapping[str, str] = {"gbm": "另一方法 gbm", "blocks": "空间分块，全部年份"}


def _pictures() -> list[str]:
    return [f"![可靠性：失效]({NAME}-reliability.svg) ![提升：失效]({NAME}-gain.svg)",
            f"![可靠性：长输点火]({NAME}-ignition-transmission.svg) ![可靠性：配气点火]({NAME}-ignition-distribution.svg)"]


def _table(results: Results) -> list[str]:
    first = case.marginal_rates(results.incidents, results.exposure, 2010, case.TRAINED_TO)
    last = case.marginal_rates(results.incidents, results.exposure, case.TRAINED_TO + 1, 2020)
    learned = relative_rates(results.failure.model)["relative"]
    lines = ["## 管体失效率（每 1000 km·yr）", "",
             "| 属性 | 分箱 | 2010–2016 | 2017–2020 | 学得的倍数 |", "| --- | --- | --- | --- | --- |"]
    for (_, a), b, m in zip(first.iterrows(), last["rate"], learned, strict=True):
        lines.append(f"| {a['feature']} | {a['bin']} | {said(a['rate'])} | {said(b)} | {said(m)} |")
    return [*lines, ""]


def _comparison(results: Results, parameters: Parameters) -> list[str]:
    lines = ["## 与参数对照：2010–2020 年", "",
             "| 项 | 参数 | 现用 | 报告：管体 | 报告：含阀门、管件 |", "| --- | --- | --- | --- | --- |"]
    for _, row in compared(results, parameters).iterrows():
        lines.append(f"| {row['item']} | `{row['parameter']}` | {said(float(row['used']))} | {said(float(row['pipe']))} | "
                     f"{said(float(row['every_part']))} |")
    return [*lines, "", "投运 10 年以内的管线上报失效并不少（施工与设备缺陷），与现用的年龄系数方向相反；"
            "建成年代也混有防腐层和焊接工艺，不只是年龄。是否改参数由人决定，本页不改。", ""]


def _limits() -> list[str]:
    return [
        "## 局限", "",
        "- 独立假定：三级、四级地区的管线实际更小更旧，倍数之积会偏。按单一属性的检验不受影响。",
        "- 失效模型只学管体：约四分之一的长输失效没有管径（失效的是阀门、管件），它们在新管线上更多，见“与参数对照”。",
        "- 失效含受监管的陆上集输管线，里程不含（约 4 %）。里程数与事故年份按当年年末对应。",
        "- 美国的年代、工艺、地区等级（按建筑物计数）与中国（按户计数）不同；四级地区只有几次失效，几乎全靠先验。",
        "- 点火以“已上报”为条件，不是每次泄漏的点火概率，不能代替 `pipelines.gas.ignition`。", "",
    ]


def files(results: Results, parameters: Parameters) -> dict[str, str]:
    """Everything that the card consists of, by file name: the page, its pictures, the models as JSON."""
    tested = results.failure
    pictures = {
        f"{NAME}-reliability.svg": reliability_chart(tested.reliability, "长输失效：2017–2020 年", "次/(1000 km·yr)"),
        f"{NAME}-gain.svg": gain_chart(tested.curve, "长输失效：提升曲线", "里程份额", "失效份额"),
    }
    for system, name in (("transmission", "长输"), ("distribution", "配气")):
        found = results.ignition[system].reliability
        pictures[f"{NAME}-ignition-{system}.svg"] = reliability_chart(found, f"{name}点火：2017–2022 年", "概率")
    models = {f"{one.model.name}.json": one.model.to_json() for one in _all(results).values()}
    return {f"{NAME}.md": page(results, parameters), **pictures, **models}


def write(results: Results, parameters: Parameters, target: Path) -> int:
    """Write all files of the card to a folder; how many."""
    target.mkdir(parents=True, exist_ok=True)
    written = files(results, parameters)
    for name, text in written.items():
        (target / name).write_text(text, encoding="utf-8")
    return len(written)


def main(arguments: list[str]) -> int:
    """Write the card to the given folder, by default ``docs/models``."""
    target = Path(arguments[0]) if arguments else TARGET
    print(f"{target}: {write(Results.of(), load_parameters(), target)} files")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
