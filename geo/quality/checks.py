"""Every check by its code: what it belongs to, what it says of a row in both languages, and whether it costs the row anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from geo.codes import CREDIT_FAULTS, exact, industry
from geo.kinds import KINDS

Group = Literal["completeness", "validity", "freshness", "duplicates", "position"]

#: Groups with their official terms.
GROUP_ZH: Mapping[str, str] = MappingProxyType({
    "completeness": "完整性", "validity": "有效性", "freshness": "时效性", "duplicates": "重复", "position": "位置",
})


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    code : str
        C-, V-, F-, D- or P- and a word.
    group : str
        Key of :data:`GROUP_ZH`.
    zh, en : str
        Its name.
    detail_zh, detail_en : str
        What it says of a row; ``{value}`` (text), ``{number}`` and ``{other}`` (another row's id, or a second text) stand for
        what was found.
    counts : bool
        Whether the row counts as incomplete, invalid, stale, duplicated or misplaced by it; otherwise it is a note to look at.
    """

    code: str
    group: Group
    zh: str
    en: str
    detail_zh: str
    detail_en: str
    counts: bool = True


def _c(code: str, zh: str, en: str, detail_zh: str, detail_en: str, *, counts: bool = True) -> Check:
    groups: dict[str, Group] = {"C": "completeness", "V": "validity", "F": "freshness", "D": "duplicates", "P": "position"}
    return Check(code, groups[code[0]], zh, en, detail_zh, detail_en, counts)


_ALL = (
    _c("C-MISSING", "核心字段缺失", "core fields missing", "缺少：{value}", "missing: {value}"),
    _c("V-CREDIT", "信用代码校验错误", "credit code check digit", "统一社会信用代码“{value}”{reason}（GB 32100）",
       "credit code {value!r} {reason} (GB 32100)"),
    _c("V-INDUSTRY", "行业代码与门类不符", "industry code against section",
       "行业代码“{value}”{reason}不属于门类 {other}（GB/T 4754-2017）",
       "industry code {value!r} is not of section {other} (GB/T 4754-2017)"),
    _c("V-NAME", "占位文字", "placeholder text", "“{other}”填的是占位文字“{value}”", "{other} holds the placeholder {value!r}"),
    _c("V-CROWDED", "人员与建筑面积矛盾", "staff against floor area", "人均建筑面积 {number:.2f} m²，过小",
       "{number:.2f} m² of floor per head is too little"),
    _c("V-EMPTY", "建筑面积与人员矛盾", "floor area against staff", "人均建筑面积 {number:.0f} m²，过大",
       "{number:.0f} m² of floor per head is too much"),
    _c("V-STAFF", "从业人员数过大", "too many staff", "从业人员 {number:.0f} 人，过大", "{number:.0f} staff are too many"),
    _c("V-CAS", "CAS 号校验错误", "CAS check digit", "CAS 号“{value}”校验位不符", "CAS number {value!r}: wrong check digit"),
    _c("V-OVERFULL", "数量超过容器容量", "more than the vessels hold", "数量为容器容量的 {number:.2f} 倍",
       "the quantity is {number:.2f} times what the vessels hold"),
    _c("V-UNDERFULL", "数量与容器容量悬殊", "hardly anything in the vessels", "数量只有容器容量的 {number:.2g}，疑似单位错误",
       "the quantity is {number:.2g} of what the vessels hold: wrong unit?"),
    _c("V-WALL", "壁厚与外径矛盾", "wall against diameter",
       "壁厚的两倍不小于外径（{value}）", "twice the wall is not less than the diameter ({value})"),
    _c("V-STRESS", "压力与管径壁厚矛盾", "pressure against wall", "环向应力 {number:.0f} MPa，超过 X80 钢的屈服强度",
       "hoop stress {number:.0f} MPa is above the yield strength of X80"),
    _c("V-PACKED", "容纳人数与面积矛盾", "capacity against floor area", "每平方米 {number:.1f} 人，不可能",
       "{number:.1f} people per m² is impossible"),
    _c("V-TYPE", "名称与类型矛盾", "name against type", "名称表明是另一类场所，登记类型为 {value}",
       "the name says another kind of place than {value}"),
    _c("V-SITE", "占地面积与类型矛盾", "ground against type", "占地 {number:.0f} m²，与类型 {value} 不相称",
       "{number:.0f} m² of ground does not fit a {value}"),
    _c("V-FACTORS", "评估方法缺少取值", "factors of the method missing", "评估方法 {value} 的取值不全",
       "factors of method {value} are missing"),
    _c("V-EXPOSED", "暴露人数超过单位人数", "more exposed than employed", "暴露作业人员 {value}，单位从业人员 {other}",
       "{value} workers exposed, {other} employed"),
    _c("V-LEVEL", "自评等级与计算等级相差两级", "two levels apart", "自评等级与按后果计算的等级相差两级及以上",
       "own grade and computed level are at least two apart"),
    _c("V-ORPHAN", "所属单位不存在", "unknown unit", "单位编号“{value}”不在单位名录中",
       "unit {value!r} is not in the ledger of units"),
    _c("V-FUTURE", "日期在将来", "date in the future", "“{other}”为 {value}，晚于评估日",
       "{other} is {value}, after the day of assessment"),
    _c("V-ANCIENT", "日期过早", "date too early", "“{other}”为 {value}，过早", "{other} is {value}, too early"),
    _c("V-ORDER", "日期先后颠倒", "dates out of order", "{value}", "{value}"),
    _c("V-AGE", "使用年限不合理", "implausible age", "平均年限 {number:.0f} 年", "an age of {number:.0f} years"),
    _c("F-STALE", "更新过期", "stale", "已 {number:.0f} 天未更新", "not updated for {number:.0f} days"),
    _c("D-CODE", "信用代码重复", "same credit code", "与 {other} 信用代码相同（{value}），相似度 {number:.0f}",
       "same credit code as {other} ({value}), score {number:.0f}"),
    _c("D-PLACES", "一码多处", "one code at several places",
       "与 {other} 信用代码相同（{value}）但地点不同：分支机构应有自己的代码",
       "same credit code as {other} ({value}) at another place: branches have their own", counts=False),
    _c("D-NAME", "同名近邻", "same name nearby", "与 {other} 名称相同且相距很近（{value}），相似度 {number:.0f}",
       "same name as {other} close by ({value}), score {number:.0f}"),
    _c("D-ALIKE", "名称近似近邻", "similar name nearby", "与 {other} 名称或地址近似（{value}），相似度 {number:.0f}",
       "name or address like that of {other} ({value}), score {number:.0f}"),
    _c("D-SAME", "内容完全相同", "same content", "与 {other} 除编号与来源外内容相同",
       "same content as {other} but for id and source"),
    _c("P-REGION", "位于区域之外", "outside the region", "坐标不在任何街道之内", "the position lies in no street"),
    _c("P-STREET", "不在所称街道", "not in the street it claims", "登记街道 {value}，坐标在 {other}，相距 {number:.0f} m",
       "claims street {value}, lies in {other}, {number:.0f} m away"),
    _c("P-SIDE", "落在街道边界另一侧", "wrong side of the border", "登记街道 {value}，坐标越过边界 {number:.0f} m 在 {other}",
       "claims street {value}, lies {number:.0f} m across the border in {other}", counts=False),
    _c("P-PILE", "多个单位同一坐标", "pile at one point", "同一坐标上有 {number:.0f} 个，疑似取楼宇、街道或默认中心点",
       "{number:.0f} at exactly one point: a default position?"),
    _c("P-COARSE", "坐标精度不足", "coarse coordinates", "经纬度只有三位小数（约 100 m），未注明位置精度",
       "coordinates have three decimals (about 100 m) and state no such accuracy"),
    _c("P-PARENT", "远离所属单位", "far from its unit", "距所属单位 {value} 有 {number:.0f} m",
       "{number:.0f} m from its unit {value}"),
)

#: Code → check, in the order in which they are shown.
CHECKS: Mapping[str, Check] = MappingProxyType({entry.code: entry for entry in _ALL})


def check(code: str) -> Check:
    """The check of this code; raises KeyError if there is none."""
    return CHECKS[code]


def detail(code: str, kind: str, *, value: str | None, number: float | None, other: str | None) -> tuple[str, str]:
    """What a finding says of its row, in Chinese and in English.

    Examples
    --------
    >>> detail("P-PILE", "enterprise", value=None, number=73.0, other=None)[1]
    '73 at exactly one point: a default position?'
    """
    entry = CHECKS[code]
    known: dict[str, Any] = {"value": value or "", "number": float("nan") if number is None else number, "other": other or ""}
    chinese = known | {name: _in_chinese(code, kind, str(known[name])) for name in ("value", "other")}
    reason = CREDIT_FAULTS.get(int(number), ("", "")) if code == "V-CREDIT" and number is not None else ("", "")
    if code == "V-INDUSTRY" and exact([value])[0]:
        reason = (f"（{industry(str(value)).name}）", "")
    return entry.detail_zh.format(reason=reason[0], **chinese), entry.detail_en.format(reason=reason[1], **known)


def _in_chinese(code: str, kind: str, text: str) -> str:
    """Field names as their official terms; everything else as it stands."""
    if code not in ("C-MISSING", "V-NAME", "V-FUTURE", "V-ANCIENT", "V-ORDER") or kind not in KINDS:
        return text
    terms = {field.name: field.zh for field in KINDS[kind].all_fields}
    if code == "C-MISSING":
        return "、".join("或".join(terms.get(name, name) for name in part.split("|")) for part in text.split(", "))
    if code == "V-ORDER":
        return " ".join(terms.get(word, word) for word in text.split(" ")).replace(" before ", " 早于 ")
    return terms.get(text, text)
