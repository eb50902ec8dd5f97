"""Queries against a plain scan: polygons, conditions, pages, cursors, counts; and the indexes that they use."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
import shapely

from geo.errors import BadGeometry, BadParameter, UnknownIdentifier
from geo.kinds import KINDS
from geo.store import And, Comparison, Not, Or, Store, Where, counting, query, reading
from geo.store.selection import Query, in_rtree, inside

EnterpriseMaker = Callable[..., pd.DataFrame]

STAR = shapely.Polygon([(116, 39.7), (116.3, 40.1), (116.9, 40), (116.5, 40.3), (116.6, 40.7), (116.2, 40.4), (115.9, 40.6)])


def people(count: int, enterprises: EnterpriseMaker) -> pd.DataFrame:
    names = ["甲%乙", "甲_乙", "Alpha", "alpha", "a*b?[c]", "\\", "", None]
    return enterprises(
        count, name=[names[at % 8] for at in range(count)], insured=[(True, False, None)[at % 3] for at in range(count)],
        valid_from=[date(2024, 1, 1 + at % 28) if at % 5 else None for at in range(count)],
        position_accuracy_m=[None if at % 4 == 0 else at / 7 for at in range(count)])


#: Conditions and what they mean of a row (None: no value, so neither it nor its contrary holds).
CONDITIONS: dict[str, tuple[Where, Callable[[Any], Any]]] = {
    "=": (Comparison("industry", "=", "C"), lambda row: row.industry == "C"),
    "!=": (Comparison("industry", "!=", "C"), lambda row: row.industry != "C"),
    "<": (Comparison("staff_at_place", "<", 100), lambda row: row.staff_at_place < 100),
    ">= float": (Comparison("position_accuracy_m", ">=", 10), lambda row: row.position_accuracy_m >= 10),
    "not >= float": (Not(Comparison("position_accuracy_m", ">=", 10)), lambda row: row.position_accuracy_m < 10),
    "text order": (Comparison("id", ">", "E00150"), lambda row: row.id > "E00150"),
    "case in order": (Comparison("name", "<", "a"), lambda row: row.name_ is not None and row.name_ < "a"),
    "bool": (Comparison("insured", "=", True), lambda row: row.insured is True),
    "bool !=": (Comparison("insured", "!=", True), lambda row: row.insured is False),
    "null": (Comparison("insured", "is null"), lambda row: row.insured is None),
    "not null": (Not(Comparison("insured", "is null")), lambda row: row.insured is not None),
    "in": (Comparison("industry", "in", ["C", "H", "x"]), lambda row: row.industry in "CH"),
    "in nothing": (Comparison("industry", "in", []), lambda row: False),
    "between": (Comparison("staff_at_place", "between", (50, 60)), lambda row: 50 <= row.staff_at_place <= 60),
    "date": (Comparison("valid_from", ">=", date(2024, 1, 15)), lambda row: row.valid_from >= pd.Timestamp(2024, 1, 15)),
    "date text": (Comparison("valid_from", "<", "2024-01-15"), lambda row: row.valid_from < pd.Timestamp(2024, 1, 15)),
    "like": (Comparison("name", "like", "甲%"), lambda row: (row.name_ or "").startswith("甲")),
    "like escaped": (Comparison("name", "like", r"甲\%乙"), lambda row: row.name_ == "甲%乙"),
    "like one": (Comparison("name", "like", "甲_乙"), lambda row: row.name_ in ("甲%乙", "甲_乙")),
    "like case": (Comparison("name", "like", "a%a"), lambda row: row.name_ == "alpha"),
    "like glob": (Comparison("name", "like", "a*b?[c]"), lambda row: row.name_ == "a*b?[c]"),
    "like backslash": (Comparison("name", "like", "\\\\"), lambda row: row.name_ == "\\"),
    "json": (Comparison("assumed", "like", '%"floor_area_m2"%'), lambda row: True),
    "and or": (And(Or(Comparison("industry", "=", "C"), Comparison("insured", "=", False)),
                   Comparison("staff_at_place", ">", 250)),
               lambda row: (row.industry == "C" or row.insured is False) and row.staff_at_place > 250),
    "nothing to fulfil": (And(), lambda row: True),
    "none to choose": (Or(), lambda row: False),
}


def test_conditions_mean_what_they_say(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", people(300, enterprises), source="a")
    rows = store.read("enterprise").rename(columns={"name": "name_"})
    rows["insured"] = pd.Series([None if value is pd.NA else bool(value) for value in rows["insured"]], dtype=object)
    for name, (where, meaning) in CONDITIONS.items():
        expected = [row.id for row in rows.itertuples() if bool(meaning(row))]
        found = store.query("enterprise", where=where, limit=1000, columns=["id"], count=True)
        assert found.frame["id"].tolist() == expected, name
        assert (found.matched, found.exact) == (len(expected), True), name


@pytest.mark.parametrize("walk", [False, True])
def test_pages_hold_every_feature_once(
        store: Store, enterprises: EnterpriseMaker, walk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if walk:
        monkeypatch.setattr(query, "_WALK", 20)
    frame = people(800, enterprises)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.02)
    store.load("enterprise", frame.sample(frac=1, random_state=3), source="a")
    for polygon in (STAR, shapely.box(116, 39.8, 117, 40.5) - STAR, shapely.box(110, 30, 120, 50)):
        walk_through(store, frame, polygon)


def walk_through(store: Store, frame: pd.DataFrame, polygon: shapely.Polygon) -> None:
    met = shapely.intersects(polygon, frame["geometry"].to_numpy()) & (frame["staff_at_place"] > 50).to_numpy()
    expected, where = sorted(frame["id"][met]), Comparison("staff_at_place", ">", 50)
    assert len(expected) > 70
    for limit in (61, 350, 5000):
        found: list[str] = []
        cursor = None
        while True:
            page = store.query("enterprise", polygon=polygon, where=where, limit=limit, cursor=cursor)
            found += page.frame["id"].tolist()
            assert len(page) == limit or page.cursor is None
            assert shapely.intersects(polygon, page.frame["geometry"].to_numpy()).all()
            cursor = page.cursor
            if cursor is None:
                break
        assert found == expected
    counted = store.query("enterprise", polygon=polygon, where=where, count=True)
    assert (counted.matched, counted.exact) == (len(expected), True)


def test_a_page_between_two_loads_goes_on(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(30), source="a")
    first = store.query("enterprise", limit=10, columns=["id"])
    store.load("enterprise", enterprises(5, id=["A", "E00004x", "E00012x", "Z", "E00009x"]), source="b")
    store.retire("enterprise", ["E00009", "E00011"], by="")
    second = store.query("enterprise", limit=10, columns=["id"], cursor=first.cursor)
    # behind the last row that was shown: neither twice nor left out
    assert second.frame["id"].tolist() == ["E00009x", "E00010", "E00012", "E00012x", *(f"E{at:05d}" for at in range(13, 19))]


def test_boxes(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(500)
    store.load("enterprise", frame, source="a")
    shapes = frame["geometry"].to_numpy()
    box = (116.0, 40.0, 116.5, 40.4)
    page = store.query("enterprise", bbox=box, limit=1000)
    assert page.frame["id"].tolist() == frame["id"][shapely.intersects(shapely.box(*box), shapes)].tolist()
    both = store.query("enterprise", bbox=box, polygon=STAR, limit=1000).frame["id"].tolist()
    assert both == frame["id"][shapely.intersects(shapely.box(*box) & STAR, shapes)].tolist()
    assert 10 < len(both) < len(page)
    for bad in ((116, 40, 115, 41), (116, 40, 117), (116, 40, float("nan"), 41)):
        with pytest.raises(BadGeometry):
            store.query("enterprise", bbox=bad)


def test_validity(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3, valid_from=[date(2024, 1, 1), date(2025, 1, 1), None]), source="a")
    assert store.query("enterprise", as_of=date(2024, 6, 1)).frame["id"].tolist() == ["E00000", "E00002"]


def test_columns_and_lazy_geometry(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3), source="a")
    page = store.query("enterprise", columns=["staff_at_place"], polygon=shapely.box(115, 39, 118, 41))
    assert page.table.column_names == ["staff_at_place"]
    page = store.query("enterprise", columns=["geometry", "address", "name"])
    assert page.table.column_names == ["geometry", "address", "name"]
    assert isinstance(page.table["geometry"][0].as_py(), bytes)
    assert page.frame["geometry"][0].geom_type == "Point"
    assert page.frame["address"].tolist() == [None] * 3


HOSTILE = ["'; DROP TABLE enterprise; --", "%s %(x)s :w0 ?", '"', "\\'", "NULL"]


def test_values_are_never_sql(store: Store, enterprises: EnterpriseMaker) -> None:
    for text in HOSTILE:
        store.load("enterprise", enterprises(3, name=[text, "x", None]), source="a")
        for op, value in (("=", text), ("in", [text]), ("between", (text, text))):
            where = Comparison("name", op, value)
            assert store.query("enterprise", where=where).frame["id"].tolist() == ["E00000"]
        with pytest.raises(UnknownIdentifier):
            store.query("enterprise", where=Comparison(f"name{text}", "=", "x"))


NONSENSE = {
    "operator": Comparison("name", "~", "x"), "type": Comparison("staff_at_place", "=", "many"),
    "bool order": Comparison("insured", "<", True), "like of a number": Comparison("staff_at_place", "like", "1%"),
    "null value": Comparison("name", "=", None), "NUL": Comparison("name", "=", "\x00"),
    "one end": Comparison("id", "between", ("a",)),
    "text as list": Comparison("name", "in", "abc"), "date": Comparison("valid_from", "=", "2024-02-30"),
    "huge": Comparison("staff_at_place", "=", 2**63), "infinite": Comparison("floor_area_m2", "<", float("inf")),
    "bool for a number": Comparison("staff_at_place", "=", True), "open escape": Comparison("name", "like", "a\\"),
    "too many values": Comparison("name", "in", ["x"] * 1001), "too many": Or(*[Comparison("name", "=", "x")] * 201),
    "no condition": And("name = 'x'"),  # type: ignore[arg-type]
}


def test_nonsense_is_refused(store: Store) -> None:
    for where in NONSENSE.values():
        with pytest.raises(BadParameter):
            store.query("enterprise", where=where)


def test_deep_conditions_are_refused(store: Store) -> None:
    where: Where = Comparison("name", "=", "x")
    for _ in range(30):
        where = Not(where)
    with pytest.raises(BadParameter, match="过深"):
        store.query("enterprise", where=where)


def test_cursors_cannot_be_made_up(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(30), source="a")
    cursor = store.query("enterprise", limit=5).cursor
    assert cursor is not None
    assert "E0000" not in cursor
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-3] ^= 1
    changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for bad in (changed, "", "x", cursor[:-4], "é", cursor + "AAAA"):
        with pytest.raises(BadParameter, match="分页标记"):
            store.query("enterprise", limit=5, cursor=bad)
    with pytest.raises(BadParameter, match="另一个查询"):
        store.query("enterprise", limit=5, cursor=cursor, where=Comparison("name", "=", "x"))
    # another page size is no other query
    assert store.query("enterprise", limit=7, cursor=cursor, columns=["id"]).frame["id"][0] == "E00005"
    for limit in (0, -1, 10**6):
        with pytest.raises(BadParameter, match="每页行数"):
            store.query("enterprise", limit=limit)


def test_counts_above_the_cap_are_estimated(
        store: Store, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = enterprises(6000)
    store.load("enterprise", frame, source="a")
    monkeypatch.setattr(counting, "CAP", 1000)
    whole = store.query("enterprise", count=True)
    assert (whole.matched, whole.exact) == (6000, True)  # the catalogue knows
    assert store.query("enterprise").matched is None
    box = shapely.box(115.8, 39.6, 116.5, 40.8)
    truth = int(shapely.intersects(box, frame["geometry"].to_numpy()).sum())
    catering = Comparison("industry", "=", "H")
    for found, right in ((store.query("enterprise", polygon=box, count=True), truth),
                         (store.query("enterprise", where=catering, count=True), (frame["industry"] == "H").sum())):
        assert not found.exact
        assert found.matched == pytest.approx(right, rel=0.15)
    few = store.query("enterprise", where=Comparison("id", "<", "E00500"), count=True)
    assert (few.matched, few.exact) == (500, True)


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_postgis_answers_by_its_indexes(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(20_000), source="a")
    kind, seen = KINDS["enterprise"], []
    with store._reading() as connection:
        raw: Any = connection.connection.driver_connection

        def plan(where: reading.Condition, rest: str) -> str:
            text = reading.copy_parameters(f'EXPLAIN SELECT * FROM "enterprise" WHERE {where.sql}{rest}', where.values)
            return "\n".join(row[0] for row in raw.execute(text, dict(where.values)).fetchall())

        seen.append(plan(inside(shapely.box(116, 40, 116.05, 40.05)), ' ORDER BY "id"'))
        seen.append(plan(reading.Condition("id > :last", {"last": "E10000"}), ' ORDER BY "id" LIMIT 100'))
        assert len(reading.fetch(connection, kind, ["id"], inside(shapely.box(116, 40, 116.05, 40.05)))) > 5
    assert "enterprise_gist" in seen[0]
    assert "enterprise_id_key" in seen[1]
    assert "Sort" not in seen[1]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sqlite_answers_by_its_indexes(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(6000), source="a")
    asked = Query(KINDS["enterprise"], ("id",), shapely.box(116, 40, 116.05, 40.05))
    with store._reading() as connection:
        raw: Any = connection.connection.driver_connection
        where = in_rtree(asked)
        explain = 'EXPLAIN QUERY PLAN SELECT * FROM "enterprise" WHERE'
        box = "\n".join(row[3] for row in raw.execute(f"{explain} {where.sql}", where.values))
        page = "\n".join(row[3] for row in raw.execute(f'{explain} id > ? ORDER BY "id" LIMIT 9', ("x",)))
    assert "enterprise_rtree VIRTUAL TABLE INDEX" in box
    assert "SEARCH enterprise USING INTEGER PRIMARY KEY" in box
    assert "USING INDEX" in page
    assert "TEMP B-TREE" not in page
