"""Feature kinds, each declared once; tables, validation, API schema, templates and the data model page follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from geo.errors import UnknownIdentifier

FieldType = Literal["text", "int", "float", "bool", "date", "json"]
GeometryType = Literal["point", "line", "polygon", "point_or_polygon"]


@dataclass(frozen=True)
class Field:
    """One declared field of a kind.

    Attributes
    ----------
    name, zh : str
        Code name (also the column) and official Chinese term.
    type : FieldType
        Storage type.
    unit : str
        Unit symbol, empty for none.
    required : bool
        A row without it goes to quarantine.
    choices : tuple of str
        Allowed values of a text field; empty for free text.
    minimum, maximum : float or None
        Inclusive bounds of a number.
    note : str
        One line of explanation for the data model page.
    """

    name: str
    zh: str
    type: FieldType = "text"
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of feature on the map."""

    name: str
    zh: str
    geometry: GeometryType
    fields: tuple[Field, ...]
    note: str = ""

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Common fields first, then the kind's own."""
        return COMMON + self.fields

    def field(self, name: str) -> Field:
        """The declared field of this name; raises UnknownIdentifier if there is none."""
        for candidate in self.all_fields:
            if candidate.name == name:
                return candidate
        raise UnknownIdentifier(f"{self.zh}没有字段“{name}”", f"kind {self.name} has no field {name!r}", field=name)


#: Fields that every kind carries, before its own. Geometry is stored beside them in CGCS2000 degrees.
COMMON: tuple[Field, ...] = (
    Field("id", "编号", required=True, note="unique within the kind"),
    Field("name", "名称"),
    Field("area_code", "街道代码", note="12-digit street code, assigned from the geometry"),
    Field("source", "来源", required=True, note="data set and row"),
    Field("valid_from", "生效日期", "date"),
    Field("valid_to", "失效日期", "date"),
    Field("position_accuracy_m", "位置精度", "float", "m", minimum=0),
    Field("assumed", "假定字段", "json", note="list of the fields whose value is an assumption"),
    Field("synthetic", "合成数据", "bool", required=True, note="true for every generated row"),
    Field("updated_at", "更新日期", "date"),
    Field("extra", "其他", "json"),
)

#: Sections of GB/T 4754-2017 that employ people in a city's statistics.
INDUSTRIES: Mapping[str, str] = MappingProxyType({
    "A": "农、林、牧、渔业", "B": "采矿业", "C": "制造业", "D": "电力、热力、燃气及水生产和供应业", "E": "建筑业",
    "F": "批发和零售业", "G": "交通运输、仓储和邮政业", "H": "住宿和餐饮业", "I": "信息传输、软件和信息技术服务业",
    "J": "金融业", "K": "房地产业", "L": "租赁和商务服务业", "M": "科学研究和技术服务业", "N": "水利、环境和公共设施管理业",
    "O": "居民服务、修理和其他服务业", "P": "教育", "Q": "卫生和社会工作", "R": "文化、体育和娱乐业",
    "S": "公共管理、社会保障和社会组织",
})

#: All sections: the last one, too, stands in ledgers (offices of the United Nations), and its rows must not be lost.
SECTIONS: Mapping[str, str] = MappingProxyType({**INDUSTRIES, "T": "国际组织"})

#: Accident types of GB/T 6441.
ACCIDENT_TYPES: tuple[str, ...] = (
    "物体打击", "车辆伤害", "机械伤害", "起重伤害", "触电", "淹溺", "灼烫", "火灾", "高处坠落", "坍塌", "冒顶片帮",
    "透水", "放炮", "火药爆炸", "瓦斯爆炸", "锅炉爆炸", "容器爆炸", "其他爆炸", "中毒和窒息", "其他伤害",
)

#: What a premises is, for fire; rows of the fire table.
PREMISES: tuple[str, ...] = (
    "office", "shop", "mall", "restaurant", "hotel", "guesthouse", "entertainment", "school", "university", "hospital",
    "nursing_home", "factory", "warehouse", "station", "museum", "stadium",
)

#: Venue types; each maps to a row of the fire table and to a protection class rule of GB 36894.
VENUE_TYPES: tuple[str, ...] = (
    "school", "kindergarten", "university", "hospital", "clinic", "nursing_home", "hotel", "guesthouse", "mall",
    "supermarket", "cinema", "theatre", "nightclub", "bar", "stadium", "sports_hall", "museum", "library",
    "community_centre", "railway_station", "metro_station", "bus_station", "airport", "park", "sight", "theme_park",
    "zoo", "government", "prison", "embassy",
)

PROTECTION_CLASSES: tuple[str, ...] = ("高敏感", "重要", "一类", "二类", "三类")

ENTERPRISE = Kind("enterprise", "生产经营单位", "point_or_polygon", (
    Field("credit_code", "统一社会信用代码", note="18 characters, check digit of GB 32100"),
    Field("industry", "行业门类", required=True, choices=tuple(SECTIONS), note="section of GB/T 4754-2017"),
    Field("industry_code", "行业代码", note="class of GB/T 4754-2017, up to four digits"),
    Field("staff_at_place", "本场所从业人员", "int", "人", required=True, minimum=0,
          note="at this place, not at the registered one"),
    Field("premises", "场所类型", choices=PREMISES, note="row of the fire table"),
    Field("floor_area_m2", "建筑面积", "float", "m²", minimum=0, note="gross floor area"),
    Field("sprinklers", "自动喷水灭火", "bool"),
    Field("alarm", "火灾自动报警", "bool"),
    Field("lpg_cylinders", "液化气瓶用户", "bool", note="restaurant that cooks with bottled LPG"),
    Field("standardisation", "标准化等级", choices=("一级", "二级", "三级", "小微", "无")),
    Field("insured", "安责险", "bool"),
    Field("credit_list", "信用名单", choices=("红", "黑", "无")),
    Field("inspection", "近24个月检查结果", choices=("合格", "处罚", "停产", "无")),
    Field("reports", "已上报风险源", "bool", note="this unit has its own risk_source rows"),
    Field("address", "经营地址", note="where the work is done"),
    Field("registered_address", "注册地址", note="where the unit is registered; never the place of the risk"),
))

RISK_SOURCE = Kind("risk_source", "安全风险源", "point", (
    Field("enterprise_id", "单位编号", required=True),
    Field("source_kind", "风险源类型"),
    Field("accident_type", "事故类型", required=True, choices=ACCIDENT_TYPES),
    Field("method", "评估方法", required=True, choices=("LEC", "LS", "GRADE", "QUANTIFIED"),
          note="QUANTIFIED: assessed as a hazardous unit; shown here, counted there"),
    Field("profile", "评估方法版本", note="named profile of LEC or LS cut-offs; the default one if empty"),
    Field("l", "可能性 L", "float", minimum=0, maximum=10),
    Field("e", "暴露 E", "float", minimum=0, maximum=10),
    Field("c", "后果 C", "float", minimum=0, maximum=100),
    Field("s", "严重性 S", "float", minimum=1, maximum=5, note="of LS"),
    Field("grade", "自评等级", choices=("红", "橙", "黄", "蓝")),
    Field("workers_exposed", "暴露作业人员", "int", "人", minimum=0),
    Field("public_exposed", "暴露公众", "int", "人", minimum=0),
    Field("indoor", "室内", "bool"),
    Field("hazard_key", "危险对象键", note="what it describes; one hazard counts once"),
    Field("control", "管控措施"),
    Field("post", "责任岗位"),
))

HAZARD_SOURCE = Kind("hazard_source", "危险化学品单元", "point_or_polygon", (
    Field("enterprise_id", "单位编号"),
    Field("unit_type", "单元类型", required=True,
          choices=("filling_station", "cng_station", "lng_station", "hydrogen_station", "lpg_station", "lpg_bottle_shop",
                   "lpg_depot", "gas_gate_station", "ammonia_cold_store", "oil_depot", "chlorine_works", "tank_farm",
                   "pressure_vessels", "process_unit", "loading_rack", "chemical_store", "fireworks_store",
                   "explosives_store", "dust_workshop", "tailings_pond")),
    Field("scope", "判据范围", required=True, choices=("hc", "an"), note="hc: GB 36894 applies; an: by analogy"),
    Field("substance", "物质", required=True, note="name or code name of the substance tables; of a mixture the leading one"),
    Field("cas", "CAS 号", note="check digit verified"),
    Field("inventory", "物质清单", "json", note="list of {cas or substance, quantity_t}: everything present, for Σ q/Q"),
    Field("phase", "相态", choices=("气体", "液体", "液化气体", "冷冻液化气体", "固体")),
    Field("vessel_kind", "设备型式",
          choices=("储罐", "压力容器", "管道", "气瓶", "反应器", "泵", "压缩机", "装卸臂", "槽车", "库房")),
    Field("quantity_t", "设计最大量", "float", "t", required=True, minimum=0),
    Field("temperature_c", "温度", "float", "℃", minimum=-200, maximum=600),
    Field("pressure_mpa", "压力（表压）", "float", "MPa", minimum=0),
    Field("vessels", "容器数", "int", "台", required=True, minimum=1),
    Field("vessel_m3", "单台容积", "float", "m³", required=True, minimum=0),
    Field("buried", "埋地", "bool"),
    Field("bund_m2", "围堰面积", "float", "m²", minimum=0),
    Field("unloading_h", "年卸车时间", "float", "h/yr", minimum=0),
    Field("detection", "探测等级", choices=("A", "B", "C"), note="API RP 581: A instruments, B detectors, C eyes"),
    Field("isolation", "切断方式", choices=("automatic", "remote", "manual")),
    Field("fence_m", "围墙等效半径", "float", "m", minimum=0, note="people inside the fence are not the public"),
    Field("fence", "厂界", "json", note="GeoJSON polygon in degrees; goes before fence_m"),
    Field("hazard_class", "危险性类别", note="class of GB 18218 table 2 or of the explosive: W3, W1.2, 1.3G …"),
    Field("inundation", "淹没范围", "json", note="GeoJSON polygon in degrees of a tailings dam's flow; estimated if empty"),
    Field("height_m", "高度", "float", "m", minimum=0, note="tank, stack or dam"),
    Field("diagnosis_score", "安全风险诊断得分", "float", minimum=0, maximum=125, note="应急〔2018〕19号"),
    Field("diagnosis_veto", "直接判红", "bool", note="应急〔2018〕19号, any of the four vetoes"),
    Field("hazard_key", "危险对象键"),
))

PIPELINE = Kind("pipeline", "地下管线", "line", (
    Field("medium", "介质", required=True, choices=("gas", "oil", "crude", "products", "lpg", "heat", "steam")),
    Field("service", "用途", required=True, choices=("transmission", "town", "schematic"),
          note="schematic lines are drawn, never scored"),
    Field("diameter_mm", "外径", "float", "mm", minimum=10, maximum=3000),
    Field("pressure_mpa", "设计压力", "float", "MPa", minimum=0, maximum=20),
    Field("wall_mm", "壁厚", "float", "mm", minimum=0),
    Field("year", "投运年份", "int", minimum=1900, maximum=2100),
    Field("depth_m", "埋深", "float", "m", minimum=0),
    Field("operator", "权属单位"),
    Field("class_location", "地区等级", choices=("一级", "二级", "三级", "四级")),
))

VENUE = Kind("venue", "人员密集场所", "point_or_polygon", (
    Field("venue_type", "场所类型", required=True, choices=VENUE_TYPES),
    Field("protection_class", "防护目标分类", choices=PROTECTION_CLASSES, note="GB 36894-2018"),
    Field("floor_area_m2", "建筑面积", "float", "m²", minimum=0),
    Field("site_area_m2", "占地面积", "float", "m²", minimum=0),
    Field("capacity", "容纳人数", "int", "人", minimum=0),
    Field("sprinklers", "自动喷水灭火", "bool"),
    Field("alarm", "火灾自动报警", "bool"),
    Field("basement", "地下层", "bool"),
    Field("floors_above", "地上层数", "int", minimum=0, maximum=200),
    Field("floors_below", "地下层数", "int", minimum=0, maximum=20),
    Field("occupancy_profile", "分时在场率", "json", note="{slot: share of capacity}; the profile of the venue type if empty"),
    Field("sleeping", "住宿", "bool"),
    Field("year_built", "建成年份", "int", minimum=1000, maximum=2100),
    Field("crowd_peaks", "年高峰次数", "float", "次/yr", minimum=0, note="peak occasions of at least 5,000 people"),
    Field("peak_density", "高峰密度", "float", "人/m²", minimum=0, maximum=12),
    Field("metered", "限流单向", "bool", note="metering and one-way flow"),
    Field("hazard_key", "危险对象键"),
))

WORK_SITE = Kind("work_site", "施工工地", "point_or_polygon", (
    Field("site_type", "工程类型", required=True, choices=("building", "municipal", "metro", "demolition")),
    Field("stage", "施工阶段", choices=("基础", "主体", "装修", "收尾")),
    Field("workers", "作业人数", "int", "人", required=True, minimum=0),
))

EQUIPMENT = Kind("equipment", "特种设备", "point", (
    Field("equipment_type", "设备类型", required=True, choices=("boiler", "lift", "crane", "forklift", "pressure_vessel")),
    Field("count", "数量", "int", "台", required=True, minimum=1),
    Field("enterprise_id", "单位编号"),
    Field("age_yr", "平均年限", "float", "yr", minimum=0),
    Field("last_inspection", "上次检验", "date"),
))

HIDDEN_DANGER = Kind("hidden_danger", "隐患", "point", (
    Field("enterprise_id", "单位编号", required=True),
    Field("danger_kind", "隐患类别"),
    Field("major", "重大隐患", "bool", required=True),
    Field("found", "发现日期", "date", required=True),
    Field("due", "整改期限", "date"),
    Field("closed", "销案日期", "date"),
))

INCIDENT = Kind("incident", "事故", "point", (
    Field("occurred", "发生日期", "date", required=True),
    Field("accident_type", "事故类型", choices=ACCIDENT_TYPES),
    Field("deaths", "死亡人数", "int", "人", required=True, minimum=0),
    Field("injuries", "受伤人数", "int", "人", minimum=0),
    Field("industry", "行业门类", choices=tuple(SECTIONS)),
))

EMERGENCY_RESOURCE = Kind("emergency_resource", "应急资源", "point", (
    Field("resource_type", "资源类型", required=True, choices=("fire_station", "team", "depot", "shelter", "hospital")),
    Field("capability", "能力"),
    Field("staff", "人数", "int", "人", minimum=0),
))

AREA = Kind("area", "行政区", "polygon", (
    Field("code", "行政区划代码", required=True),
    Field("level", "层级", required=True, choices=("province", "city", "district", "street")),
    Field("parent", "上级代码"),
    Field("kind_zh", "类别", note="街道, 镇, 乡 …"),
))

BACKGROUND = Kind("background", "居民与从业", "point", (
    Field("residents", "常住人口", "int", "人", required=True, minimum=0),
    Field("households", "户数", "float", "户", required=True, minimum=0),
    Field("staff", "分行业从业人员", "json", "人", required=True, note="industry section → people, all units of the street"),
), note="one row per street: what nobody reports is not blue")

KINDS: Mapping[str, Kind] = MappingProxyType({
    kind.name: kind for kind in (
        ENTERPRISE, RISK_SOURCE, HAZARD_SOURCE, PIPELINE, VENUE, WORK_SITE, EQUIPMENT, HIDDEN_DANGER, INCIDENT,
        EMERGENCY_RESOURCE, AREA, BACKGROUND,
    )
})


def kind(name: str) -> Kind:
    """The kind of this name.

    Raises
    ------
    UnknownIdentifier
        If no kind has this name.

    Examples
    --------
    >>> kind("venue").zh
    '人员密集场所'
    """
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownIdentifier(
            f"没有名为“{name}”的要素类型", f"there is no feature kind {name!r}",
            remedy_zh=f"可用：{'、'.join(KINDS)}", remedy_en=f"Known: {', '.join(KINDS)}", kind=name,
        ) from None
