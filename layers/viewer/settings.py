"""What the page knows before it has asked the API anything: labels, thresholds, colours, which layers exist and how they look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo.kinds import SECTIONS, Kind
from riskmodel.parameters.load import Parameters

#: Feature layers of the switch: kind, lowest zoom at which they are asked for, colour and shape of the mark, shown at first.
FEATURE_LAYERS: tuple[tuple[str, int, str, str], ...] = (
    ("hazard_source", 11, "#212529", "diamond"),
    ("venue", 13, "#9C36B5", "circle"),
    ("pipeline", 12, "#5F3DC4", "line"),
    ("emergency_resource", 12, "#2B8A3E", "cross"),
    ("work_site", 13, "#8D6E63", "square"),
    ("risk_source", 15, "#495057", "triangle"),
    ("enterprise", 15, "#868E96", "circle"),
)

#: Chinese of the coded values that the panel shows.
CHOICES_ZH: Mapping[str, str] = {
    "filling_station": "加油站", "lpg_station": "液化气站", "lpg_depot": "液化气储配站", "ammonia_cold_store": "涉氨冷库",
    "oil_depot": "油库", "chlorine_works": "用氯单位",
    "cng_station": "压缩天然气加气站", "lng_station": "液化天然气加气站", "hydrogen_station": "加氢站",
    "lpg_bottle_shop": "液化气瓶装供应站",
    "gas_gate_station": "燃气门站", "tank_farm": "储罐区", "pressure_vessels": "压力容器区", "process_unit": "生产装置",
    "loading_rack": "装卸站台", "chemical_store": "危险化学品库房", "fireworks_store": "烟花爆竹库",
    "explosives_store": "民用爆炸物品库",
    "dust_workshop": "涉爆粉尘车间", "tailings_pond": "尾矿库", "crude": "原油", "products": "成品油", "steam": "蒸汽",
    "QUANTIFIED": "定量评估", "hc": "危险化学品（GB 36894）", "an": "参照执行",
    "gasoline": "汽油", "diesel": "柴油", "lpg": "液化石油气", "ammonia": "氨", "chlorine": "氯", "automatic": "自动",
    "remote": "远程", "manual": "手动", "gas": "燃气", "oil": "油品", "heat": "热力", "transmission": "长输",
    "town": "城镇", "schematic": "示意（不参与计算）", "school": "学校", "kindergarten": "幼儿园", "university": "高校",
    "hospital": "医院", "clinic": "门诊", "nursing_home": "养老机构", "hotel": "酒店", "guesthouse": "旅馆", "mall": "商场",
    "supermarket": "超市", "cinema": "影院", "theatre": "剧场", "nightclub": "歌舞娱乐", "bar": "酒吧", "stadium": "体育场",
    "sports_hall": "体育馆", "museum": "博物馆", "library": "图书馆", "community_centre": "文化活动中心",
    "railway_station": "火车站", "metro_station": "地铁站", "bus_station": "汽车站", "airport": "机场", "park": "公园",
    "sight": "景点", "theme_park": "游乐园", "zoo": "动物园", "government": "政府机关", "prison": "监所", "embassy": "使馆",
    "building": "房屋建筑", "municipal": "市政", "metro": "轨道交通", "demolition": "拆除", "boiler": "锅炉", "lift": "电梯",
    "crane": "起重机械", "forklift": "叉车", "pressure_vessel": "压力容器", "fire_station": "消防站", "team": "应急队伍",
    "depot": "物资库", "shelter": "避难场所", "office": "办公", "shop": "商铺", "restaurant": "餐饮",
    "entertainment": "娱乐", "factory": "厂房", "warehouse": "仓库", "station": "车站",
    "GRADE": "直接定级", "LEC": "LEC 法", "LS": "LS 法",
}

_VIEW = {"centre": [40.18, 116.42], "zoom": 9, "min_zoom": 7, "max_zoom": 18, "native_zoom": 13, "cell_zoom": 12}


def viewer_settings(legend: Mapping[str, Any], kinds: Mapping[str, Kind], parameters: Parameters) -> dict[str, Any]:
    """Settings of the page as plain values.

    Parameters
    ----------
    legend : mapping
        :func:`layers.style.legend`.
    kinds : mapping
        Declared feature kinds, for the labels of their fields.
    parameters : Parameters
        Gives the criteria (``levels.criteria.*``) and the ends of the index.

    Returns
    -------
    dict
        ``view``, ``legend``, ``criteria``, ``index``, ``kinds``, ``layers``, ``choices`` and ``sections``; JSON-ready.
    """
    return {
        "view": dict(_VIEW),
        "legend": dict(legend),
        "index": {"zero": parameters.number("levels.index.zero"), "hundred": parameters.number("levels.index.hundred")},
        "criteria": {name: parameters.table(f"levels.criteria.{name}") for name in ("in_service", "new")},
        "kappa": parameters.number("levels.street.kappa"),
        "kappa_norm": parameters.number("levels.street.kappa_norm"),
        "kinds": {name: _labels(kind) for name, kind in kinds.items()},
        "layers": [{"kind": kind, "zh": kinds[kind].zh, "min_zoom": zoom, "colour": colour, "shape": shape}
                   for kind, zoom, colour, shape in FEATURE_LAYERS],
        "choices": dict(CHOICES_ZH),
        "sections": dict(SECTIONS),
    }


def _labels(kind: Kind) -> dict[str, Any]:
    return {"zh": kind.zh, "fields": {field.name: {"zh": field.zh, "unit": field.unit} for field in kind.all_fields}}
