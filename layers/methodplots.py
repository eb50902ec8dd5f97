"""Pictures of the method's pages: what each part does over distance, time or size, computed by the model itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from layers.charts import bar_chart
from layers.curves import plot
from riskmodel import likelihood
from riskmodel.consequence import blowdown, bst, dispersion, evaporation, explosion, fireball, jetfire, poolfire, probit
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.identification import alpha
from riskmodel.levels import index
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import Fuel, Physics, blast_kernel, fireball_kernel, flash_kernel, jet_kernel, pool_kernel
from riskmodel.scenarios import FN_N, Kernel, kernel_distances
from riskmodel.societal import fn_curve
from riskmodel.uncertainty import lognormal, sigma

_CHLORINE = Gas.vapour(0.0709, 239.15)


def residents(parameters: Parameters) -> str:
    """R of 10 t of chlorine against the residents around."""
    people = np.arange(0, 141)
    r = alpha(people, parameters) * 4 * 10 / 5
    marks = {"三级 R ≥ 10": 10.0, "二级 R ≥ 50": 50.0}
    return plot("氯 10 t：分级指标 R 与厂界外 500 m 常住人口", "常住人口", "R", {"R = α·β·q/Q": (people, r)}, (0, 140), (0, 60),
                marks=marks)


def releases(_: Parameters) -> str:
    """Rates that weaken: a vessel, a broken pipe, a boiling pool."""
    t = np.geomspace(1, 3600, 200)
    curves = {
        "容器 1 t，初始 5 kg/s": (t, blowdown.vessel_rate(t, 5.0, 1000.0, 1.31)),
        "管道断裂 60 t": (t, blowdown.pipe_rupture_rate(t, 1000.0, 60_000.0, 270.0)),
        "沸腾池 100 m²": (t, evaporation.boiling_rate(t, 100.0, 54.0, 2.88e5)),
    }
    return plot("随时间衰减的泄漏与蒸发", "时间 s", "kg/s", curves, (1, 3600), (0.01, 2000), log="xy")


def heat(_: Parameters) -> str:
    """Heat of four fires against distance."""
    r = np.geomspace(5, 600, 200)
    power = poolfire.radiated_power(15.0, 0.055, 44e6, 0.2)
    curves = {
        "火球 11.7 t": (r, fireball.solid_flame_flux(r, 11_700.0, 292e3, vapour_pressure=1169.0) / 1e3),
        "池火 r 15 m": (r, poolfire.point_source_flux(r, power) / 1e3),
        "喷射火 10 kg/s": (r, jetfire.mean_over_directions(r, 45.0, 10.0, 50e6, 0.2).mean(axis=0) / 1e3),
    }
    marks = {"37.5 kW/m²": 37.5, "12.5": 12.5, "4": 4.0}
    return plot("热辐射随距离", "距离 m", "kW/m²", curves, (5, 600), (0.3, 400), log="xy", marks=marks)


def heat_probits(_: Parameters) -> str:
    """The thermal probits beside each other."""
    q = np.geomspace(3e3, 5e4, 200)
    names = {"tsao_perry": "Tsao–Perry", "tno": "TNO", "eisenberg": "Eisenberg", "lees": "Lees"}
    curves = {zh: (q / 1e3, probit.probability(probit.thermal(probit.thermal_dose(q, 20.0), name))) for name, zh in names.items()}
    return plot("20 s 热辐射的致死概率，四种发表的函数", "kW/m²", "致死概率", curves, (3, 50), (1e-6, 1.0), log="xy")


def pressure(_: Parameters) -> str:
    """Overpressure of a tonne of TNT and of a cloud."""
    r = np.geomspace(5, 1000, 200)
    Z = r / 10
    cloud = 46e6 * 1000 * 2
    curves = {
        "TNT 1 t，GB 6722": (r, explosion.gb6722(Z)),
        "TNT 1 t，Swisdak": (r, explosion.swisdak(Z)),
        "TNT 1 t，Kinney": (r, explosion.kinney_graham(Z)),
        "云 1 t，Mach 0.44": (r, bst.overpressure(r, cloud, 0.44) / 1e3),
        "云 1 t，爆轰": (r, bst.overpressure(r, cloud, 5.2) / 1e3),
    }
    return plot("超压随距离", "距离 m", "kPa", curves, (5, 1000), (0.3, 3000), log="xy", marks={"0.3 bar": 30.0, "0.1 bar": 10.0},
                dashed=[name for name in curves if name.startswith("云")])


def clouds(_: Parameters) -> str:
    """Chlorine on the axis: the dense model and the Gaussian one."""
    x = np.geomspace(10, 3000, 200)
    curves = {}
    for weather, wind in (("D", 4.0), ("F", 1.5)):
        plume = Plume.of(0.5, wind, weather, "urban", _CHLORINE)
        curves[f"重气 {weather} {wind} m/s"] = (x, plume.concentration(x) * 1e6)
        passive = dispersion.plume(0.5, wind, *dispersion.briggs(x, weather, "urban")) * 1e6
        curves[f"高斯 {weather} {wind} m/s"] = (x, passive)
    return plot("氯 0.5 kg/s：轴线地面浓度", "下风距离 m", "mg/m³", curves, (10, 3000), (1, 1e6), log="xy",
                dashed=[name for name in curves if name.startswith("高斯")])


def cloud_width(_: Parameters) -> str:
    """Footprint of the same release: half-width at 1 % and 50 % dead."""
    constants = probit.toxic_constants("chlorine")
    x, y = np.linspace(5, 700, 200), np.linspace(0, 150, 301)
    curves = {}
    for weather, wind in (("D", 4.0), ("F", 1.5)):
        plume = Plume.of(0.5, wind, weather, "urban", _CHLORINE)
        milligrams = plume.concentration(x[:, None], y[None, :]) * 1e6
        killed = probit.probability(probit.toxic(np.maximum(milligrams, 1e-9) ** constants.n * 30.0, constants))
        for share in (0.01, 0.5):
            half = np.where(killed >= share, y, 0.0).max(axis=1)
            reached = half > 0
            curves[f"{weather} {wind} m/s，{share:.0%}"] = (x[reached], half[reached])
    return plot("氯 0.5 kg/s、30 min：户外致死范围的半宽", "下风距离 m", "半宽 m", curves, (0, 400), (0, 120))


def footprints(parameters: Parameters) -> str:
    """Death outdoors against distance for the outcomes of an LPG tank."""
    fuel, gasoline, physics = Fuel.of(parameters, "lpg"), Fuel.of(parameters, "gasoline"), Physics.of(parameters)
    kernels: dict[str, Kernel] = {
        "火球 45 t": fireball_kernel(45_000.0, fuel, physics), "蒸气云爆炸 5 t": blast_kernel(5000.0, fuel, physics),
        "闪火 5 t": flash_kernel(5000.0, fuel, physics), "喷射火 10 kg/s": jet_kernel(10.0, fuel, physics),
        "汽油池火 r 15 m": pool_kernel(15.0, gasoline, physics),
    }
    curves = {name: (kernel_distances(k.radius), k.outdoors) for name, k in kernels.items()}
    return plot("事件树各结局：户外致死概率随距离", "距离 m", "致死概率", curves, (0, 500), (0, 1.0))


def shrinking(parameters: Parameters) -> str:
    """What observed incidents do to a rate."""
    ratio = np.linspace(0, 3, 100)
    curves = {f"预期 {e:g} 起": (ratio, likelihood.shrunk_ratio(ratio * e, np.full(100, e), parameters))
              for e in (5.0, 10.0, 50.0, 350.0)}
    return plot("观测修正 s = (n + k)/(Ê + k)", "观测 ÷ 预期", "s", curves, (0, 3), (0, 3))


def presence(parameters: Parameters) -> str:
    """Where people are in each slot of the week."""
    home, work, school, visit, transit = (parameters.array(f"people.shares.{name}")
                                          for name in ("home", "work", "school", "visit", "transit"))
    groups = {"在家": home.tolist(), "上班、上学": (work + school).tolist(), "到访、路上": (visit + transit).tolist()}
    return bar_chart(["工作日白天", "工作日晚上", "夜间", "周末白天"], groups, "各时段的去处", "占全部人口")


def line_risk(_: Parameters) -> str:
    """Individual risk across a straight line: the closed form."""
    h = np.linspace(0, 320, 200)
    curves = {f"R = {R} m": (h, 2 * 1e-7 * np.sqrt(np.maximum(R**2 - h**2, 0.0))) for R in (100, 200, 300)}
    return plot("直线管道两侧的个人风险 2λ√(R² − h²)，λ = 10⁻⁴/(km·年)", "离管道的距离 m", "1/年", curves, (0, 320), (0, 8e-5))


def societal(parameters: Parameters) -> str:
    """F-N of three installations and the lines of the standard."""
    n = np.array(FN_N, np.float64)
    upper, lower = (parameters.number(f"levels.criteria.fn_{name}") for name in ("upper", "lower"))
    curves = {"上线": (n, upper / n), "下线": (n, lower / n)}
    for name, rate, deaths in (("可接受", 1e-6, 2.0), ("尽可能降低", 3e-5, 8.0), ("不可接受", 2e-4, 30.0)):
        curves[name] = (np.repeat(n, 2)[1:], np.repeat(fn_curve([rate], [deaths]), 2)[:-1])  # stairs: never interpolated
    return plot("装置自己的 F-N 曲线与判据", "死亡人数 N", "F(≥N) 次/年", curves, (1, 1000), (1e-8, 1e-2), log="xy",
                dashed=["上线", "下线"])


def densities(parameters: Parameters) -> str:
    """The index against density, with the streets' levels."""
    d = np.geomspace(1e-6, 30, 200)
    bounds = parameters.array("levels.street.density")
    marks = {f"街道 {level} 级 d ≥ {bound:g}": float(index([bound], parameters)[0])
             for level, bound in zip("123", bounds, strict=True)}
    return plot("指数 I 与生命损失密度 d", "d 人/(km²·年)", "I", {"I": (d, index(d, parameters))}, (1e-6, 30), (0, 100), log="x",
                marks=marks)


def multipliers(_: Parameters) -> str:
    """Distribution of a mean-preserving multiplier by error factor."""
    z = np.linspace(-3, 3, 200)
    share = 0.5 * (1 + np.vectorize(_erf)(z / np.sqrt(2)))
    curves = {f"误差因子 {ef:g}": (lognormal(z, float(sigma(ef))), share) for ef in (1.5, 3.0, 5.0, 10.0)}
    return plot("乘子的分布：均值为 1，误差因子越大中位数越低", "乘子", "累积概率", curves, (0.01, 30), (0, 1), log="x")


def _erf(value: float) -> float:
    return float(2 * probit.probability(5 + value * np.sqrt(2)) - 1)


#: Picture by file name: caption and what draws it.
PLOTS: Mapping[str, tuple[str, Callable[[Parameters], str]]] = MappingProxyType({
    "identification": ("分级指标随周围常住人口的阶梯", residents),
    "release": ("三种衰减", releases),
    "fire": ("热辐射随距离", heat),
    "probits": ("同一热辐射，四种概率函数", heat_probits),
    "explosion": ("超压随距离", pressure),
    "dispersion": ("轴线浓度", clouds),
    "footprint": ("致死范围的形状", cloud_width),
    "event-trees": ("各结局的影响范围", footprints),
    "likelihood": ("观测修正", shrinking),
    "people": ("各时段的去处", presence),
    "fields": ("管线两侧的个人风险", line_risk),
    "societal": ("F-N 曲线与判据", societal),
    "levels": ("指数与等级", densities),
    "uncertainty": ("乘子的分布", multipliers),
})
