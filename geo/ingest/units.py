"""Units in headings: what a number in one unit is multiplied by to be in the declared one."""

from __future__ import annotations

import unicodedata

#: Size of each unit in its own dimension's first unit.
_SIZES: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("m", "米"), ("m", 1.0)), **dict.fromkeys(("mm", "毫米"), ("m", 0.001)),
    **dict.fromkeys(("cm", "厘米"), ("m", 0.01)), **dict.fromkeys(("km", "公里", "千米"), ("m", 1000.0)),
    **dict.fromkeys(("m2", "平方米", "平米", "㎡", "平方"), ("m2", 1.0)), **dict.fromkeys(("公顷", "ha", "万m2", "万平方米",
                                                                                   "万平米"), ("m2", 10000.0)),
    **dict.fromkeys(("km2", "平方公里", "平方千米"), ("m2", 1000000.0)), **dict.fromkeys(("亩",), ("m2", 10000 / 15)),
    **dict.fromkeys(("m3", "立方米", "立方", "方"), ("m3", 1.0)), **dict.fromkeys(("l", "升"), ("m3", 0.001)),
    **dict.fromkeys(("kg", "千克", "公斤"), ("kg", 1.0)), **dict.fromkeys(("t", "吨"), ("kg", 1000.0)),
    **dict.fromkeys(("万吨", "万t"), ("kg", 10000000.0)),
    **dict.fromkeys(("mpa", "兆帕"), ("Pa", 1000000.0)), **dict.fromkeys(("kpa", "千帕"), ("Pa", 1000.0)),
    **dict.fromkeys(("pa", "帕"), ("Pa", 1.0)), **dict.fromkeys(("bar", "巴"), ("Pa", 100000.0)),
    **dict.fromkeys(("人", "名", "个"), ("人", 1.0)), **dict.fromkeys(("万人",), ("人", 10000.0)),
    **dict.fromkeys(("台", "台套", "套", "只", "台/套", "座"), ("台", 1.0)),
    **dict.fromkeys(("户",), ("户", 1.0)), **dict.fromkeys(("℃", "°c", "摄氏度"), ("℃", 1.0)),
    **dict.fromkeys(("yr", "年", "a"), ("yr", 1.0)), **dict.fromkeys(("h/yr", "h/a", "小时/年", "h"), ("h/yr", 1.0)),
    **dict.fromkeys(("次/yr", "次/年", "次"), ("次/yr", 1.0)), **dict.fromkeys(("人/m2", "人/平方米"), ("人/m2", 1.0)),
}


def _plain(unit: str) -> str:
    return unicodedata.normalize("NFKC", unit).replace(" ", "").lower()


def factor(unit: str, declared: str) -> float | None:
    """What a number in `unit` is multiplied by to be in the `declared` unit; None where the two are not comparable.

    Examples
    --------
    >>> factor("万m²", "m²"), factor("kPa", "MPa"), factor("厘米", "mm"), factor("个", "m")
    (10000.0, 0.001, 10.0, None)
    """
    given, wanted = _SIZES.get(_plain(unit)), _SIZES.get(_plain(declared))
    if _plain(unit) == _plain(declared):
        return 1.0
    if given is None or wanted is None or given[0] != wanted[0]:
        return None
    return float(f"{given[1] / wanted[1]:.12g}")


def is_unit(text: str, declared: str) -> bool:
    """Whether the text names the declared unit, so that it may stand behind a number."""
    return factor(text, declared) == 1.0
