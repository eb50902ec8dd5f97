"""Loads: what comes in comes out, twice changes nothing, bad rows are set aside, and nothing is ever half done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import BadFile, StoreError, UnknownIdentifier
from geo.store import Store, open_store, writing

EnterpriseMaker = Callable[..., pd.DataFrame]

#: Names that break whatever quotes, escapes, separates or interprets text.
HOSTILE = [
    "'; DROP TABLE enterprise; --", '"引号"', "a,b\n\\.\nc", "\\N", "NULL", "nan", "%s %(x)s :x ?", "<script>alert(1)</script>",
    "tab\there", "\r\n", "𠮷野家 北京", "‮rtl", "{}", "$1", "t", "  padded  ", "é́", "100%",
]


def test_everything_comes_back_as_it_went_in(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(300)
    report = store.load("enterprise", frame, source="test")
    assert (report.inserted, report.updated, report.unchanged, report.quarantined) == (300, 0, 0, 0)
    back = store.read("enterprise")
    assert list(back["id"]) == list(frame["id"])
    assert list(back["name"]) == list(frame["name"])
    np.testing.assert_array_equal(back["staff_at_place"], frame["staff_at_place"])
    np.testing.assert_array_equal(back["floor_area_m2"], frame["floor_area_m2"])
    assert [None if value is pd.NA else value for value in back["sprinklers"]] == list(frame["sprinklers"])
    assert (back["valid_from"] == pd.Timestamp(2024, 1, 1)).all()
    assert back["valid_to"].isna().all()
    assert set(back["assumed"]) == {'["floor_area_m2"]'}
    assert set(back["area_code"]) == {None}
    assert shapely.equals_exact(back["geometry"].to_numpy(), frame["geometry"].to_numpy()).all()


def test_dtypes_do_not_depend_on_the_rows(store: Store, enterprises: EnterpriseMaker) -> None:
    empty = store.read("enterprise").dtypes
    store.load("enterprise", enterprises(5), source="test")
    assert store.read("enterprise").dtypes.to_dict() == empty.to_dict()


def test_hostile_names_survive(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(len(HOSTILE), name=HOSTILE, address=HOSTILE[::-1], extra=[json.dumps({"x": word}) for word in HOSTILE])
    frame["id"] = sorted(f"{word}#" for word in HOSTILE)
    store.load("enterprise", frame, source="o'brien \"x\"")
    back = store.read("enterprise")
    assert sorted(back["id"]) == sorted(frame["id"])
    assert list(back["id"]) == sorted(frame["id"], key=lambda text: text.encode())
    merged = back.set_index("id").loc[frame["id"]]
    assert list(merged["name"]) == HOSTILE
    assert list(merged["address"]) == HOSTILE[::-1]
    assert [json.loads(text)["x"] for text in merged["extra"]] == HOSTILE
    assert store.load("enterprise", frame, source="o'brien \"x\"").unchanged == len(HOSTILE)


def test_same_rows_again_change_nothing(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(200)
    store.load("enterprise", frame, source="test")
    version = store.version()
    again = store.load("enterprise", frame.sample(frac=1, random_state=4), source="test")
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 200)
    assert store.version() == version


def test_changed_rows_are_replaced(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(200)
    store.load("enterprise", frame, source="test")
    version = store.version()
    frame.loc[7, "staff_at_place"] = 9999
    frame.loc[8, "geometry"] = shapely.Point(116.4, 39.9)
    frame.loc[9, "sprinklers"] = not frame.loc[9, "sprinklers"]
    report = store.load("enterprise", pd.concat([frame, enterprises(1).assign(id="new")]), source="test")
    assert (report.inserted, report.updated, report.unchanged) == (1, 3, 197)
    assert store.version() != version
    back = store.read("enterprise").set_index("id")
    assert back.loc["E00007", "staff_at_place"] == 9999
    assert back.loc["E00008", "geometry"].equals(shapely.Point(116.4, 39.9))
    assert len(back) == 201


@pytest.mark.parametrize("count", [50, writing.BULK + 10])
def test_complete_load_removes_only_rows_of_its_source(store: Store, enterprises: EnterpriseMaker, count: int) -> None:
    store.load("enterprise", enterprises(count), source="a")
    store.load("enterprise", enterprises(1).assign(id="other"), source="b")
    smaller = enterprises(count).iloc[: count - 5]
    smaller = pd.concat([smaller, enterprises(count).iloc[[count - 1]].assign(staff_at_place=-1)])
    report = store.load("enterprise", smaller, source="a", complete=True)
    assert (report.removed, report.quarantined) == (4, 1)
    ids = set(store.read("enterprise", columns=["id"])["id"])
    assert "other" in ids
    assert f"E{count - 1:05d}" in ids  # refused in the new file, so the old row stays
    assert len(ids) == count - 4 + 1
    assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == len(ids)


FAULTS = {
    "id": (None, "必填"),
    "industry": ("Z", "允许范围"),
    "staff_at_place": (-1, "小于 0"),
    "floor_area_m2": ("大", "不是数值"),
    "sprinklers": ("maybe", "不是“是/否”"),
    "valid_from": ("2024-02-30", "不是日期"),
    "valid_to": (date(2020, 1, 1), "不晚于"),
    "assumed": ("[1,", "不是 JSON"),
    "name": ("\x00", "不是文本"),
    "synthetic": (None, "必填"),
    "address": ("\ud800", "不是文本"),
    "geometry": (None, "缺少几何"),
}


@pytest.mark.parametrize(("field", "value", "reason"), [(field, *rest) for field, rest in FAULTS.items()])
def test_a_bad_value_goes_to_quarantine_with_its_reason(
        store: Store, enterprises: EnterpriseMaker, field: str, value: object, reason: str) -> None:
    frame = enterprises(4, address="x", valid_to=None)
    frame[field] = frame[field].astype(object)
    frame.loc[2, field] = value
    report = store.load("enterprise", frame, source="some.csv")
    assert (report.inserted, report.quarantined) == (3, 1)
    entry = store.quarantine().iloc[0]
    assert (entry["file"], entry["kind"], entry["row"], entry["field"]) == ("some.csv", "enterprise", 3, field)
    assert reason in entry["reason_zh"]
    assert entry["reason_en"]
    payload = json.loads(entry["payload"])
    assert payload["industry"] == ("Z" if field == "industry" else frame.loc[2, "industry"])
    assert "geometry" in payload


BAD_GEOMETRIES = {
    "bow tie": (shapely.Polygon([(116, 39), (117, 40), (117, 39), (116, 40)]), "自相交"),
    "line": (shapely.LineString([(116, 39), (117, 40)]), "类型不是点或面"),
    "swapped": (shapely.Point(39.9, 116.4), "颠倒"),
    "elsewhere": (shapely.Point(2.35, 48.85), "不在中国范围内"),
    "infinite": (shapely.Point(float("nan"), 40), "几何"),
    "empty": (shapely.Point(), "缺少几何"),
    "no WKB": (b"\x01\x02", "无法解析"),
    "no geometry": (17, "无法解析"),
}


@pytest.mark.parametrize("name", BAD_GEOMETRIES)
def test_bad_geometries_are_set_aside(store: Store, enterprises: EnterpriseMaker, name: str) -> None:
    shape, reason = BAD_GEOMETRIES[name]
    frame = enterprises(3)
    frame["geometry"] = [shapely.Point(116, 40), shape, shapely.to_wkb(shapely.box(116, 39, 116.1, 39.1))]
    report = store.load("enterprise", frame, source="test")
    assert (report.inserted, report.quarantined) == (2, 1)
    assert reason in store.quarantine().iloc[0]["reason_zh"]
    assert store.read("enterprise")["geometry"].iloc[1].geom_type == "Polygon"


def test_doubled_ids_keep_the_first(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(3, id=["a", "b", "a"], staff_at_place=[1, 2, 3])
    assert store.load("enterprise", frame, source="test").quarantined == 1
    assert list(store.read("enterprise")["staff_at_place"]) == [1, 2]
    assert store.quarantine().iloc[0]["row"] == 3


def test_quarantine_shows_the_last_load_of_a_source(store: Store, enterprises: EnterpriseMaker) -> None:
    bad = enterprises(2, staff_at_place=[-1, 5])
    store.load("enterprise", bad, source="a")
    store.load("enterprise", bad, source="a")
    store.load("enterprise", bad, source="b")
    assert sorted(store.quarantine()["file"]) == ["a", "b"]
    store.load("enterprise", enterprises(2), source="a")
    assert list(store.quarantine()["file"]) == ["b"]


def test_all_bad_is_no_failure(store: Store, enterprises: EnterpriseMaker) -> None:
    report = store.load("enterprise", enterprises(3, industry="Z"), source="test")
    assert (report.inserted, report.quarantined, report.changed) == (0, 3, False)
    assert store.load("enterprise", enterprises(0), source="test").inserted == 0


def test_a_wrong_file_is_refused_as_a_whole(store: Store, enterprises: EnterpriseMaker) -> None:
    with pytest.raises(BadFile, match=r"缺少.*industry"):
        store.load("enterprise", enterprises(2).drop(columns="industry"), source="test")
    with pytest.raises(BadFile, match=r"未声明.*colour"):
        store.load("enterprise", enterprises(2, colour="red"), source="test")
    with pytest.raises(UnknownIdentifier):
        store.load("dragon", enterprises(2), source="test")
    assert store.loads() == []


def test_values_in_other_clothes_are_understood(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(
        4, staff_at_place=["5", 6, 7.0, " 8 "], sprinklers=["是", "否", 1, ""],
        valid_from=["2024/1/5", "2024年1月5日", "20240105", pd.Timestamp(2024, 1, 5, 13)], extra=[{"a": [1]}, None, "{}", ["x"]],
        credit_code=[911, "911", 911.0, None])
    assert store.load("enterprise", frame, source="test").quarantined == 0
    back = store.read("enterprise")
    assert list(back["staff_at_place"]) == [5, 6, 7, 8]
    assert [None if value is pd.NA else value for value in back["sprinklers"]] == [True, False, True, None]
    assert (back["valid_from"] == pd.Timestamp(2024, 1, 5)).all()
    assert list(back["extra"]) == ['{"a": [1]}', None, "{}", '["x"]']
    assert list(back["credit_code"]) == ["911", "911", "911", None]


def test_loads_are_recorded(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3, staff_at_place=[1, 2, -3]), source="one.csv")
    store.load("enterprise", enterprises(2), source="two.csv")
    newest, first = store.loads()
    assert (first["source"], first["inserted"], first["quarantined"]) == ("one.csv", 2, 1)
    assert newest["source"] == "two.csv"
    assert newest["started"] <= newest["finished"]
    assert len(first["sha"]) == 64
    assert first["sha"] != newest["sha"]


def test_a_failure_in_a_transaction_undoes_everything(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(10), source="test")
    version, region = store.version(), shapely.box(115, 39, 118, 41)

    def fail() -> None:
        with store.transaction():
            store.load("enterprise", enterprises(6000, seed=2), source="test")
            assert store.counts()["enterprise"] == 6000
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail()
    assert store.counts()["enterprise"] == 10
    assert store.version() == version
    assert len(store.loads()) == 1
    assert len(store.search(region, ["enterprise"])["enterprise"]) == 10


def test_progress_is_told(store: Store, enterprises: EnterpriseMaker) -> None:
    told: list[tuple[str, int, int]] = []
    store.load("enterprise", enterprises(50), source="test", progress=lambda *step: told.append(step))
    assert told[0] == ("校验生产经营单位", 0, 50)
    assert told[-1] == ("载入生产经营单位", 50, 50)


KILLED = """
import sys, time
import pandas as pd
from geo.store import loading, open_store
loading.CHUNK = 1000
store = open_store(sys.argv[1])
def step(stage, done, total):
    if stage.startswith("载入") and done == 4000:
        print("in the middle", flush=True)
        time.sleep(60)
store.load("enterprise", pd.read_parquet(sys.argv[2]), source="test", progress=step)
"""


def test_kill_9_in_the_middle_leaves_the_state_before(
        store: Store, store_url: str, enterprises: EnterpriseMaker, tmp_path: Path) -> None:
    store.load("enterprise", enterprises(100), source="test")
    version, file = store.version(), tmp_path / "rows.parquet"
    frame = enterprises(6000, seed=9)
    frame.assign(geometry=shapely.to_wkb(frame["geometry"].to_numpy())).to_parquet(file)
    child = subprocess.Popen([sys.executable, "-c", KILLED, store_url, str(file)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    assert store.version() == version
    assert store.counts()["enterprise"] == 100
    with open_store(store_url) as reopened:
        report = reopened.load("enterprise", frame, source="test")
        assert (report.inserted, report.updated) == (5900, 100)
        assert len(reopened.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 6000


def test_second_writer_gives_up_with_a_clear_message(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    with open_store(store_url, patience=0.2) as other, store.transaction():
        store.load("enterprise", enterprises(3), source="test")
        assert other.counts()["enterprise"] == 0  # readers are not held up
        with pytest.raises(StoreError, match="另一个进程写入"):
            other.load("enterprise", enterprises(3), source="test")
    assert store.counts()["enterprise"] == 3
