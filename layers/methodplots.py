"""Pictures of the method's pages: what each part does over distance, time or size, computed by the model itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from layers import footprintplots
from layers.pictures import BLUE, GREEN, ORANGE, at_value, curves, legend, legend_below, picture, said, sheet, thresholds, valid
from riskmodel import likelihood
from riskmodel.consequence import blowdown, bst, dispersion, evaporation, explosion, fireball, flame, jetfire, poolfire, probit
from riskmodel.consequence.dense_plume import Plume
from riskmodel.identification import alpha
from riskmodel.levels import index
from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N
from riskmodel.societal import fn_curve
from riskmodel.uncertainty import lognormal, sigma

# Gas in the vessel of the first picture: ratio of specific heats, and pressure at the start over that of the air.
_GAMMA, _PRESSURE = 1.31, 17.0


@picture
def residents(parameters: Parameters) -> Figure:
    """R of 10 t of chlorine against the residents around."""
    people = np.arange(0, 141)
    figure, (panel,) = sheet()
    curves(panel, "氯 10 t：分级指标 R 与厂界外 500 m 常住人口", "常住人口（人）", "R", {}, (0, 140), (0, 60))
    panel.step(people, alpha(people, parameters) * 4 * 10 / 5, where="post", label="R = α·β·q/Q\nβ = 4，q = 10 t，Q = 5 t")
    thresholds(panel, {"三级 R ≥ 10": 10.0, "二级 R ≥ 50": 50.0})
    legend(panel)
    return figure


@picture
def releases(_: Parameters) -> Figure:
    """Rates that weaken: a vessel while its flow is choked, a broken pipe, a boiling pool."""
    t = np.geomspace(1, 3600, 200)
    critical = (2 / (_GAMMA + 1)) ** (_GAMMA / (_GAMMA - 1))
    left = blowdown.vessel_mass(t, 5.0, 1000.0, _GAMMA) / 1000.0  # the density falls as the mass does, the pressure as its power
    choked = float(t[left**_GAMMA * _PRESSURE * critical >= 1.0].max())
    lines = {
        "容器 1 t，初始 5 kg/s": (t, blowdown.vessel_rate(t, 5.0, 1000.0, _GAMMA)),
        "管道断裂 60 t，τ 270 s": (t, blowdown.pipe_rupture_rate(t, 1000.0, 60_000.0, 270.0)),
        "沸腾池 100 m²": (t, evaporation.boiling_rate(t, 100.0, 54.0, 2.88e5)),
    }
    figure, (panel,) = sheet()
    curves(panel, "随时间衰减的泄漏与蒸发", "时间 t（s）", "速率 Q（kg/s）", lines, (1, 3600), (0.01, 2000), log="xy")
    valid(panel, 1, choked, f"容器公式适用：临界流\n（初压 {_PRESSURE:g} 个大气压）")
    legend(panel)
    return figure


@picture
def heat(_: Parameters) -> Figure:
    """Heat of fires against distance, each from its own edge outwards."""
    r = np.geomspace(5, 3000, 400)
    power = poolfire.radiated_power(15.0, 0.055, 44e6, 0.2)
    half, length = float(fireball.diameter(11_700.0)) / 2, float(jetfire.chinese_length(10.0, 50e6))
    emissive = float(poolfire.mudan_emissive_power(30.0))
    ball, pool, jet = r[r >= half], r[r >= 15.0], r[r >= length]
    lines = {
        f"火球 11.7 t（r ≥ {half:.0f} m）":
            (ball, fireball.solid_flame_flux(ball, 11_700.0, 292e3, vapour_pressure=1169.0) / 1e3),
        "池火，半径 15 m，点源": (pool, poolfire.point_source_flux(pool, power) / 1e3),
        "　同上，5 m/s 风，下风": (pool, flame.pool_flux(pool, 30.0, 0.055, 5.0, emissive) / 1e3),
        "　同上，5 m/s 风，上风": (pool, flame.pool_flux(pool, 30.0, 0.055, 5.0, emissive, side="upwind") / 1e3),
        f"喷射火 10 kg/s（r ≥ {length:.0f} m）":
            (jet, jetfire.mean_over_directions(jet, length, 10.0, 50e6, 0.2).mean(axis=0) / 1e3),
    }
    figure, (panel,) = sheet(width=7.0)
    curves(panel, "热辐射随距离，从火焰边缘起", "距离 r（m）", "热通量 q（kW/m²）", lines, (10, 3000), (0.3, 400), log="xy")
    thresholds(panel, {"37.5 kW/m²": 37.5, "12.5 kW/m²": 12.5, "4 kW/m²": 4.0})
    legend(panel)
    return figure


@picture
def pools(_: Parameters) -> Figure:
    """What the size of a pool does to its flame, and the sizes for which the formulas were fitted."""
    D, m = np.geomspace(0.3, 120, 200), 0.055
    figure, (left, right) = sheet(2, width=7.2)
    lines = {"无风（Thomas）": (D, poolfire.flame_length(D, m)), "5 m/s 风": (D, poolfire.flame_length_in_wind(D, m, 5.0)),
             "10 m/s 风": (D, poolfire.flame_length_in_wind(D, m, 10.0))}
    curves(left, "火焰长度", "池径 D（m）", "长度 L（m）", lines, (0.3, 120), (0.5, 200), log="xy")
    curves(right, "表面发射功率（Mudan）", "池径 D（m）", "E（kW/m²）", {}, (0.3, 120), (0, 150), log="x")
    right.plot(D, poolfire.mudan_emissive_power(D) / 1e3, color="#000000", linestyle="-")
    for panel in (left, right):
        valid(panel, 1, 50, "适用：池径 1–50 m")
    legend_below(left, 4)
    return figure


@picture
def heat_probits(_: Parameters) -> Figure:
    """The thermal probits beside each other."""
    q = np.geomspace(3e3, 5e4, 200)
    names = {"tsao_perry": "Tsao–Perry 1979（采用）", "tno": "TNO", "eisenberg": "Eisenberg 1975", "lees": "Lees 1994"}
    lines = {zh: (q / 1e3, probit.probability(probit.thermal(probit.thermal_dose(q, 20.0), name)))
             for name, zh in names.items()}
    figure, (panel,) = sheet()
    curves(panel, "20 s 热辐射的致死概率，四种发表的函数", "热通量 q（kW/m²）", "致死概率 P", lines, (3, 50), (1e-6, 1.5),
           log="y")
    at_value(panel, 37.5, "37.5 以上：\nP 取 1")
    legend(panel)
    return figure


@picture
def pressure(_: Parameters) -> Figure:
    """Overpressure of a tonne of TNT and of a cloud."""
    r = np.geomspace(1, 3000, 300)
    Z, cloud = r / 10, 46e6 * 1000 * 2
    lines = {
        "TNT 1 t，GB 6722": (r, explosion.gb6722(Z)), "TNT 1 t，Swisdak": (r, explosion.swisdak(Z)),
        "TNT 1 t，Kinney–Graham": (r, explosion.kinney_graham(Z)),
        "云 1 t，BST Mach 0.44": (r, bst.overpressure(r, cloud, 0.44) / 1e3),
        "云 1 t，BST 爆轰": (r, bst.overpressure(r, cloud, bst.DETONATION) / 1e3),
    }
    figure, (panel,) = sheet(width=7.0)
    curves(panel, "超压随距离", "距离 R（m）；TNT 1 t 时 Z = R/10（m/kg^(1/3)）", "超压 Δp（kPa）",
           lines, (1, 3000), (0.3, 10_000), log="xy")
    valid(panel, 2, 1587, "Swisdak 适用：\nZ = 0.2–158.7")
    thresholds(panel, {"0.3 bar": 30.0, "0.1 bar": 10.0})
    legend(panel)
    return figure


@picture
def clouds(_: Parameters) -> Figure:
    """Chlorine on the axis: the dense model and the Gaussian one."""
    x = np.geomspace(10, 20_000, 300)
    figure, (panel,) = sheet(width=7.0)
    curves(panel, "氯 0.5 kg/s，城市：轴线地面浓度", "下风距离 x（m）", "浓度 C（mg/m³）", {}, (10, 20_000), (0.1, 1e7), log="xy")
    for colour, (weather, wind) in zip((BLUE, ORANGE), footprintplots.WEATHER, strict=True):
        plume = Plume.of(0.5, wind, weather, "urban", footprintplots.CHLORINE)
        passive = dispersion.plume(0.5, wind, *dispersion.briggs(x, weather, "urban")) * 1e6
        panel.plot(x, plume.concentration(x) * 1e6, color=colour, linestyle="-", label=f"重气，{weather} 类 {wind} m/s")
        panel.plot(x, passive, color=colour, linestyle="--", label=f"高斯，{weather} 类 {wind} m/s")
    valid(panel, 100, 10_000, "Briggs σ 适用：\n100 m–10 km")
    legend(panel)
    return figure


@picture
def shrinking(parameters: Parameters) -> Figure:
    """What observed incidents do to a rate."""
    ratio = np.linspace(0, 3, 100)
    lines = {f"预期 Ê = {e:g} 起": (ratio, likelihood.shrunk_ratio(ratio * e, np.full(100, e), parameters))
             for e in (5.0, 10.0, 50.0, 350.0)}
    figure, (panel,) = sheet()
    curves(panel, "观测修正 s = (n + k)/(Ê + k)", "观测起数 ÷ 预期起数 n/Ê", "s", lines, (0, 3), (0, 3))
    panel.plot([0, 3], [0, 3], color="#999999", linewidth=0.8, linestyle=":", label="不收缩 s = n/Ê")
    legend(panel)
    return figure


@picture
def presence(parameters: Parameters) -> Figure:
    """Where people are in each slot of the week."""
    home, work, school, visit, transit = (parameters.array(f"people.shares.{name}")
                                          for name in ("home", "work", "school", "visit", "transit"))
    groups = {"在家": (home, BLUE, ""), "上班、上学": (work + school, ORANGE, "//"), "到访、路上": (visit + transit, GREEN, "..")}
    figure, (panel,) = sheet()
    for i, (name, (shares, colour, hatch)) in enumerate(groups.items()):
        bars = panel.bar(np.arange(4) + 0.27 * (i - 1), 100 * shares, 0.26, color=colour, hatch=hatch, edgecolor="#ffffff",
                         label=name)
        panel.bar_label(bars, fmt="%.0f", fontsize=8, padding=1)
    panel.set(title="各时段的去处", ylabel="占全部人口（%）", ylim=(0, 105))
    panel.set_xticks(np.arange(4), ["工作日白天", "工作日晚上", "夜间", "周末白天"])
    panel.grid(visible=False, axis="x")
    legend(panel)
    return figure


@picture
def line_risk(_: Parameters) -> Figure:
    """Individual risk across a straight line: the closed form."""
    h = np.linspace(0, 320, 321)
    lines = {f"影响半径 R = {R} m": (h, 2 * 1e-7 * np.sqrt(np.maximum(R**2 - h**2, 0.0))) for R in (100, 200, 300)}
    figure, (panel,) = sheet()
    curves(panel, "直线管道两侧的个人风险 2λ√(R² − h²)，λ = 10⁻⁴/(km·年)", "离管道的距离 h（m）", "个人风险（1/年）", lines,
           (0, 320), (0, 7e-5))
    panel.set_yticks([0, 2e-5, 4e-5, 6e-5], ["0", "2×10⁻⁵", "4×10⁻⁵", "6×10⁻⁵"])
    legend(panel)
    return figure


@picture
def societal(parameters: Parameters) -> Figure:
    """F-N of three installations and the lines of the standard."""
    n = np.array(FN_N, np.float64)
    upper, lower = (parameters.number(f"levels.criteria.fn_{name}") for name in ("upper", "lower"))
    figure, (panel,) = sheet(height=3.8)
    curves(panel, "装置自己的 F-N 曲线与判据", "死亡人数 N（人）", "频率 F(≥N)（次/年）", {}, (1, 1000), (1e-8, 1e-2), log="xy")
    for name, rate, deaths in (("可接受", 1e-6, 2.0), ("尽可能降低", 3e-5, 8.0), ("不可接受", 2e-4, 30.0)):
        panel.step(n, fn_curve([rate], [deaths]), where="post", label=name)  # stairs: never interpolated
    panel.fill_between(n, lower / n, upper / n, facecolor="#eeeeee", edgecolor="none", zorder=0, label="尽可能降低区")
    for words, bound in (("上线", upper), ("下线", lower)):
        panel.plot(n, bound / n, color="#333333", linewidth=1.0, linestyle="-", label=f"{words} {said(bound)}/N")
    legend(panel)
    return figure


@picture
def densities(parameters: Parameters) -> Figure:
    """The index against density, with the streets' levels."""
    d = np.geomspace(1e-6, 30, 200)
    bounds = parameters.array("levels.street.density")
    marks = {f"街道 {level} 级 d ≥ {bound:g}": float(index([bound], parameters)[0])
             for level, bound in zip("123", bounds, strict=True)}
    figure, (panel,) = sheet()
    curves(panel, "指数 I 与生命损失密度 d", "d（人/(km²·年)）", "I", {"I = (100/6)·lg(d/10⁻⁵)": (d, index(d, parameters))},
           (1e-6, 30), (0, 105), log="x")
    valid(panel, 1e-5, 10, "刻度：10⁻⁵–10，\n以外取 0 与 100")
    thresholds(panel, marks, at="left")
    legend(panel)
    return figure


@picture
def multipliers(_: Parameters) -> Figure:
    """Distribution of a mean-preserving multiplier by error factor."""
    z = np.linspace(-3, 3, 200)
    share = probit.probability(5 + z)
    lines = {f"误差因子 {ef:g}": (lognormal(z, float(sigma(ef))), share) for ef in (1.5, 3.0, 5.0, 10.0)}
    figure, (panel,) = sheet()
    curves(panel, "乘子的分布：均值为 1，误差因子越大中位数越低", "乘子", "累积概率", lines, (0.01, 30), (0, 1), log="x")
    at_value(panel, 1.0)
    legend(panel)
    return figure


#: Picture by file name: caption and what draws it.
PLOTS: Mapping[str, tuple[str, Callable[[Parameters], str]]] = MappingProxyType({
    "identification": ("分级指标随周围常住人口的阶梯", residents),
    "release": ("三种衰减", releases),
    "tailings": ("尾矿外泄的影响范围", footprintplots.tongues),
    "fire": ("热辐射随距离", heat),
    "pools": ("池火的尺寸与适用范围", pools),
    "probits": ("同一热辐射，四种概率函数", heat_probits),
    "fire-footprint": ("火灾的影响范围", footprintplots.fires),
    "explosion": ("超压随距离", pressure),
    "explosion-footprint": ("爆炸的影响范围", footprintplots.blasts),
    "dispersion": ("轴线浓度", clouds),
    "footprint": ("毒气致死概率随距离", footprintplots.toxic),
    "footprint-plan": ("毒气影响范围的平面", footprintplots.toxic_plan),
    "flammable-plan": ("可燃云的平面", footprintplots.flammable_plan),
    "event-trees": ("各结局的影响范围", footprintplots.outcomes),
    "likelihood": ("观测修正", shrinking),
    "people": ("各时段的去处", presence),
    "fields": ("管线两侧的个人风险", line_risk),
    "societal": ("F-N 曲线与判据", societal),
    "levels": ("指数与等级", densities),
    "uncertainty": ("乘子的分布", multipliers),
})
