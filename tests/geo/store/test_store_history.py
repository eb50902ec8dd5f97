"""Every row keeps its history: who, when, before, after; and the store can be read as of any moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import shapely

from geo.errors import BadParameter, BadRow, NotFound, UnknownIdentifier
from geo.store import Comparison, Store, query, writing

EnterpriseMaker = Callable[..., pd.DataFrame]


def committed(store: Store) -> datetime:
    return datetime.fromisoformat(store.loads(1)[0]["committed"])


@pytest.mark.parametrize("bulk", [False, True])
def test_every_moment_can_be_read_again(
        store: Store, enterprises: EnterpriseMaker, bulk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 400 if bulk else 40
    monkeypatch.setattr(writing, "BULK", 200)
    states: list[tuple[datetime, pd.DataFrame]] = []

    def remember() -> None:
        states.append((committed(store), store.read("enterprise")))

    frame = enterprises(count)
    store.load("enterprise", frame, source="a", by="甲")
    remember()
    changed = frame.copy()
    changed.loc[::2, "staff_at_place"] += 1
    changed.loc[5, "geometry"] = shapely.Point(116, 40)
    store.load("enterprise", changed, source="a", by="乙")
    remember()
    store.load("enterprise", changed.iloc[: count - 10], source="a", complete=True)
    remember()
    store.edit("enterprise", "E00003", {"name": "改名", "geometry": shapely.box(116, 40, 116.01, 40.01)}, by="丙")
    remember()
    store.retire("enterprise", ["E00004", "E00006"], by="丁")
    remember()
    store.load("enterprise", frame, source="a")
    remember()
    for moment, state in states:
        pd.testing.assert_frame_equal(store.read("enterprise", at=moment), state)
        pd.testing.assert_frame_equal(store.read("enterprise", at=moment + timedelta(microseconds=0.5)), state)
    assert store.read("enterprise", at=states[0][0] - timedelta(seconds=1)).empty
    assert store.read("enterprise", at=states[2][0], columns=["id"])["id"].tolist() == [f"E{at:05d}" for at in range(count - 10)]


STAR = shapely.Polygon([(116, 39.7), (116.3, 40.1), (116.9, 40), (116.5, 40.3), (116.6, 40.7), (116.2, 40.4), (115.9, 40.6)])


@pytest.mark.parametrize("walk", [False, True])
def test_places_can_be_searched_as_of_any_moment(
        store: Store, enterprises: EnterpriseMaker, walk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if walk:
        monkeypatch.setattr(query, "_WALK", 20)
    frame = enterprises(300)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.05)
    moved = frame.assign(geometry=shapely.transform(frame["geometry"].to_numpy(), lambda xy: xy + 0.1))
    states = [(store.load("enterprise", rows, source="a", complete=True) and committed(store), rows)
              for rows in (frame, moved.iloc[:200], moved.iloc[50:], frame.iloc[:20])]
    for moment, rows in states:
        for polygon, bbox in ((STAR, None), (None, (116.0, 40.0, 116.6, 40.5)), (None, None)):
            area = polygon or shapely.box(*(bbox or (110, 30, 120, 50)))
            met = shapely.intersects(area, rows["geometry"].to_numpy()) & (rows["staff_at_place"] > 100).to_numpy()
            asked = {"polygon": polygon, "bbox": bbox, "where": Comparison("staff_at_place", ">", 100), "at": moment}
            expected = sorted(rows["id"][met])
            first = store.query("enterprise", limit=7, count=True, **asked)
            assert (first.matched, first.exact) == (len(expected), True)
            rest = [] if first.cursor is None else store.query(
                "enterprise", limit=1000, cursor=first.cursor, **asked).frame["id"].tolist()
            assert first.frame["id"].tolist() + rest == expected
            shapes = rows.set_index("id")["geometry"][first.frame["id"]].to_numpy()
            assert shapely.equals_exact(first.frame["geometry"].to_numpy(), shapes, 1e-12).all()
        found = store.search(STAR, ["enterprise", "venue"], at=moment)
        assert found["enterprise"]["id"].tolist() == sorted(rows["id"][shapely.intersects(STAR, rows["geometry"].to_numpy())])
        assert found["venue"].empty
    assert len(store.query("enterprise", polygon=STAR, at=states[0][0] - timedelta(seconds=1))) == 0
    cursor = store.query("enterprise", limit=7, at=states[0][0]).cursor
    with pytest.raises(BadParameter):  # a page of one moment is not followed by one of another
        store.query("enterprise", limit=7, at=states[1][0], cursor=cursor)


def test_the_changes_of_a_row(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(3, staff_at_place=[1, 2, 3])
    store.load("enterprise", frame, source="a.csv", by="甲")
    store.load("enterprise", frame.assign(staff_at_place=[1, 20, 3]), source="b.csv", by="乙")
    store.retire("enterprise", ["E00001"], by="丙")
    store.load("enterprise", frame, source="a.csv", by="丁")
    changes = store.history("enterprise", "E00001")
    assert [(one.operation, one.by, one.source) for one in changes] == [
        ("insert", "甲", "a.csv"), ("update", "乙", "b.csv"), ("remove", "丙", "b.csv"), ("insert", "丁", "a.csv")]
    staff = [(one.before and one.before["staff_at_place"], one.after and one.after["staff_at_place"]) for one in changes]
    assert staff == [(None, 2), (2, 20), (20, None), (None, 2)]
    assert [one.at for one in changes] == sorted(one.at for one in changes)
    assert all(one.at.tzinfo is not None and abs(one.at - datetime.now(UTC)) < timedelta(minutes=5) for one in changes)
    assert changes[0].after is not None
    assert changes[0].after["geometry"].equals(frame["geometry"][1])
    assert len(store.history("enterprise", "E00000")) == 1
    with pytest.raises(NotFound):
        store.history("enterprise", "nobody")


def test_a_transaction_is_one_moment(store: Store, enterprises: EnterpriseMaker) -> None:
    with store.transaction():
        store.load("enterprise", enterprises(3), source="a")
        store.load("enterprise", enterprises(3, id=["x", "y", "z"]), source="b")
    second, first = store.loads()
    assert first["committed"] == second["committed"]
    assert len(store.read("enterprise", at=datetime.fromisoformat(first["committed"]))) == 6


def test_edits_are_checked_and_belong_to_the_row_s_source(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3), source="a.csv")
    report = store.edit("enterprise", "E00001", {"insured": True, "address": None, "valid_to": "2030-01-01"}, by="甲")
    assert (report.updated, report.inserted) == (1, 0)
    row = store.read("enterprise").set_index("id").loc["E00001"]
    assert (row["insured"], row["valid_to"]) == (True, pd.Timestamp(2030, 1, 1))
    assert store.loads(1)[0] | {"operation": "edit", "source": "a.csv", "by": "甲"} == store.loads(1)[0]
    assert store.edit("enterprise", "E00001", {"insured": "是"}, by="甲").unchanged == 1
    version = store.version()
    for changes in ({"industry": "Z"}, {"staff_at_place": "many"}, {"id": "new"}, {"synthetic": None},
                    {"geometry": shapely.Point(2, 48)}):
        with pytest.raises(BadRow, match="E00001"):
            store.edit("enterprise", "E00001", changes, by="甲")
    with pytest.raises(UnknownIdentifier):
        store.edit("enterprise", "E00001", {"colour": "red"}, by="甲")
    with pytest.raises(NotFound):
        store.edit("enterprise", "nobody", {"insured": True}, by="甲")
    assert (store.version(), len(store.quarantine())) == (version, 0)
    # the edited row is still one of its file: a complete file without it removes it
    assert store.load("enterprise", enterprises(1), source="a.csv", complete=True).removed == 2


def test_edits_keep_the_quarantine_of_their_source(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(2, staff_at_place=[1, -1]), source="a.csv")
    store.edit("enterprise", "E00000", {"insured": True}, by="甲")
    assert len(store.quarantine()) == 1


def test_retiring_what_is_not_there(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(2), source="a")
    with pytest.raises(NotFound, match="nobody"):
        store.retire("enterprise", ["E00000", "nobody"], by="甲")
    assert store.counts()["enterprise"] == 2
    assert store.retire("enterprise", ["E00000", "E00000"], by="甲").removed == 1


def test_moments_that_cannot_be_read(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(2), source="a")
    with pytest.raises(BadParameter, match="时区"):
        store.read("enterprise", at=datetime(2026, 1, 1))


def test_the_catalogue_follows_every_load(store: Store, enterprises: EnterpriseMaker) -> None:
    assert store.catalogue()["enterprise"].extent is None
    frame = enterprises(200)

    def check() -> None:
        entry, rows = store.catalogue()["enterprise"], store.read("enterprise")
        assert entry.rows == len(rows)
        assert entry.extent == pytest.approx(shapely.total_bounds(rows["geometry"].to_numpy()), abs=0)
        assert entry.filled >= {name for name in rows if name != "geometry" and rows[name].notna().any()}
        assert (entry.load_id, entry.changed_at) == (store.loads(1)[0]["id"], committed(store))

    store.load("enterprise", frame, source="a")
    check()
    west = frame["geometry"].map(lambda point: point.x).idxmin()
    store.edit("enterprise", frame["id"][west], {"geometry": shapely.Point(116.5, 40)}, by="")
    check()
    east = frame["geometry"].map(lambda point: point.x).idxmax()
    store.retire("enterprise", [frame["id"][east]], by="")
    check()
    store.load("enterprise", frame.iloc[:20].assign(address="甲"), source="a", complete=True)
    check()
    store.retire("enterprise", frame["id"][:20].tolist(), by="")
    assert store.catalogue()["enterprise"].extent is None
    assert store.catalogue()["venue"].rows == 0
