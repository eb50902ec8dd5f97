"""Codes of a chunk held against their standards.

The rule: a code with a wrong check digit, an unknown class or another section than the row claims is *kept as it stands* and
noted; the row is loaded. Only a field that the kind requires sends its row to quarantine, and only where nothing can fill it: a
missing section of industry is filled from the industry code (and said).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.codes import (
    CREDIT_FAULTS,
    cas_is_valid,
    credit_code_faults,
    exact,
    former_division,
    industry,
    meant_in_2011,
    sections,
    substance,
)
from geo.errors import UnknownIdentifier
from geo.ingest.findings import Findings
from geo.kinds import Kind


def check_codes(kind: Kind, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Note what is wrong with the codes of a chunk, and fill the section of industry from its code where it is missing.

    Parameters
    ----------
    frame : DataFrame
        Declared fields, index: row of data.
    """
    declared = {field.name for field in kind.fields}
    if "credit_code" in declared and "credit_code" in frame:
        _credit_codes(frame["credit_code"], findings)
    if "industry_code" in declared and "industry_code" in frame:
        frame = _industries(frame, findings)
    if "cas" in declared:
        _substances(frame, findings)
    return frame


def _credit_codes(codes: pd.Series, findings: Findings) -> None:
    there = codes.dropna()
    if not len(there):
        return
    texts = there.astype("str")
    faults = credit_code_faults(texts.to_numpy(object))
    for number in np.unique(faults[faults > 0]):
        zh, en = CREDIT_FAULTS[int(number)]
        hit = texts[faults == number]
        name = {1: "length", 2: "characters", 3: "check-digit", 4: "old-register", 5: "organisation-code"}[int(number)]
        findings.rows(f"credit-code-{name}", "warning", f"统一社会信用代码{zh}（GB 32100），按原值保留",
                      f"credit codes of which one {en} (GB 32100), kept as they stand", hit.index, hit)


def _industries(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    codes = frame["industry_code"].astype("str")
    distinct, of = np.unique(codes.fillna("").to_numpy(object).astype(str), return_inverse=True)
    whole = exact(distinct.tolist())[of]
    now, before = (sections(distinct, edition=edition)[of] for edition in (2017, 2011))
    there = codes.notna().to_numpy()
    unknown = there & pd.isna(now)
    findings.rows("industry-code-unknown", "warning", "行业代码不在 GB/T 4754-2017 中，按原值保留",
                  "industry codes that GB/T 4754-2017 does not have, kept as they stand", frame.index[unknown], codes[unknown])
    claimed = frame["industry"].to_numpy(object) if "industry" in frame else np.full(len(frame), None, object)
    fillable = pd.isna(claimed) & ~pd.isna(now)
    apart = there & ~pd.isna(claimed) & ~pd.isna(now) & (claimed != now)
    old = apart & (claimed == before)
    shown = codes + " / " + pd.Series(claimed, index=frame.index).astype("str").fillna("")
    findings.rows("industry-code-2011", "warning",
                  "行业代码按 2011 版才与门类一致，疑为 GB/T 4754-2011 的代码；门类按原值，代码保留（箭头后是现行大类）",
                  "industry codes that fit their section only in the edition of 2011; both are kept (→ today's division)",
                  frame.index[old], shown[old] + " → " + codes[old].map(meant_in_2011))
    wrong = apart & ~old
    findings.rows("industry-disagrees", "warning", "行业代码与行业门类不一致，均按原值保留",
                  "industry code and section disagree; both are kept", frame.index[wrong],
                  codes[wrong] + "（" + codes[wrong].map(_name) + "） / " + pd.Series(claimed, index=frame.index)[wrong])
    vague = there & ~pd.isna(now) & ~whole & ~old
    findings.rows("industry-class-unknown", "warning",
                  "行业代码的中类或小类不在 GB/T 4754-2017（含 2019 年第 1 号修改单）中，可能是 2011 版的代码，按原值保留；"
                  "门类按大类判断",
                  "industry codes whose group or class GB/T 4754-2017 (amended 2019) does not have, perhaps of the edition of "
                  "2011; kept as they stand, their section by the division", frame.index[vague],
                  codes[vague] + "（" + codes[vague].map(_name) + "）")
    findings.rows("industry-filled", "info", "行业门类缺失，由行业代码得出",
                  "the section of industry was missing and follows from the code",
                  frame.index[fillable], codes[fillable])
    filled = fillable.any() or "industry" not in frame  # a column that is missing would stop the load instead of its rows
    return frame.assign(industry=np.where(fillable, now, claimed)) if filled else frame


def _name(code: str) -> str:
    """What the standard calls a code, or what it belongs to; empty where it is no code of its section."""
    try:
        return industry(code).name
    except UnknownIdentifier:
        return ""


def _substances(frame: pd.DataFrame, findings: Findings) -> None:
    names = frame["substance"].dropna().astype("str") if "substance" in frame else pd.Series([], dtype="str")
    unknown = names[[_unknown(name) for name in names]]
    findings.rows("substance-unknown", "warning", "物质不在 GB 18218 表1，须填写危险性类别（表2）才能计算",
                  "substances that GB 18218 table 1 does not name; their class of table 2 is needed", unknown.index, unknown)
    if "cas" not in frame:
        return
    cas = frame["cas"].dropna().astype("str")
    wrong = cas[[not cas_is_valid(number) for number in cas]]
    findings.rows("cas-check-digit", "warning", "CAS 号校验位不符，按原值保留",
                  "CAS numbers with a wrong check digit, kept as they stand",
                  wrong.index, wrong)
    both = frame.loc[cas.index.difference(wrong.index).intersection(names.index)]
    apart = [label for label, name, number in zip(both.index, both.get("substance", []), both["cas"], strict=True)
             if not _agree(str(name), str(number))]
    findings.rows("cas-disagrees", "warning", "CAS 号与物质名称不是同一物质，均按原值保留",
                  "CAS number and name are different substances; both are kept",
                  apart, [f"{both.at[label, 'substance']} / {both.at[label, 'cas']}" for label in apart[:5]])


def _unknown(name: str) -> bool:
    try:
        substance(name)
    except UnknownIdentifier as error:
        return "多行" not in error.zh
    return False


def _agree(name: str, number: str) -> bool:
    """Whether the name's substance has this number; true where either is not in the table."""
    try:
        named = substance(name)
    except UnknownIdentifier:
        return True
    return not named.cas or number in named.cas


def check_area_codes(claimed: pd.Series, known: frozenset[str], findings: Findings) -> pd.Series:
    """Claimed street codes: those that the store's streets do not have are noted and left out, so that the position decides."""
    there = claimed.dropna().astype("str")
    if not len(there) or not known:
        return claimed
    strange = there[~there.isin(known)]
    former = strange[[former_division(code) is not None for code in strange]]
    findings.rows("area-code-former", "warning",
                  "区划代码已撤销（如原崇文、宣武、密云县），按位置取现行街道代码，原值保留在“其他”",
                  "area codes no longer in force; the position decides, the claim is kept in extra", former.index, former)
    rest = strange[~strange.index.isin(former.index)]
    findings.rows("area-code-unknown", "warning", "区划代码不是已载入的街道代码，按位置取街道代码，原值保留在“其他”",
                  "area codes that no loaded street has; the position decides, the claim is kept in extra", rest.index, rest)
    return claimed.mask(claimed.index.isin(strange.index)) if len(strange) else claimed
