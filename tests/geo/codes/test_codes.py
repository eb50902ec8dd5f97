"""Credit codes, industries, divisions and substances against their standards and against other programs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stdnum.cn import uscc

from geo.codes import (
    cas_is_valid,
    credit_code_faults,
    division,
    exact,
    former_division,
    hazard_class,
    industry,
    meant_in_2011,
    sections,
    substance,
    substances,
)
from geo.codes.credit import ALPHABET
from geo.codes.tables import table
from geo.errors import UnknownIdentifier
from geo.kinds import SECTIONS


def test_credit_codes_agree_with_stdnum() -> None:
    rng = np.random.default_rng(4)
    letters = np.array(list(ALPHABET + "IOSVZ"))
    codes = []
    for _ in range(4000):
        digits, rest = rng.choice(list("0123456789"), 6), letters[rng.choice(36, 9, p=[0.98 / 31] * 31 + [0.004] * 5)]
        body = "91" + "".join([*digits, *rest])
        good = body + uscc.calc_check_digit(body) if all(letter in ALPHABET for letter in body) else body + "0"
        codes.append(good if rng.random() < 0.5 else good[:17] + str(rng.choice(letters[:31])))
    faults = credit_code_faults(codes)
    assert [fault == 0 for fault in faults] == [uscc.is_valid(code) for code in codes]
    assert 500 < (faults == 0).sum() < 3500


@pytest.mark.parametrize(("code", "fault"), [
    ("91110000600037341L", 0), ("91110000600037341M", 3), ("9111000060003734IL", 2), ("", 1), ("1" * 40, 1),
    ("110108001234567", 4), ("600037341", 5), ("9111中0000600037341", 2), ("91110000600037341L9", 1),
])
def test_faults_of_credit_codes(code: str, fault: int) -> None:
    assert credit_code_faults([code]).tolist() == [fault]


def test_no_codes() -> None:
    assert credit_code_faults([]).shape == (0,)


def test_industries_cover_every_section_and_division() -> None:
    divisions = [row for row in table("industries") if len(row["code"]) == 2]
    assert [int(row["code"]) for row in divisions] == list(range(1, 98))
    assert sorted({row["section"] for row in divisions}) == list(SECTIONS)
    assert all(row["section"] == sections([row["code"]])[0] for row in table("industries"))


#: Divisions, groups and classes of each section, as GB/T 4754-2017 counts them; with amendment 1 of 2019.
COUNTED = {
    "A": (5, 24, 72), "B": (7, 19, 39), "C": (31, 179, 609), "D": (3, 9, 18), "E": (4, 18, 44), "F": (2, 18, 128),
    "G": (8, 27, 67), "H": (2, 10, 16), "I": (3, 17, 34), "J": (4, 26, 48), "K": (1, 5, 5), "L": (2, 12, 58),
    "M": (3, 19, 48), "N": (4, 18, 33), "O": (3, 16, 32), "P": (1, 6, 17), "Q": (2, 6, 30), "R": (5, 27, 48),
    "S": (6, 16, 35), "T": (1, 1, 1),
}


def test_industries_are_whole_to_the_class() -> None:
    rows = table("industries")
    codes = {row["code"] for row in rows}
    found = {section: tuple(sum(row["section"] == section and len(row["code"]) == length for row in rows) for length in (2, 3, 4))
             for section in COUNTED}
    assert found == COUNTED
    assert np.sum(list(COUNTED.values()), axis=0).tolist() == [97, 473, 1382]
    assert len(codes) == len(rows)
    assert all(code[:-1] in codes for code in codes if len(code) > 2)
    assert {code[:3] for code in codes if len(code) == 4} == {code for code in codes if len(code) == 3}
    assert all(row["name"] and not re.search(r"[\s,()]", row["name"]) for row in rows)


def test_industries_to_their_last_digit() -> None:
    assert exact(["0111", "A0111", "4030", "9291", "5265", "26", "2600", "2610"]).all()
    assert not exact(["2615", "2601", "26000", "C0111", "9800", "000", "", None, "xx", "C"]).any()
    assert (industry("0111").name, industry("4030").name, industry("2615").known_to) == ("稻谷种植", "钟表与计时仪器制造", 3)
    assert exact([]).shape == (0,)
    assert [meant_in_2011(code) for code in ("Q8311", "96", "7810", "")] == ["84 卫生", "97 国际组织", "", ""]


@pytest.mark.parametrize("code", ["", "9", "98", "26145", "XX", "B26", "2 6"])
def test_unknown_industries(code: str) -> None:
    with pytest.raises(UnknownIdentifier):
        industry(code)


def test_editions_differ_from_79_on() -> None:
    assert sections(["7810"]).tolist() == sections(["7810"], edition=2011).tolist()
    assert sections(["8210"]).tolist() == ["O"]
    assert sections(["8210"], edition=2011).tolist() == ["P"]


def test_divisions() -> None:
    assert division("110102001000").name == "西城区"
    assert division("110103").code == "110101"
    assert division("120107").name == "滨海新区"
    assert former_division("110102") is None
    assert sum(row["parent"] == "110000" for row in table("divisions")) == 16
    assert sum(row["parent"] == "120000" for row in table("divisions")) == 16
    assert len([row for row in table("divisions") if row["code"][4:] == "00" and row["parent"] == "130000"]) == 11
    with pytest.raises(UnknownIdentifier, match="拆分"):
        division("130421")
    with pytest.raises(UnknownIdentifier):
        division("999999")


def test_former_codes_lead_to_codes_in_force() -> None:
    now = {row["code"] for row in table("divisions")}
    for row in table("former_divisions"):
        assert row["code"] not in now
        assert row["now"] == "" or row["now"] in now


def test_substances_are_the_85_rows_of_table_1_with_valid_cas_numbers() -> None:
    named = [one for one in substances() if one.number]
    assert [one.number for one in named] == list(range(1, 86))
    assert len({number for one in named for number in one.cas}) == 79
    assert all(cas_is_valid(number) for one in substances() for number in one.cas)
    assert all(re.fullmatch(r"read|own-sure|own-unsure", one.certainty) for one in substances())


@pytest.mark.parametrize(("name", "quantity"), [
    ("氨", 10), ("液氨", 10), ("LPG", 50), ("lpg", 50), ("74-82-8", 50), ("光气", 0.3), ("车用汽油", 200),
    ("ＴＤＩ", 100), ("柴油", 5000), ("甲醛（含量>90%）", 5),
])
def test_substances_by_any_name(name: str, quantity: float) -> None:
    assert substance(name).quantity_t == quantity


def test_what_no_one_row_stands_for_is_an_error() -> None:
    for name in ("6484-52-2", "9004-70-0"):
        with pytest.raises(UnknownIdentifier, match="多行"):
            substance(name)
    with pytest.raises(UnknownIdentifier, match="没有物质"):
        substance("水")
    with pytest.raises(UnknownIdentifier):
        hazard_class("W99")
    assert hazard_class("w5.4").quantity_t == 5000


def test_no_name_stands_for_two_substances_by_accident() -> None:
    names = [key for one in substances() for key in (one.name, *one.aliases, *one.cas)]
    shared = {name for name in names if names.count(name) > 1}
    assert shared == {"6484-52-2", "9004-70-0"}
