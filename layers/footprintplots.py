"""Pictures of footprints: the probability of death against distance, and seen from above where the footprint has a direction."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from layers.pictures import BLUE, ORANGE, curves, legend, legend_below, picture, plan, sheet, valid
from riskmodel.consequence import jetfire, probit, tailings
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import (
    Fuel,
    Physics,
    blast_kernel,
    charge_effect,
    cloud_radius,
    fireball_kernel,
    flash_kernel,
    jet_kernel,
    pool_kernel,
)
from riskmodel.quantified.toxic import Field, effective_share
from riskmodel.scenarios import Kernel, kernel_distances

Array = NDArray[np.float64]

#: Chlorine as cold vapour, and propane.
CHLORINE, PROPANE = Gas.vapour(0.0709, 239.15), Gas.vapour(0.0441, 231.05)

#: Stability class and wind, m/s, of the clouds shown.
WEATHER: tuple[tuple[str, float], ...] = (("D", 4.0), ("F", 1.5))

_SHARES = {"P ≥ 1 %": 0.01, "≥ 10 %": 0.1, "≥ 50 %": 0.5, "≥ 90 %": 0.9}


def _kernels(panel: Axes, kernels: dict[str, Kernel], *, indoors: bool = False) -> None:
    for name, kernel in kernels.items():
        share, r = kernel.indoors if indoors else kernel.outdoors, kernel_distances(kernel.radius)
        panel.plot([*r, r[-1]], [*share, 0.0], label=name)


@picture
def outcomes(parameters: Parameters) -> Figure:
    """Death outdoors and indoors against distance for the outcomes of an LPG tank and a pool of petrol."""
    fuel, gasoline, physics = Fuel.of(parameters, "lpg"), Fuel.of(parameters, "gasoline"), Physics.of(parameters)
    kernels: dict[str, Kernel] = {
        "火球 45 t": fireball_kernel(45_000.0, fuel, physics), "蒸气云爆炸 5 t": blast_kernel(5000.0, fuel, physics),
        "闪火 5 t": flash_kernel(5000.0, fuel, physics), "喷射火 10 kg/s": jet_kernel(10.0, fuel, physics),
        "汽油池火，半径 15 m": pool_kernel(15.0, gasoline, physics),
    }
    figure, panels = sheet(2, width=7.4, height=3.6)
    for panel, words, indoors in zip(panels, ("户外", "室内"), (False, True), strict=True):
        curves(panel, f"{words}致死概率", "距离 r（m）", "致死概率 P", {}, (0, 450), (0, 1.04))
        _kernels(panel, kernels, indoors=indoors)
    legend_below(panels[0], 3)
    return figure


@picture
def fires(parameters: Parameters) -> Figure:
    """Death by fires against distance, the jet of unknown direction; and a jet whose direction is known, from above."""
    fuel, gasoline, physics = Fuel.of(parameters, "lpg"), Fuel.of(parameters, "gasoline"), Physics.of(parameters)
    figure, (left, right) = sheet(2, width=7.4, height=3.6)
    curves(left, "户外致死概率", "距离 r（m）", "致死概率 P", {}, (0, 300), (0, 1.5))
    left.set_yticks(np.linspace(0, 1, 6))
    _kernels(left, {"火球 11.7 t": fireball_kernel(11_700.0, fuel, physics),
                    "汽油池火，半径 15 m": pool_kernel(15.0, gasoline, physics),
                    "喷射火 10 kg/s，方向不定": jet_kernel(10.0, fuel, physics)})
    left.legend(loc="upper right")
    length, directions = float(jetfire.chinese_length(10.0, fuel.combustion)), 180
    r, theta = np.linspace(0.5, 140, 200), (np.arange(directions + 1) + 0.5) * 2 * np.pi / directions
    flux = jetfire.mean_over_directions(r, length, 10.0, fuel.combustion, physics.jet_radiated, directions=directions)
    around = physics.outdoors(np.concatenate([flux, flux[:1]]))
    x, y = r * np.cos(theta)[:, None], r * np.sin(theta)[:, None]
    plan(right, f"喷射火 10 kg/s（长 {length:.0f} m）的致死概率", x, y, around, _SHARES, direction="射流")
    right.plot([0, length], [0, 0], color="#000000", linewidth=1.0)
    right.set(xlim=(-45, 95), ylim=(-60, 60))
    legend_below(right, 4)
    return figure


@picture
def blasts(parameters: Parameters) -> Figure:
    """Death by blasts against distance: the rule of 0.3 and 0.1 bar."""
    fuel, physics = Fuel.of(parameters, "lpg"), Physics.of(parameters)
    kernels = {"液化石油气云 5 t": blast_kernel(5000.0, fuel, physics), "TNT 1 t（GB 6722）": charge_effect(1000.0).kernel}
    figure, panels = sheet(2, width=7.4, height=3.5)
    for panel, words, indoors in zip(panels, ("户外", "室内"), (False, True), strict=True):
        curves(panel, f"{words}致死概率", "距离 r（m）", "致死概率 P", {}, (0, 220), (1e-3, 1.5), log="y")
        _kernels(panel, kernels, indoors=indoors)
        valid(panel, cloud_radius(5000.0, fuel, physics.flatness), 220, "TNT 当量适用：云团之外")
    legend_below(panels[0], 3)
    return figure


def _chlorine(weather: str, wind: float) -> Field:
    """P(death) outdoors of 0.5 kg/s of chlorine for half an hour, at x m downwind and y m across."""
    cloud, constants = Plume.of(0.5, wind, weather, "urban", CHLORINE), probit.toxic_constants("chlorine")

    def lethality(x: Array, y: Array) -> Array:
        milligrams = np.maximum(cloud.concentration(x, y) * 1e6, 1e-9)
        return probit.probability(probit.toxic(probit.toxic_load(milligrams, 30.0, constants.n), constants))

    return lethality


@picture
def toxic(_: Parameters) -> Figure:
    """Death by chlorine on the axis of the cloud, and its mean over all directions of the wind."""
    r = np.geomspace(5, 1000, 300)
    figure, (panel,) = sheet(width=7.0)
    curves(panel, "氯 0.5 kg/s，30 min，城市：户外致死概率", "距离 r（m）", "致死概率 P", {}, (5, 1000), (1e-4, 1.5), log="xy")
    for colour, (weather, wind) in zip((BLUE, ORANGE), WEATHER, strict=True):
        width = Plume.of(0.5, wind, weather, "urban", CHLORINE).edge(r) / 5
        lethality = _chlorine(weather, wind)
        panel.plot(r, lethality(r, np.zeros_like(r)), color=colour, linestyle="-", label=f"轴线，{weather} 类 {wind} m/s")
        panel.plot(r, effective_share(lethality, width, r), color=colour, linestyle="--", label=f"各风向平均 A(r)，{weather} 类")
    valid(panel, 100, 1000, "Briggs σ 适用：≥ 100 m")
    legend(panel)
    return figure


@picture
def toxic_plan(_: Parameters) -> Figure:
    """The same clouds from above."""
    figure, panels = sheet(2, width=7.6, height=3.8)
    for panel, (weather, wind), far, wide in zip(panels, WEATHER, (110, 270), (45, 180), strict=True):
        x, y = np.linspace(-0.15 * far, far, 301), np.linspace(-wide, wide, 241)
        plan(panel, f"{weather} 类 {wind} m/s：户外致死概率", x, y, _chlorine(weather, wind)(x[None, :], y[:, None]), _SHARES)
    legend_below(panels[0], 4)
    return figure


@picture
def flammable_plan(parameters: Parameters) -> Figure:
    """A flammable cloud from above: certain death inside the lower flammable limit if it ignites."""
    limit = Fuel.of(parameters, "lpg").flammable_limit
    figure, panels = sheet(2, width=7.6, height=3.8)
    for panel, (weather, wind), far, wide in zip(panels, WEATHER, (340, 640), (170, 400), strict=True):
        x, y = np.linspace(-0.25 * far, far, 301), np.linspace(-wide, wide, 241)
        cloud = Plume.of(10.0, wind, weather, "rural", PROPANE, richardson=None).concentration(x[None, :], y[:, None])
        plan(panel, f"丙烷 10 kg/s，农村，{weather} 类 {wind} m/s", x, y, cloud / limit,
             {"0.5 LFL": 0.5, "LFL：点燃时其内必死": 1.0})
    legend_below(panels[0], 2)
    return figure


@picture
def tongues(_: Parameters) -> Figure:
    """Share of the circle that the outflow of a tailings dam of unknown direction covers."""
    figure, (panel,) = sheet(width=7.0)
    r = np.geomspace(10, 50_000, 400)
    curves(panel, "尾矿库溃坝：距离 r 处的圆周被淹的份额", "距离 r（m）", "份额 w/2πr", {}, (10, 50_000), (1e-4, 1.5), log="xy")
    for volume, height in ((1e5, 15.0), (1e6, 20.0), (1e7, 40.0)):
        length, width = float(tailings.runout(volume, height)), float(tailings.width(volume, height))
        panel.plot(r, tailings.share_of_circle(r, length, width), label=f"{volume / 1e4:g} 万 m³，坝高 {height:g} m")
    far = float(tailings.runout(1e6, 20.0))
    valid(panel, far / 3, far * 3, "100 万 m³ 行程的\n误差因子 3")
    legend(panel)
    return figure
