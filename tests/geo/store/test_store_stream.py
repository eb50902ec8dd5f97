"""Loads in parts: any number of frames or Arrow batches, one transaction, the same result as one frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from numpy.typing import NDArray

from geo.errors import BadFile
from geo.kinds import KINDS
from geo.store import Rejected, Store, loading
from geo.store.content import content_hash
from geo.store.known import Known
from geo.store.validate import validate

EnterpriseMaker = Callable[..., pd.DataFrame]


def parts(frame: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), size):
        yield frame.iloc[start:start + size]


def test_parts_give_what_the_whole_gives(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(500).sample(frac=1, random_state=2).reset_index(drop=True)
    told: list[tuple[str, int, int]] = []
    report = store.load("enterprise", parts(frame, 90), source="a", progress=lambda *step: told.append(step))
    assert (report.inserted, report.quarantined) == (500, 0)
    assert [done for _, done, _ in told] == [0, 90, 180, 270, 360, 450, 500]
    again = store.load("enterprise", frame, source="a")
    assert (again.unchanged, again.changed) == (500, False)
    assert store.loads()[0]["sha"] == store.loads()[1]["sha"]


def test_arrow_batches_are_taken(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(100)
    frame["geometry"] = shapely.to_wkb(frame["geometry"].to_numpy())
    table = pa.Table.from_pandas(frame, preserve_index=False)
    assert store.load("enterprise", table, source="a").inserted == 100
    assert store.load("enterprise", iter(table.to_batches(max_chunksize=30)), source="a").unchanged == 100


@pytest.mark.parametrize("reset", [False, True])
def test_rows_are_numbered_through_all_parts(store: Store, enterprises: EnterpriseMaker, reset: bool) -> None:
    frame = enterprises(40)
    frame.loc[[3, 17, 35], "staff_at_place"] = -1
    given = [part.reset_index(drop=True) if reset else part for part in parts(frame, 10)]
    store.load("enterprise", given, source="a.csv")
    assert list(store.quarantine()["row"]) == [4, 18, 36]


def test_an_id_of_an_earlier_part_is_refused(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(5, seed=8), source="a")
    frame = enterprises(20)
    first = frame.iloc[:10]
    second = pd.concat([frame.iloc[10:], frame.iloc[[2, 7]].assign(name="twice")], ignore_index=True)
    bad_first = first.assign(staff_at_place=first["staff_at_place"].where(first["id"] != "E00007", -1))
    report = store.load("enterprise", iter([bad_first, second]), source="b")
    # E00002 was there before and came first; E00007 was refused at first, so its second row counts
    assert (report.inserted + report.updated + report.unchanged, report.quarantined) == (20, 2)
    back = store.read("enterprise", columns=["id", "name"]).set_index("id")["name"]
    assert back["E00007"] == "twice"
    assert back["E00002"] != "twice"


def test_what_the_reader_raises_undoes_everything(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(10), source="a")
    version = store.version()

    def broken() -> Iterator[pd.DataFrame]:
        yield enterprises(6000, seed=5)
        raise BadFile("文件在中途断了", "the file breaks off")

    with pytest.raises(BadFile):
        store.load("enterprise", broken(), source="a")
    assert (store.version(), store.counts()["enterprise"]) == (version, 10)
    assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 10


def test_rejected_rows_may_come_while_parts_are_read(store: Store, enterprises: EnterpriseMaker) -> None:
    rejected: list[Rejected] = []

    def reading() -> Iterator[pd.DataFrame]:
        for number in range(3):
            rejected.append(Rejected(number + 100, "", None, "列数不对", "wrong number of fields", "{}"))
            yield enterprises(5, id=[f"{number}-{at}" for at in range(5)])

    report = store.load("enterprise", reading(), source="a", rejected=rejected, by="王", findings=iter([{"code": "axes"}]))
    assert (report.inserted, report.quarantined) == (15, 3)
    assert (store.loads()[0]["by"], store.loads()[0]["findings"]) == ("王", [{"code": "axes"}])


def test_a_rehearsal_leaves_nothing(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(30)
    frame.loc[4, "industry"] = "Z"
    with store.transaction(keep=False):
        report = store.load("enterprise", frame, source="a")
        assert (report.inserted, len(store.quarantine())) == (29, 1)
    assert (store.counts()["enterprise"], len(store.quarantine()), store.loads()) == (0, 0, [])


def test_mended_rows_take_the_place_of_theirs_alone(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(10)
    frame.loc[[1, 4, 8], "staff_at_place"] = -1
    store.load("enterprise", frame, source="a.csv")
    mended = frame.loc[[1, 4]]
    mended.loc[1, "staff_at_place"] = 5
    report = store.load("enterprise", mended, source="a.csv", mends={("a.csv", 2), ("a.csv", 5)})
    assert (report.inserted, report.quarantined) == (1, 1)
    assert list(store.quarantine(kind="enterprise", source="a.csv")["row"]) == [9, 5]
    assert store.quarantine(source="b.csv").empty
    assert len(store.quarantine(limit=1)) == 1


def test_a_complete_load_in_parts_removes_what_no_part_holds(store: Store, enterprises: EnterpriseMaker) -> None:
    frame = enterprises(60)
    store.load("enterprise", frame, source="a")
    report = store.load("enterprise", parts(frame.iloc[:50], 20), source="a", complete=True)
    assert (report.unchanged, report.removed) == (50, 10)


def test_an_empty_load_is_a_load(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(4), source="a")
    assert store.load("enterprise", iter(()), source="b").inserted == 0
    assert store.load("enterprise", iter([enterprises(0)]), source="a", complete=True).removed == 4


def test_empty_optional_fields_do_not_change_the_hash(enterprises: EnterpriseMaker) -> None:
    kind = KINDS["enterprise"]
    frame = enterprises(20)
    checked = validate(kind, frame)
    fields = [field.name for field in kind.all_fields]
    whole = checked.table.select(fields)
    fewer = whole.select([name for name in fields if whole[name].null_count < len(whole)][::-1])
    np.testing.assert_array_equal(content_hash(fewer, checked.geometry), checked.table["content"].to_numpy())
    assert len(set(content_hash(whole, checked.geometry).tolist())) == 20


def test_every_field_and_vertex_changes_the_hash(enterprises: EnterpriseMaker) -> None:
    kind = KINDS["enterprise"]
    frame = enterprises(1, name="甲", address="乙", sprinklers=True, alarm=None)
    first = validate(kind, frame).table["content"][0].as_py()
    changes = {
        "name": "乙", "staff_at_place": 10_001, "floor_area_m2": frame["floor_area_m2"][0] + 1e-9, "sprinklers": False,
        "alarm": True, "valid_from": "2024-01-02", "assumed": "[]", "source": "other",
        "geometry": shapely.transform(frame["geometry"][0], lambda xy: xy + 1e-12)}
    hashes = [validate(kind, frame.assign(**{name: [value]})).table["content"][0].as_py() for name, value in changes.items()]
    swapped = validate(kind, frame.assign(name="乙", address="甲")).table["content"][0].as_py()
    assert len({first, swapped, *hashes}) == len(changes) + 2


def test_two_ids_of_one_hash_are_not_taken_for_each_other(
        store: Store, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    # No two texts with the same 64 bits are at hand: every text gets one of three hashes instead.
    def three(texts: pa.Array) -> NDArray[np.uint64]:
        return np.array([len(one) % 3 for one in texts.to_pylist()], np.uint64)

    monkeypatch.setattr("geo.store.known.text_hash", three)
    frame = enterprises(30, id=[f"{'x' * (number % 5)}{number}" for number in range(30)])
    assert store.load("enterprise", parts(frame, 7), source="a").inserted == 30
    frame.loc[11, "name"] = "changed"
    report = store.load("enterprise", parts(frame, 7), source="a")
    assert (report.updated, report.unchanged, report.quarantined) == (1, 29, 0)
    with store._reading() as connection:
        known = Known(connection, KINDS["enterprise"])
    assert known.positions(pa.array(["nobody", "1"])).tolist()[0] == -1


def test_many_faults_are_written_in_pieces(store: Store, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_REFUSED", 7)
    frame = enterprises(20, industry="Z", staff_at_place=-1)
    assert store.load("enterprise", frame, source="a").quarantined == 20
    assert len(store.quarantine()) == 40
    assert all(json.loads(text)["industry"] == "Z" for text in store.quarantine()["payload"])


def test_few_rows_do_not_read_all_the_others(store: Store, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = enterprises(3_000)
    store.load("enterprise", frame, source="a")
    looked: list[int] = []
    begin = Known.__init__

    def counted(known: Known, *arguments: object) -> None:
        begin(known, *arguments)  # type: ignore[arg-type]
        looked.append(len(known))

    monkeypatch.setattr(Known, "__init__", counted)
    some = pd.concat([frame.iloc[[5, 9]].assign(name="x"), frame.iloc[[7]], enterprises(2, id=[17, None])])
    report = store.load("enterprise", some, source="a")
    assert (report.updated, report.unchanged, report.inserted, report.quarantined) == (2, 1, 1, 1)
    store.edit("enterprise", "E00011", {"name": "y"}, by="")
    store.retire("enterprise", ["E00012"], by="")
    assert looked == [3, 1, 0]
    assert store.load("enterprise", frame.iloc[:900], source="a", complete=True).removed == 2_101
