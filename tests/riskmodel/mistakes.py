"""Mistakes that models of this kind make, and the tests that catch each: ``python -m tests.riskmodel.mistakes`` writes the page.

The tests are found by their name, ``test_mistake_NN_…``; a mistake without a test fails.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "method" / "mistakes.md"

#: The mistake, and the rule instead of it.
MISTAKES: tuple[tuple[str, str], ...] = (
    ("用 GB 36894 检验所有风险", "个人风险分三个口径；只检验危险化学品口径，类比口径至多 2 级，其余没有地点判据"),
    ("把 F-N 判据线画在街道、区、市的曲线上", "判据线只判一个装置自己的曲线；区域曲线不画线，只报各区装置数"),
    ("多数死亡没有要素承载，没有上报的地方看起来是蓝色", "工地、特种设备是要素；住宅火灾和未上报单位按人口、从业人员作背景"),
    ("如实多报受罚，同一危险重复计算", "一个单位的总量由行业与人数定，各条只分摊；`hazard_key` 相同的只算一次"),
    ("按总量重新归一，改一家动全城", "平均系数按校准期冻结；改一处只动自己，加一个源不会降低个人风险"),
    ("把 Σ IR·人口 当作死亡数", "另设社会风险场 S，满足 Σ S = Σ f·N；室内才致死的爆炸没有个人风险，仍有死亡"),
    ("罕见危险按观测次数缩放成零", "Gamma–Poisson 收缩，预期不足 10 起不修正"),
    ("拿 100 m 网格平均值与限值比较", "判据在目标点上精确计算，网格只用于显示与求和"),
    ("示意线、偏差几公里的线用来判占压和高后果区", "位置精度须不大于距离的一半；示意线只画不算"),
    ("把潜在影响半径当作必死圆，或用于油、液化气、热力", "只用于天然气筛查；致死率在 R 处 0.24"),
    ("企业取十分之一、人口取全部的演示", "缺省为完整城市"),
    ("把注册地址当作风险所在地", "用实际经营地与在场人数；建筑工人的死亡落在工地"),
    ("缺少关键字段", "事故类型、暴露人数、容器数、围堰、探测与切断、建筑面积、喷淋等都有字段，且每个都改变结果"),
    ("储量上限用闭式（半径随质量变大）", "人数用闭式，吨数用二分"),
    ("F-N 忘记时段、气象、风向，用风向平均的 N", "事件表逐行：情景 × 时段 × 气象 × 风向 × 街道；丢弃量如实报告"),
    ("管理系数与学习系数相乘（读同样的字段）", "批准的模型取代管理系数，绝不相乘"),
    ("α 用日间人口、或从一个点量 500 m", "只数厂界外 500 m 的常住人口"),
    ("用高斯烟羽算氯的近场", "近场用 Britter–McQuaid，超出范围拒绝"),
    ("把公布的均值当作对数正态的中位数", "乘子 exp(σZ − σ²/2) 保持均值"),
    ("用含交通的亿元 GDP 死亡率或 2017 年断点以前的率", "参数表中不得出现这些口径"),
    ("拿作业的 LEC 等级与区域等级比较", "只与该风险源自身的 PLL 等级比较"),
    ("救援系数没有中性点也没有上限", "相对参考城市的均值，并有上下限"),
    ("指数只是人口图", "指数旁边总有 κ 与主题"),
    ("把国外的单位长度死亡率搬来", "只借失效与点火，死亡由当地的人算出"),
)

_HEAD = """\
# 常见错误与防线

由 `make docs` 根据 `tests/riskmodel/mistakes.py` 与测试生成，请勿手工修改。城市尺度的风险模型容易犯下列错误；每一个都有测试，
有人再犯时测试失败（每一个都把错误改进代码核实过）。

| # | 错误 | 规则 | 拦住它的测试 |
| --- | --- | --- | --- |
"""


def tests_of() -> dict[int, list[str]]:
    """Names of the tests by the number of their mistake."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, number in re.findall(r"^def (test_mistake_(\d+)_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(int(number), []).append(name)
    return found


def page() -> str:
    """The whole page."""
    found = tests_of()
    rows = [f"| {n} | {wrong} | {rule} | {'、'.join(f'`{name}`' for name in found[n])} |"
            for n, (wrong, rule) in enumerate(MISTAKES, 1)]
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
