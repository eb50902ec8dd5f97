"""Data quality in a snapshot: assessed beside the night's scoring, written as two tables, read back without pandas."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadParameter, NotFound
from geo.kinds import KINDS
from geo.quality.checks import CHECKS, GROUP_ZH, detail
from geo.quality.scoring import COUNTS, completeness, ratios, score
from layers.columns import Columns
from layers.features import mapping
from layers.tables import QUALITY_FINDINGS
from layers.viewer.settings import CHOICES_ZH

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from geo.quality.report import QualityReport
    from geo.quality.rules import Rules
    from geo.settings import Settings
    from geo.store import Store
    from layers.reader import Snapshot
    from layers.snapshot import SnapshotWriter

#: Files of a snapshot, without ending.
SUMMARY, FINDINGS = "quality", "quality_findings"

#: Colours of the classes, best first: one hue, so that nobody takes them for levels of risk.
CLASS_COLOURS = ("#F1E6F4", "#DDC4E5", "#C29ACF", "#A06BB2", "#773F8F", "#4A1A63")
CLASS_ZH = ("优", "良", "较好", "中", "较差", "差")

#: Groups of checks in the order in which their findings are listed; what is only missing comes last because it is most.
_ORDER = ("validity", "duplicates", "position", "freshness", "completeness")

_Rows = NDArray[np.int64]


class NightlyQuality:
    """The assessment of one night, in a thread of its own beside reading and scoring; made by :func:`beside`."""

    def __init__(self, store: Store, day: date, rules: Rules, pool: ThreadPoolExecutor) -> None:
        from geo.quality.assessment import Examiner

        areas = store.read("area", as_of=day, columns=["code", "level", "geometry"])
        self._store, self._rules, self._pool = store, rules, pool
        self._streets = areas[areas["level"] == "street"]
        self._examiner = Examiner(self._streets, as_of=day, rules=rules)
        self._work: list[Future[None]] = []
        self._seconds = 0.0

    def take(self, kind: str, frame: pd.DataFrame) -> None:
        """Assess the rows of a kind as they are in the store; returns at once, and lets go of them when it is done."""
        self._work.append(self._pool.submit(self._look, kind, frame))

    def _look(self, kind: str, frame: pd.DataFrame) -> None:
        started = time.thread_time()
        self._examiner.look(kind, frame)
        self._seconds += time.thread_time() - started

    def write(self, writer: SnapshotWriter, sources: pd.DataFrame) -> dict[str, Any]:
        """Wait for the end, add what the model found, write the tables; returns the manifest's entry.

        Parameters
        ----------
        sources : DataFrame
            The run's sources with ``kind``, ``id`` and ``mismatch``.
        """
        from geo.quality.assessment import summarise

        for work in self._work:
            work.result()
        started = time.thread_time()
        apart = sources[sources["mismatch"].to_numpy(bool)]
        report = summarise(self._examiner.examined, self._rules, streets=self._streets, quarantine=self._store.quarantine(),
                           disagreeing={str(kind): rows["id"].tolist() for kind, rows in apart.groupby("kind")})
        entry = write_quality(writer, report, self._rules)
        return entry | {"seconds": round(self._seconds + time.thread_time() - started, 3)}


@contextmanager
def beside(store: Store, settings: Settings, day: date) -> Iterator[NightlyQuality | None]:
    """Assess data quality while the body reads and scores; None where the setting ``quality`` is off.

    Raises
    ------
    BadParameter
        If the installation's own rules are wrong: before anything else is done.
    """
    if not settings.quality:
        yield None
        return
    from geo.quality.rules import load_rules

    rules = load_rules(settings.quality_rules)
    pool = ThreadPoolExecutor(1, thread_name_prefix="quality")
    try:
        yield NightlyQuality(store, day, rules, pool)
    finally:
        pool.shutdown(cancel_futures=True)


def write_quality(writer: SnapshotWriter, report: QualityReport, rules: Rules) -> dict[str, Any]:
    """Write the tables of a report into a snapshot under construction; returns the manifest's entry."""
    summary = report.summary.astype({name: np.int64 for name in COUNTS if name != "fill"})
    writer.write_table(SUMMARY, summary)
    findings = report.findings
    rank = findings["check"].map({code: (not check.counts, _ORDER.index(check.group), place)
                                  for place, (code, check) in enumerate(CHECKS.items())})
    findings = findings.assign(rank=rank).sort_values(["rank", "kind", "id"], kind="stable").drop(columns="rank")
    writer.write_table(FINDINGS, _typed(findings))
    total = report.rolled().iloc[0].to_dict()
    return {
        "completeness": completeness(total), "score": total["score"] if total["rows"] + total["quarantined"] else None,
        "findings": len(findings), "weights": dict(report.weights), "classes": list(rules.classes), "rules_sha256": rules.digest,
    }


def _typed(findings: pd.DataFrame) -> Any:
    """Findings as Arrow with the declared types, also where a column is empty."""
    import pyarrow as pa

    types = {"text": pa.string(), "float": pa.float64()}
    return pa.table({column.name: pa.array(findings[column.name].to_numpy(), types[column.type], from_pandas=True)
                     for column in QUALITY_FINDINGS})


def quality_report(snapshot: Snapshot) -> QualityReport:
    """The report that a snapshot's tables were written from, but for its pairs; for exports, needs pandas.

    Raises
    ------
    NotFound
        If the snapshot was published without an assessment.
    """
    import pandas as pd

    from geo.quality.report import QualityReport

    about = QualityTables(snapshot).about
    summary, findings = (pd.read_parquet(snapshot.path / f"{name}.parquet") for name in (SUMMARY, FINDINGS))
    return QualityReport(summary, findings, pd.DataFrame(columns=["kind", "a", "b", "check", "score"]), about["weights"])


class QualityTables:
    """Data quality of a published snapshot.

    Parameters
    ----------
    snapshot : Snapshot

    Raises
    ------
    NotFound
        If the snapshot was published without an assessment.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.about: dict[str, Any] = snapshot.manifest.get("quality") or {}
        if not self.about or not (snapshot.path / f"{SUMMARY}.parquet").is_file():
            raise NotFound(
                "这份风险图没有数据质量评估", "this map was published without an assessment of data quality",
                remedy_zh="请打开设置 RISKMAP_QUALITY 并重新评分（riskmap score）。",
                remedy_en="Switch the setting RISKMAP_QUALITY on and score again (riskmap score).", run_id=snapshot.run_id,
            )
        self._summary = Columns(snapshot.path / f"{SUMMARY}.parquet")
        self._area = np.array(self._summary.texts("area_code"), object)
        self._kind = np.array(self._summary.texts("kind"), object)
        self._source = np.array(self._summary.texts("source"), object)

    @cached_property
    def findings(self) -> Columns:
        """Findings in the order in which they are listed."""
        return Columns(self._snapshot.path / f"{FINDINGS}.parquet")

    @cached_property
    def _finding_keys(self) -> dict[str, tuple[NDArray[np.int32], dict[str | None, int]]]:
        keys = {}
        for name in ("area_code", "kind", "check"):
            texts = self.findings.texts(name)
            number = {text: place for place, text in enumerate(dict.fromkeys(texts))}
            keys[name] = (np.fromiter((number[text] for text in texts), np.int32, len(texts)), number)
        return keys

    @cached_property
    def _areas_of(self) -> dict[str, list[str]]:
        """Every street's own code and those of the areas above it."""
        snapshot = self._snapshot
        codes = snapshot.areas.texts("code")
        parent = dict(zip(codes, snapshot.areas.texts("parent"), strict=True))
        above: dict[str, list[str]] = {}
        for row in snapshot.area_rows("street").tolist():
            code = codes[row]
            chain = above.setdefault(str(code), [])
            while code is not None and str(code) not in chain:
                chain.append(str(code))
                code = parent.get(code)
        return above

    @cached_property
    def _streets_of(self) -> dict[str, list[str]]:
        """Codes of the streets of every area."""
        below: dict[str, list[str]] = {}
        for street, areas in self._areas_of.items():
            for area in areas:
                below.setdefault(area, []).append(street)
        return below

    @cached_property
    def _rows_of(self) -> dict[str, _Rows]:
        """Rows of the summary of every area."""
        rows: dict[str, list[int]] = {}
        for row, street in enumerate(self._area.tolist()):
            for area in self._areas_of.get(street, ()):
                rows.setdefault(area, []).append(row)
        return {area: np.array(found, np.int64) for area, found in rows.items()}

    def streets(self, area: str | None) -> list[str] | None:
        """Codes of the streets of an area; None for everything (what lies in no street included). Raises NotFound."""
        if area is None or area == str(self._snapshot.manifest.get("city", {}).get("code", "")):
            return None
        self._snapshot.area(area)
        return self._streets_of.get(area, [])

    def _chosen(self, area: str | None, kind: str | None) -> _Rows:
        """Rows of the summary of an area (None: everything) and a kind (None: all)."""
        whole = self.streets(area) is None
        rows = np.arange(len(self._summary)) if whole else self._rows_of.get(str(area), np.empty(0, np.int64))
        return rows if kind is None else rows[self._kind[rows] == kind]

    def _figures(self, rows: _Rows) -> dict[str, Any]:
        counts = {name: self._summary.numbers(name)[rows].sum().item() for name in COUNTS}
        value = score(counts, self.about["weights"])
        return {
            **{name: round(count, 3) if name == "fill" else int(count) for name, count in counts.items()},
            "shares": ratios(counts), "completeness": completeness(counts), "score": value, "class": self.class_of(value),
        }

    def class_of(self, value: float | None) -> int | None:
        """Number of a score's class, 1 for the best; None without a score."""
        if value is None:
            return None
        return next(place for place, low in enumerate(self.about["classes"], 1) if value >= low)

    def classes(self) -> list[dict[str, Any]]:
        """The legend: class, name, colour, lowest score."""
        lows = self.about["classes"]
        step = (len(CLASS_COLOURS) - 1) / max(len(lows) - 1, 1)
        return [{"class": place + 1, "zh": CLASS_ZH[place] if len(lows) == len(CLASS_ZH) else f"第{place + 1}类",
                 "colour": CLASS_COLOURS[round(place * step)], "from": low} for place, low in enumerate(lows)]

    def total(self, area: str | None = None, kind: str | None = None) -> dict[str, Any]:
        """Counts, shares and score of an area and a kind."""
        return self._figures(self._chosen(area, kind))

    def by_kind(self, area: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """The same by kind, in the order of their declaration."""
        rows = self._chosen(area, kind)
        names = self._kind[rows]
        return [{"kind": name, **self._figures(rows[names == name])} for name in KINDS if name in set(names.tolist())]

    def by_source(self, area: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """The same by kind and data set."""
        rows = self._chosen(area, kind)
        pairs = list(zip(self._kind[rows].tolist(), self._source[rows].tolist(), strict=True))
        places: dict[tuple[str, str], list[int]] = {}
        for row, pair in zip(rows.tolist(), pairs, strict=True):
            places.setdefault(pair, []).append(row)
        return [{"kind": name, "source": source, **self._figures(np.array(found))}
                for (name, source), found in sorted(places.items())]

    def by_area(self, level: str, kind: str | None = None, area: str | None = None) -> list[dict[str, Any]]:
        """The same by area of a level (within `area`), in table order; areas without rows have no score."""
        within, areas = self.streets(area), self._snapshot.areas
        records = []
        for row in self._snapshot.area_rows(level).tolist():
            code = str(areas.texts("code")[row])
            if within is None or set(self._streets_of.get(code, ())) & set(within):
                rows = self._rows_of.get(code, np.empty(0, np.int64))
                chosen = rows if kind is None else rows[self._kind[rows] == kind]
                records.append({"code": code, "name": areas.texts("name")[row], **self._figures(chosen)})
        return records

    def layer(self, level: str, kind: str | None = None) -> dict[str, Any]:
        """Areas of a level with their score as a GeoJSON feature collection."""
        features = []
        for record in self.by_area(level, kind):
            figures = {name: record[name] for name in ("code", "name", "rows", "completeness", "score", "class")}
            shape = mapping(self._snapshot.area_shape(record["code"]))
            features.append({"type": "Feature", "id": record["code"], "geometry": shape,
                             "properties": figures | record["shares"]})
        return {"type": "FeatureCollection", "features": features}

    def found(self, *, area: str | None = None, kind: str | None = None, check: str | None = None,
              group: str | None = None) -> _Rows:
        """Rows of the findings that fit, in order.

        Raises
        ------
        BadParameter
            If there is no such check or group.
        """
        wanted = {code for code, entry in CHECKS.items() if check in (None, code) and group in (None, entry.group)}
        if not wanted:
            raise BadParameter(
                f"没有检查项“{check or group}”", f"there is no check {check or group!r}",
                remedy_zh=f"可用：{'、'.join(CHECKS)}；分组：{'、'.join(GROUP_ZH)}。",
                remedy_en=f"Known: {', '.join(CHECKS)}; groups: {', '.join(GROUP_ZH)}.",
            )
        keep = np.ones(len(self.findings), bool)
        streets = self.streets(area)
        chosen: Iterable[tuple[str, Iterable[str] | None]] = (
            ("area_code", streets), ("kind", None if kind is None else [kind]),
            ("check", None if check is None and group is None else wanted),
        )
        for name, values in chosen:
            if values is not None:
                keys, number = self._finding_keys[name]
                keep &= np.isin(keys, [number[value] for value in values if value in number])
        return np.flatnonzero(keep)

    def found_by_check(self, rows: _Rows) -> list[dict[str, Any]]:
        """How many findings there are of each check among some rows."""
        keys, number = self._finding_keys["check"]
        counts = dict(zip(number, np.bincount(keys[rows], minlength=len(number)).tolist(), strict=True))
        return [{"check": code, "group": entry.group, "group_zh": GROUP_ZH[entry.group], "zh": entry.zh, "en": entry.en,
                 "counts": entry.counts, "n": counts[code]} for code, entry in CHECKS.items() if counts.get(code)]

    def finding_records(self, rows: _Rows) -> list[dict[str, Any]]:
        """Findings as dictionaries with their sentences ``zh`` and ``en``."""
        return [sentence(record) for record in self.findings.rows(rows)]


def sentence(record: Mapping[str, Any]) -> dict[str, Any]:
    """A finding's record with what it says in both languages."""
    found = {name: record[name] for name in ("value", "number", "other")}
    zh, en = detail(record["check"], record["kind"], **found)
    if found["value"] in CHOICES_ZH:
        zh, _ = detail(record["check"], record["kind"], **(found | {"value": CHOICES_ZH[found["value"]]}))
    entry = CHECKS[record["check"]]
    about = {"group": entry.group, "check_zh": entry.zh, "check_en": entry.en, "counts": entry.counts}
    return {**record, **about, "zh": zh, "en": en}


def quality_of(snapshot: Snapshot) -> QualityTables:
    """The quality tables of a snapshot, kept for the last few. Raises NotFound where it has none."""
    with _OPENING:
        found = _OPEN.get(snapshot.path)
        if found is None:
            found = _OPEN[snapshot.path] = QualityTables(snapshot)
            while len(_OPEN) > _KEEP_OPEN:
                _OPEN.popitem(last=False)
        return found


_OPEN: OrderedDict[Path, QualityTables] = OrderedDict()
_OPENING = threading.Lock()

#: Snapshots whose quality tables stay in memory.
_KEEP_OPEN = 3
