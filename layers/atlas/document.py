"""The printed atlas: facts and maps of a snapshot handed to a Typst template."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from geo.errors import EnvironmentProblem
from layers.atlas.maps import border_map, cell_map, street_map, window
from layers.reader import Snapshot
from layers.style import ATTRIBUTION, HATCHED_ZH, SYNTHETIC_ZH, THEMES, legend, level
from riskmodel.parameters.load import load_parameters

#: Streets in the ranking.
RANKED = 40

#: Families that cover the characters of place names, best first.
FAMILIES = ("Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei")


def fonts_folder() -> Path:
    """Where ``make assets`` puts the Chinese font."""
    return Path(str(resources.files("layers"))) / "static" / "fonts"


def write_pdf(snapshot: Snapshot, path: Path, *, font_dir: Path | None = None) -> None:
    """Write the atlas as PDF (A4, fonts embedded).

    Raises
    ------
    EnvironmentProblem
        If `font_dir` holds no Chinese font.
    """
    import typst

    folder = font_dir or fonts_folder()
    family = _family(folder)
    view = window(snapshot)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "streets.svg").write_text(street_map(snapshot, view), "utf-8")
        (root / "borders.svg").write_text(border_map(snapshot, view, family), "utf-8")
        (root / "cells.png").write_bytes(cell_map(snapshot, view))
        (root / "data.json").write_bytes(orjson.dumps(facts(snapshot, family)))
        template = resources.files("layers.atlas") / "template.typ"
        (root / "atlas.typ").write_bytes(template.read_bytes())
        pdf = typst.compile(str(root / "atlas.typ"), root=str(root), font_paths=[str(folder)], ignore_system_fonts=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(pdf)
    aside.replace(path)


def facts(snapshot: Snapshot, family: str) -> dict[str, Any]:
    """Everything that the template prints, as plain values with numbers already formatted."""
    manifest = snapshot.manifest
    city = snapshot.area(str(manifest["city"]["code"]))
    return {
        "font": family, "city": manifest["city"]["name"], "as_of": str(manifest["as_of"]), "run_id": snapshot.run_id,
        "cell_m": str(snapshot.grid.cell),
        "synthetic": SYNTHETIC_ZH if snapshot.synthetic else "", "attribution": ATTRIBUTION, "hatched": HATCHED_ZH,
        "legend": legend(load_parameters()), "summary": _summary(snapshot, city), "streets": _ranking(snapshot),
        "districts": [_district(record) for record in snapshot.ranking("district")],
        "themes": [{"zh": zh, "pll": number(city[f"pll_{code}"]), "share": f"{100 * city[f'pll_{code}'] / city['pll']:.1f} %"}
                   for code, zh in THEMES] if city["pll"] else [],
        "proof": [["运行编号", snapshot.run_id], ["数据日期", str(manifest["as_of"])], ["生成时间", str(manifest["created"])],
                  ["参数校验和", str(manifest["parameters_sha256"])], ["数据版本", str(manifest["store_version"])],
                  ["程序版本", str(manifest["code_version"])]],
    }


def number(value: float | None) -> str:
    """A number with three significant digits, never in a form that needs decoding by the reader.

    Examples
    --------
    >>> number(12345.6), number(0.01234), number(2.5e-7), number(0.0)
    ('12,346', '0.0123', '2.5×10⁻⁷', '0')
    """
    if value is None or value != value:
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 1e-4:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2g}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}×10{raised}"


def _family(folder: Path) -> str:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
    present = fonts.families() if folder.is_dir() else []
    for family in FAMILIES:
        if family in present:
            return family
    raise EnvironmentProblem(
        f"在 {folder} 中没有找到中文字体，无法生成图集", f"there is no Chinese font in {folder}, so the atlas cannot be made",
        remedy_zh="请先运行 make assets。", remedy_en="Run make assets first.", folder=str(folder),
    )


def _summary(snapshot: Snapshot, city: dict[str, Any]) -> list[list[str]]:
    manifest = snapshot.manifest
    rows = [
        ["潜在生命损失", f"{number(city['pll'])} 死亡/年"], ["密度", f"{number(city['density'])} 死亡/(km²·年)"],
        ["指数", f"{city['index']:.1f}"], ["常住人口", f"{city['residents']:,.0f} 人"], ["面积", f"{city['area_km2']:,.0f} km²"],
    ]
    rows += [[f"{level(k).zh}（{level(k).colour_zh}）", f"{manifest['streets'].get(f'level_{k}', 0)} 个街道（乡镇），"
              f"{manifest['cells'].get(f'level_{k}', 0):,} 个网格"] for k in range(1, 5)]
    return rows


def _ranking(snapshot: Snapshot) -> list[dict[str, Any]]:
    names = dict(zip(snapshot.areas.texts("code"), snapshot.areas.texts("name"), strict=True))
    rows = []
    for record in snapshot.ranking("street", by="severity", limit=RANKED):
        main = max(THEMES, key=lambda theme: record[f"pll_{theme[0]}"])
        rows.append({
            **_common(record), "rank": record["position"], "district": names.get(record["parent"]) or "", "theme": main[1],
            "codes": "、".join(entry if isinstance(entry, str) else str(entry["code"]) for entry in record["codes"]),
        })
    return rows


def _district(record: dict[str, Any]) -> dict[str, Any]:
    return {**_common(record), "residents": f"{record['residents']:,.0f}", "area": number(record["area_km2"]),
            "shares": [f"{100 * (record[f'share_people_{k}'] or 0):.1f}" for k in range(1, 5)]}


def _common(record: dict[str, Any]) -> dict[str, Any]:
    entry = level(record["risk_level"])
    return {
        "name": record["name"], "level": entry.zh, "colour": entry.colour, "hatched": record["hatched"],
        "index": f"{record['index']:.1f}", "pll": number(record["pll"]), "density": number(record["density"]),
        "kappa": number(record["kappa"]),
    }
