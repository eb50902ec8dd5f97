"""One file of one kind: opened, its columns found, its rows made, loaded in one transaction, and everything noticed said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geo.coordinates import CGCS2000, Reference, find_reference
from geo.errors import BadFile
from geo.ingest.findings import Finding, Findings
from geo.ingest.mapping import Mapping, Saved, map_columns
from geo.ingest.readers import Reading, bad_file, open_file
from geo.ingest.rows import Rows
from geo.kinds import Kind
from geo.kinds import kind as find_kind
from geo.store import LoadReport, Progress, Rejected, Store

#: Refused rows that a rehearsal shows.
SHOWN = 20


@dataclass(frozen=True)
class Declared:
    """What the user says of a file; everything else is found out.

    Attributes
    ----------
    source : str
        Name of the data set; the file's name if empty. Rows of one source can later be completed or mended by it.
    complete : bool
        The file holds everything that this source has to say of the kind: rows that are gone from it are retired.
    crs : str
        Coordinate system, see :func:`geo.coordinates.find_reference`; goes before what the file says.
    encoding, layer : str
        Encoding of its text; sheet or layer to read.
    mapping : Saved
        A saved mapping.
    swap_axes : bool
        The first axis is north.
    identifier : tuple of str
        Headings that together make the id.
    strict : bool
        Load nothing if a finding is serious.
    by : str
        Who loads.
    """

    source: str = ""
    complete: bool = False
    crs: str = ""
    encoding: str = ""
    layer: str = ""
    mapping: Saved = field(default_factory=Saved)
    swap_axes: bool = False
    identifier: tuple[str, ...] = ()
    strict: bool = False
    by: str = ""


@dataclass(frozen=True)
class Ingested:
    """What came of a file.

    Attributes
    ----------
    report : LoadReport
        Rows new, changed, the same, retired, refused.
    findings : tuple of Finding
        Everything noticed, the gravest first.
    mapping : Mapping
        Where every column went.
    source, format, encoding : str
        Data set, format by content, encoding and how it was found out.
    reference : Reference
        Coordinate system that was used.
    reference_from : {'declared', 'file', 'default'}
        Who said so.
    refused : DataFrame
        The first refused rows; only of a rehearsal.
    """

    report: LoadReport
    findings: tuple[Finding, ...]
    mapping: Mapping
    source: str
    format: str
    encoding: str
    reference: Reference
    reference_from: str
    refused: pd.DataFrame


def load_file(store: Store, kind: str, path: Path, *, source: str | None = None, complete: bool = False,
              progress: Progress | None = None, declared: Declared | None = None) -> LoadReport:
    """Load one file of one kind; see :func:`ingest_file`, which also hands out what was noticed."""
    declared = replace(declared or Declared(), source=source or (declared.source if declared else ""), complete=complete)
    return ingest_file(store, kind, path, declared, progress).report


def ingest_file(store: Store, kind: str, path: Path, declared: Declared | None = None, progress: Progress | None = None, *,
                rehearse: bool = False) -> Ingested:
    """Load one file of one kind.

    CSV (UTF-8, UTF-16, GB18030; any usual delimiter), XLSX, XLS, GeoJSON, GeoJSONSeq, GeoPackage, Shapefile, FlatGeobuf and
    GeoParquet, also packed as gz or zip. Columns are found by code name, Chinese term or synonym; what is no field is kept in
    ``extra``. Where the file does not say them, ``source`` becomes the name of the data set, ``synthetic`` no, and ``area_code``
    the street that the row lies in. Bad rows go to quarantine, everything else is loaded, all in one transaction.

    Parameters
    ----------
    store : Store
        Initialised.
    kind : str
        Kind of the rows.
    declared : Declared, optional
        What the file does not say of itself.
    progress : callable, optional
        Called with stage, rows done, rows in all.
    rehearse : bool
        Do everything, undo it, and show the first refused rows.

    Raises
    ------
    UnknownIdentifier
        If there is no such kind.
    BadFile
        If the file is missing, broken, of an unknown format, lacks a required column or its coordinate system; or if a finding is
        serious and `declared` is strict.
    BadParameter
        If the declared coordinate system is unknown.
    StoreError
        If the store cannot be written.
    """
    found, declared = find_kind(kind), declared or Declared()
    saved = _saved(declared)
    with open_file(path, layer=saved.layer, encoding=saved.encoding,
                   crs_declared=bool(saved.crs)) as reading, store.transaction(keep=not rehearse):
        mapping = map_columns(found, reading.columns, path=path, saved=saved, has_geometry=reading.has_geometry,
                              byte_limit=reading.byte_limit)
        reference, said_by = _reference(reading, saved)
        identifier = _identifier(found, mapping, reading)
        _check_required(path, found, mapping, identifier, reading.has_geometry)
        rows = Rows(store, mapping, reference, declared.source or path.name, path, identifier, saved.swap_axes, reading.findings)
        _say(rows, said_by)
        notes = _Notes(rows)
        report = store.load(kind, rows.frames(reading.chunks), source=rows.source, complete=declared.complete, progress=progress,
                            rejected=_Renamed(reading.rejected, mapping), by=declared.by, total=reading.total, findings=notes)
        if declared.strict:
            _refuse_serious(path, notes.found)
        refused = store.quarantine(kind, rows.source, SHOWN) if rehearse else pd.DataFrame()
    return Ingested(report, notes.found, mapping, rows.source, reading.format, reading.encoding, reference, said_by, refused)


def _saved(declared: Declared) -> Saved:
    """The saved mapping with what is said now on top."""
    saved = declared.mapping
    return replace(saved, crs=declared.crs or saved.crs, encoding=declared.encoding or saved.encoding,
                   layer=declared.layer or saved.layer, identifier=declared.identifier or saved.identifier,
                   swap_axes=declared.swap_axes or saved.swap_axes)


def _reference(reading: Reading, saved: Saved) -> tuple[Reference, str]:
    if saved.crs:
        reference = find_reference(saved.crs)
        inside = reading.reference
        if inside is not None and inside.code != reference.code and not (inside.same and reference.same):
            reading.findings.note(
                "crs-overridden", "info", f"文件写明坐标系为{inside.name}，按声明的{reference.name}读取",
                f"the file names {inside.name}; it is read as {reference.name}, as declared", file=inside.name,
                used=reference.name)
        return reference, "declared"
    if reading.reference is not None:
        return reading.reference, "file"
    if reading.has_geometry:
        what = ("缺少 .prj（坐标系）", "lacks its .prj (the coordinate system)") if reading.format == "Shapefile" else (
            "没有写明坐标系", "does not name its coordinate system")
        raise bad_file(reading.path, *what, "请用 --crs 声明坐标系，例如 --crs CGCS2000、--crs 4548、--crs GCJ-02。",
                       "Declare it, e.g. --crs CGCS2000, --crs 4548 or --crs GCJ-02.")
    return CGCS2000, "default"


def _identifier(kind: Kind, mapping: Mapping, reading: Reading) -> tuple[str, ...]:
    """Headings that make the id: as said, none where there is a column of ids, else an enterprise's credit code."""
    said = mapping.saved.identifier
    missing = [name for name in said if name not in reading.columns]
    if missing:
        raise bad_file(reading.path, f"没有组成编号的列：{'、'.join(missing)}", f"lacks columns of the id: {', '.join(missing)}",
                       f"文件的列：{'、'.join(reading.columns[:30])}。", f"Its columns: {', '.join(reading.columns[:30])}.")
    if said or mapping.of("id") is not None:
        return said
    code = mapping.of("credit_code")
    if kind.name == "enterprise" and code is not None:
        reading.findings.note("id-from-credit-code", "info", "没有编号列，用统一社会信用代码作编号；一个单位多处场所须另给编号",
                              "there is no column of ids; the credit code is the id (units with several places need their own)")
        return (code,)
    return ()


def _check_required(path: Path, kind: Kind, mapping: Mapping, identifier: tuple[str, ...], has_geometry: bool) -> None:
    there = set(mapping.fields.values()) | set(mapping.saved.constants) | {"source", "synthetic"} | ({"id"}
                                                                                                     if identifier else set())
    there |= {"industry"} if "industry_code" in there else set()
    missing = [f"{field.zh}（{field.name}）" for field in kind.all_fields if field.required and field.name not in there]
    names = {field.name for field in kind.fields}
    placed = has_geometry or any(column.target.startswith("@") for column in mapping.columns) or "enterprise_id" in names & there
    missing += [] if placed else ["坐标列（经度 lon、纬度 lat，或 WKT 格式的 geometry）"]
    if missing:
        likely = [f"{column.name} → {column.note}？" for column in mapping.columns if column.note
                  and not column.note.startswith("?")]
        hint = f"可能的对应：{'、'.join(likely[:5])}。" if likely else ""
        if any(one.startswith("编号") for one in missing):
            hint += "没有编号列时，用 --id 列名 指定组成编号的列。"
        raise bad_file(path, f"缺少必填列：{'、'.join(missing)}", f"lacks required columns: {', '.join(missing)}",
                       f"请补上这些列，或用 --mapping 说明哪一列是它。{hint}用 --template {kind.name} 可得到模板。",
                       f"Add them or map other columns to them by --mapping; --id names the columns that make the id; "
                       f"--template {kind.name} writes a template.")


def _say(rows: Rows, said_by: str) -> None:
    findings, reference = rows.findings, rows.reference
    positioned = any(column.target.startswith("@") for column in rows.mapping.columns)
    if said_by == "default" and positioned:
        findings.note("crs-assumed", "info", "文件没有写明坐标系，按 CGCS2000 经纬度读取；高德、百度坐标请用 --crs 声明",
                      "the file names no coordinate system; it is read as CGCS2000 degrees. Declare others by --crs")
    if reference.accuracy_m:
        findings.note("datum-approximate", "warning",
                      f"{reference.name}没有公开的转换参数，直接沿用，可差 {reference.accuracy_m:.0f} m，已记入位置精度",
                      f"{reference.name} has no public transformation; positions may be {reference.accuracy_m:.0f} m off",
                      accuracy_m=reference.accuracy_m)
    extra = [column.name for column in rows.mapping.columns if column.target == "extra" and column.how != "json"]
    if extra:
        findings.note("columns-to-extra", "info", f"{len(extra)} 列不是声明的字段，保留在“其他”：{'、'.join(extra[:8])}",
                      f"{len(extra)} columns are no declared field and are kept in extra: {', '.join(extra[:8])}",
                      columns=extra[:50])
    for column in rows.mapping.columns:
        if column.note.startswith("?"):
            findings.note(f"unit-unknown-{column.target}", "warning",
                          f"列“{column.name}”的单位“{column.note[1:]}”不认识，数值按声明的单位“{rows.kind.field(column.target).unit}”读取",
                          f"column {column.name!r}: unit {column.note[1:]!r} is unknown, numbers are taken as declared")
        elif column.factor != 1.0:
            findings.note(f"unit-converted-{column.target}", "info", f"列“{column.name}”的数值乘以 {column.factor:g} 换算",
                          f"column {column.name!r} is multiplied by {column.factor:g}", factor=str(column.factor))


class _Notes:
    """The findings as the store wants them; looked at once, after the last chunk, when the watch has seen everything."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.found: tuple[Finding, ...] = ()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        everything = Findings()
        for finding in (*self._rows.findings, *self._rows.watch.findings()):
            everything.add(finding)
        self.found = tuple(everything)
        return iter([finding.as_dict() for finding in self.found])


class _Renamed:
    """Rows that the reader refused, their headings turned into field names so that they can be mended like all others."""

    def __init__(self, rejected: list[Rejected], mapping: Mapping) -> None:
        self._rejected, self._names = rejected, mapping.fields

    def __iter__(self) -> Iterator[Rejected]:
        for row in self._rejected:
            try:
                record = json.loads(row.payload)
            except ValueError:
                record = None
            if isinstance(record, dict):
                named = {self._names.get(name, name): value for name, value in record.items()}
                row = replace(row, payload=json.dumps(named, ensure_ascii=False))
            yield row


def _refuse_serious(path: Path, found: tuple[Finding, ...]) -> None:
    serious = [finding for finding in found if finding.severity == "serious"]
    if serious:
        raise BadFile(f"文件 {path.name} 没有载入：{serious[0].zh}", f"the file {path.name} was not loaded: {serious[0].en}",
                      remedy_zh="按提示声明坐标系后重新载入，或去掉 --strict。",
                      remedy_en="Declare it as said, or leave out --strict.",
                      file=str(path), findings=[finding.as_dict() for finding in serious])
