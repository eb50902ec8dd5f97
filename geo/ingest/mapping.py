"""Which column of a file is which field: by a saved mapping, by name, by term, by synonym; and what is left over."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geo.errors import BadFile, BadParameter
from geo.ingest import words
from geo.ingest.units import factor
from geo.kinds import Kind

#: Where a column goes that is no field: position roles, the JSON column for the rest, and nowhere.
ROLES = ("@lon", "@lat", "@lonlat", "@wkt", "extra", "-")


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    name : str
        Heading in the file.
    target : str
        Field, or one of :data:`ROLES`.
    how : str
        How it was recognised: ``saved``, ``name``, ``synonym``, ``cut`` (a heading that the format cut short), or empty.
    factor : float
        What its numbers are multiplied by to be in the declared unit; from the bracket in the heading.
    note : str
        What to look at (an unknown unit, a likely field), empty for nothing.
    """

    name: str
    target: str
    how: str = ""
    factor: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Saved:
    """A mapping as it is kept in a file.

    Attributes
    ----------
    kind : str
        Kind that it is for; empty for any.
    columns : mapping
        Target by heading.
    values : mapping
        By field: allowed value by word.
    constants : mapping
        Value of fields that the file has no column for.
    crs, encoding, layer : str
        As on the command line; empty where the file says it.
    identifier : tuple of str
        Headings that together make the id.
    swap_axes : bool
        Whether the first axis is north.
    """

    kind: str = ""
    columns: MappingType[str, str] = field(default_factory=dict)
    values: MappingType[str, MappingType[str, Any]] = field(default_factory=dict)
    constants: MappingType[str, Any] = field(default_factory=dict)
    crs: str = ""
    encoding: str = ""
    layer: str = ""
    identifier: tuple[str, ...] = ()
    swap_axes: bool = False


@dataclass(frozen=True)
class Mapping:
    """The columns of one file, each with its place; made by :func:`map_columns`."""

    kind: Kind
    columns: tuple[Column, ...]
    saved: Saved = field(default_factory=Saved)

    def of(self, target: str) -> str | None:
        """Heading of the column that goes there; None if there is none."""
        return next((column.name for column in self.columns if column.target == target), None)

    @property
    def fields(self) -> dict[str, str]:
        """Field by heading, extra columns and positions left out."""
        return {column.name: column.target for column in self.columns if column.target not in ROLES}

    @property
    def extra(self) -> list[str]:
        """Headings that go into the JSON column, the column of that name itself left out."""
        return [column.name for column in self.columns if column.target == "extra" and column.how != "json"]


def map_columns(kind: Kind, columns: Sequence[str], *, path: Path, saved: Saved | None = None, has_geometry: bool = False,
                byte_limit: int = 0) -> Mapping:
    """Find the place of every column.

    Parameters
    ----------
    columns : sequence of str
        Heading of the file.
    has_geometry : bool
        The format itself carries the position: columns of longitude and latitude are then kept as they are.
    byte_limit : int
        Bytes to which the format cuts headings; 0 for none.

    Raises
    ------
    BadFile
        If two columns are one field, or a saved mapping names a field that the kind does not have.
    """
    saved = saved or Saved()
    known = words.headings(kind)
    _check_saved(kind, saved, path)
    found = [_place(kind, name, saved, known, byte_limit) for name in columns]
    if not has_geometry:
        found = _with_positions(found)
    _refuse_doubles(kind, found, path)
    return Mapping(kind, tuple(found), saved)


def _check_saved(kind: Kind, saved: Saved, path: Path) -> None:
    declared = {field.name for field in kind.all_fields}
    wrong = sorted({target for target in saved.columns.values() if target not in declared and target not in ROLES}
                   | {name for name in (*saved.constants, *saved.values) if name not in declared})
    if saved.kind not in ("", kind.name):
        raise BadFile(f"映射文件是为 {saved.kind} 做的，不是 {kind.name}",
                      f"the mapping is for {saved.kind}, not for {kind.name}",
                      remedy_zh="请使用对应的映射文件。", remedy_en="Use the mapping of this kind.", file=str(path))
    if wrong:
        raise BadFile(f"映射文件里有{kind.zh}没有的字段：{'、'.join(wrong)}",
                      f"the mapping names fields that {kind.name} lacks: {', '.join(wrong)}",
                      remedy_zh="字段名见 docs/data-model.md。", remedy_en="See docs/data-model.md.", file=str(path))


def _place(kind: Kind, name: str, saved: Saved, known: MappingType[str, str], byte_limit: int) -> Column:
    if name in saved.columns:
        return _with_factor(kind, Column(name, saved.columns[name], "json"
                                         if saved.columns[name] == "extra" == name else "saved"))
    if name == "extra":
        return Column(name, "extra", "json")
    bare, _ = words.without_unit(name)
    for text in (name, bare):
        target = known.get(words.plain(text))
        if target is not None and target != "extra":
            own = {words.plain(kind.field(target).name), words.plain(kind.field(target).zh)}
            return _with_factor(kind, Column(name, target, "name" if words.plain(text) in own else "synonym"))
    cut = _cut_short(name, known, byte_limit)
    return _with_factor(kind, Column(name, cut, "cut")) if cut else Column(name, "extra", note=_likely(name, known))


def _cut_short(name: str, known: MappingType[str, str], byte_limit: int) -> str:
    """The one field whose heading begins like this, where the format cuts headings to so many bytes."""
    longest = max(len(name.encode("gb18030")), len(name.encode()))
    if not byte_limit or longest < byte_limit - 2:
        return ""
    begins = {target for heading, target in known.items() if heading.startswith(words.plain(name)) and target != "extra"}
    return begins.pop() if len(begins) == 1 else ""


def _likely(name: str, known: MappingType[str, str]) -> str:
    from rapidfuzz import fuzz, process

    best = process.extractOne(words.plain(name), list(known), scorer=fuzz.ratio, score_cutoff=75)
    return known[best[0]] if best and known[best[0]] != "extra" else ""


def _with_factor(kind: Kind, column: Column) -> Column:
    if column.target in ROLES:
        return column
    declared, (_, unit) = kind.field(column.target), words.without_unit(column.name)
    if not unit or declared.type not in ("int", "float"):
        return column
    times = factor(unit, declared.unit)
    return replace(column, note=f"?{unit}") if times is None else replace(column, factor=times)


def _with_positions(columns: list[Column]) -> list[Column]:
    """The columns that hold the position: those of the first rank, else of the second; longitude needs latitude."""
    if any(column.target.startswith("@") for column in columns):
        return columns
    free = {words.plain(text): at for at, column in reversed(list(enumerate(columns))) if column.target == "extra"
            and not column.how
            for text in (words.without_unit(column.name)[0], column.name)}
    for rank in (1, 2):
        roles: dict[str, int] = {}
        for heading, role in words.positions(rank).items():
            if heading in free:
                roles.setdefault(role, free[heading])
        if "lon" in roles and "lat" in roles:
            roles = {role: roles[role] for role in ("lon", "lat")}
        else:
            roles = {role: at for role, at in roles.items() if role in ("wkt", "lonlat")}
            roles = dict(list(roles.items())[:1])
        if roles:
            role_at = {at: role for role, at in roles.items()}
            return [replace(column, target=f"@{role_at[at]}", how="name", note="") if at in role_at else column
                    for at, column in enumerate(columns)]
    return columns


def _refuse_doubles(kind: Kind, columns: list[Column], path: Path) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        if column.target in ("extra", "-"):
            continue
        if column.target in seen:
            zh = column.target if column.target.startswith("@") else f"{kind.field(column.target).zh}（{column.target}）"
            raise BadFile(
                f"文件 {path.name} 有两列都是“{zh}”：{seen[column.target]}、{column.name}",
                f"the file {path.name} has two columns for {column.target}: {seen[column.target]}, {column.name}",
                remedy_zh="删去一列，或用 --mapping 把其中一列写为 \"extra\"。",
                remedy_en='Delete one, or map one to "extra" by --mapping.', file=str(path))
        seen[column.target] = column.name


def read_mapping(path: Path) -> Saved:
    """A mapping file (TOML) as :func:`write_mapping` writes it.

    Raises
    ------
    BadParameter
        If it is missing, no TOML, or has entries of the wrong type or unknown names.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadParameter(f"映射文件 {path} 无法读取：{error.strerror}", f"the mapping {path} cannot be read: {error.strerror}",
                           remedy_zh="请检查路径。", remedy_en="Check the path.") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise BadParameter(f"映射文件 {path.name} 不是有效的 TOML：{error}", f"the mapping {path.name} is no valid TOML: {error}",
                           remedy_zh="先用 --save-mapping 生成一份再修改。",
                           remedy_en="Start from one made by --save-mapping.") from error
    texts = {name: told.pop(name, "") for name in ("kind", "crs", "encoding", "layer")}
    tables = {name: told.pop(name, {}) for name in ("columns", "values", "constants")}
    identifier, swap = told.pop("identifier", []), told.pop("swap_axes", False)
    right = (all(isinstance(text, str) for text in texts.values()) and all(isinstance(one, dict) for one in tables.values())
             and isinstance(identifier, list) and isinstance(swap, bool)
             and all(isinstance(target, str) for target in tables["columns"].values())
             and all(isinstance(table, dict) for table in tables["values"].values()))
    if told or not right:
        names = "、".join(told) or "值的类型"
        raise BadParameter(f"映射文件 {path.name} 里有不认识的内容：{names}",
                           f"the mapping {path.name} has unknown entries: {names}",
                           remedy_zh="可用：kind、crs、encoding、layer、identifier、swap_axes、[columns]、[values.字段]、[constants]。",
                           remedy_en="Use kind, crs, encoding, layer, identifier, swap_axes, [columns], [values.X], [constants].")
    return Saved(**texts, **tables, identifier=tuple(map(str, identifier)), swap_axes=swap)


def write_mapping(path: Path, mapping: Mapping) -> None:
    """Keep a mapping as a TOML file that people can edit and :func:`read_mapping` reads."""
    saved = mapping.saved
    lines = [f"# {mapping.kind.zh}：左边是文件的列名，右边是字段名、@lon、@lat、@lonlat、@wkt、extra（保留在“其他”）或 -（不要）",
             f"kind = {_toml(mapping.kind.name)}"]
    lines += [f"{name} = {_toml(value)}" for name in ("crs", "encoding", "layer") if (value := getattr(saved, name))]
    lines += [f"identifier = {_toml(list(saved.identifier))}"] if saved.identifier else []
    lines += ["swap_axes = true"] if saved.swap_axes else []
    lines += ["", "[columns]", *(f"{_toml(column.name)} = {_toml(column.target)}" for column in mapping.columns)]
    for name, table in saved.values.items():
        lines += ["", f"[values.{_toml(name)}]", *(f"{_toml(word)} = {_toml(value)}" for word, value in table.items())]
    if saved.constants:
        lines += ["", "[constants]", *(f"{_toml(name)} = {_toml(value)}" for name, value in saved.constants.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """A TOML value; its basic strings, numbers, booleans and lists are written as JSON writes them."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
