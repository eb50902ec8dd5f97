"""The one place for levels, colours, patterns, themes and the legend; viewer, tiles, GIS files and atlas all read it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from riskmodel.parameters.load import Parameters
from riskmodel.scenarios import THEME_ZH, Theme


@dataclass(frozen=True)
class Level:
    """One of the four risk levels.

    Attributes
    ----------
    code : int
        1 (worst) to 4.
    zh, en : str
        Official term and translation.
    colour_zh : str
        Name of the colour in the regulations.
    colour : str
        ``#RRGGBB``.
    pattern : str
        Name of the pattern that tells the level without colour: ``cross``, ``stripes``, ``dots`` or ``plain``.
    """

    code: int
    zh: str
    en: str
    colour_zh: str
    colour: str
    pattern: str

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green, blue, 0–255."""
        return rgb(self.colour)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue (0–255) of ``#RRGGBB``."""
    value = int(colour[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


#: The four levels, worst first.
LEVELS: tuple[Level, ...] = (
    Level(1, "重大", "major", "红", "#E03131", "cross"),
    Level(2, "较大", "high", "橙", "#F08C00", "stripes"),
    Level(3, "一般", "moderate", "黄", "#FFD43B", "dots"),
    Level(4, "低", "low", "蓝", "#4C6EF5", "plain"),
)


@dataclass(frozen=True)
class ColourStyle:
    """Colours of the four levels, worst first."""

    name: str
    zh: str
    en: str
    colours: tuple[str, str, str, str]


#: The colours of the regulations.
STANDARD = "standard"

#: Colour styles; the second keeps the order of levels in lightness, for people who cannot tell red from green.
STYLES: dict[str, ColourStyle] = {
    style.name: style for style in (
        ColourStyle(STANDARD, "标准四色", "standard", tuple(level.colour for level in LEVELS)),  # type: ignore[arg-type]
        ColourStyle("accessible", "色觉友好", "for colour-blind readers", ("#7A0403", "#C8500A", "#F2B701", "#BFDDF2")),
    )
}

#: What a hatched cell or area means.
HATCHED_ZH = "斜线：颜色不稳定（按均值应为重大但概率不足一半，或换一种网格、分区就会变色）"
HATCHED_EN = "hatched: an unstable colour (major with less than even odds, or another on a shifted grid)"

#: Drawn on every map and export whose data are generated.
SYNTHETIC_ZH = "合成数据，仅供演示"
SYNTHETIC_EN = "synthetic data, for demonstration only"

#: Sources whose licences ask to be named wherever the map is shown.
ATTRIBUTION = "© OpenStreetMap contributors (ODbL); WorldPop (CC BY 4.0)"

#: Themes as columns name them, with their official terms, in column order.
THEMES: tuple[tuple[str, str], ...] = tuple((theme.name.lower(), THEME_ZH[theme]) for theme in Theme)


def level(code: int) -> Level:
    """The level of a code 1–4.

    Examples
    --------
    >>> level(2).zh
    '较大'
    """
    return LEVELS[code - 1]


@dataclass(frozen=True)
class LegendEntry:
    """A level with the density (deaths/km²·yr) and the index from which it applies; `upto` is None at the top."""

    code: int
    zh: str
    en: str
    colour_zh: str
    colour: str
    pattern: str
    density_from: float
    density_upto: float | None
    index_from: float
    text: str


def index_of(density: float, parameters: Parameters) -> float:
    """Index 0–100 of a PLL density (deaths/km²·yr): 100 · log10(d/zero) / log10(hundred/zero), cut at both ends.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> round(index_of(3.0, load_parameters()), 1)
    91.3
    """
    zero, hundred = parameters.number("levels.index.zero"), parameters.number("levels.index.hundred")
    if density <= zero:
        return 0.0
    return min(100.0, 100.0 * math.log10(density / zero) / math.log10(hundred / zero))


def legend_entries(parameters: Parameters, unit: str) -> tuple[LegendEntry, ...]:
    """The four entries of a legend.

    Parameters
    ----------
    parameters : Parameters
        Gives the thresholds (``levels.<unit>.density``).
    unit : str
        ``cell`` or ``street`` (districts use the street's).
    """
    thresholds = [float(value) for value in parameters.array(f"levels.{unit}.density")]
    lower = [*thresholds, 0.0]
    upper: list[float | None] = [None, *thresholds]
    return tuple(
        LegendEntry(**asdict(entry), density_from=low, density_upto=high, index_from=round(index_of(low, parameters), 1),
                    text=_text(low, high))
        for entry, low, high in zip(LEVELS, lower, upper, strict=True)
    )


def legend(parameters: Parameters) -> dict[str, Any]:
    """The whole legend as plain values for JSON: entries for cells and streets, unit, hatching, themes."""
    return {
        "unit": "死亡/(km²·年)",
        "cell": [asdict(entry) for entry in legend_entries(parameters, "cell")],
        "street": [asdict(entry) for entry in legend_entries(parameters, "street")],
        "note": "等级还受个人风险、重大隐患等规则影响，取最严者；逐条规则见详情。",
        "hatched": {"zh": HATCHED_ZH, "en": HATCHED_EN},
        "themes": [{"code": code, "zh": zh} for code, zh in THEMES],
    }


def _text(low: float, high: float | None) -> str:
    if high is None:
        return f"≥ {low:g}"
    return f"{low:g} – {high:g}" if low > 0 else f"< {high:g}"
