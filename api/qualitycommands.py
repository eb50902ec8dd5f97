"""``riskmap quality``: the table of data quality on the screen, and everything as a workbook or CSV."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands import app, settings_now
from api.console import Console
from api.sheets import require_writable, write_sheets
from geo.errors import BadParameter, SnapshotError

if TYPE_CHECKING:
    import pandas as pd

    from geo.quality import QualityReport
    from geo.settings import Settings


class By(StrEnum):
    """What the table is broken down by."""

    kind = "kind"
    source = "source"
    district = "district"
    street = "street"
    check = "check"


@app.command()
def quality(
    by: Annotated[By, typer.Option(help="按什么分组 · broken down by")] = By.kind,
    kind: Annotated[str | None, typer.Option(help="只看一种要素，如 enterprise · one kind of features")] = None,
    area: Annotated[str | None, typer.Option(help="只看一个区或街道的代码 · one district or street")] = None,
    limit: Annotated[int, typer.Option(min=1, help="屏幕上的行数 · rows on the screen")] = 40,
    now: Annotated[bool, typer.Option("--now", help="直接评估数据库现状，不用上次运行 · assess the store as it is")] = False,
    out: Annotated[Path | None, typer.Option(help="写成 .xlsx 或 .csv · write as .xlsx or .csv")] = None,
) -> None:
    """数据质量：完整率、有效、时效、重复、位置与得分；可导出汇总与逐行问题清单。

    Data quality: completeness, validity, freshness, duplicates, positions and score, on the screen or as a file with every
    finding. The completeness (完整率) is the share of all rows handed in that have every required and core field.
    """
    console, settings = Console.now(), settings_now()
    require_writable(out)
    report, areas = _current(settings) if not now else _of_store(settings, console)
    report = _narrowed(report, kind, area)
    tables = _Tables(report, areas, console.tongue == "zh")
    _show(console, tables.table(by.value).head(limit))
    if out is not None:
        _write(tables, out)
    total = report.rolled().iloc[0]
    handed_in = total["rows"] + total["quarantined"]
    share = 100 * total["complete"] / handed_in if handed_in else 0.0
    where = f"，已写入 {out}" if out else ""
    console.say(f"共 {int(handed_in)} 行：完整率 {share:.1f} %，得分 {total['score']:.1f}，问题 {len(report.findings)} 条{where}",
                f"{int(handed_in)} rows: {share:.1f} % complete, score {total['score']:.1f}, {len(report.findings)} findings"
                + (f", written to {out}" if out else ""))


def _current(settings: Settings) -> tuple[QualityReport, pd.DataFrame]:
    """Report and areas of the current map."""
    from layers.quality import quality_report
    from layers.snapshot import current_run_id, open_current

    if current_run_id(settings.snapshots) is None:
        raise SnapshotError("还没有发布过快照，没有上次运行的评估", "no snapshot has been published: there is no report of a run",
                            remedy_zh="用 riskmap quality --now 直接评估数据库，或先运行 riskmap score。",
                            remedy_en="Assess the store by riskmap quality --now, or run riskmap score first.")
    snapshot = open_current(settings.snapshots)
    return quality_report(snapshot), _areas(snapshot.areas.rows(range(len(snapshot.areas)), ["code", "name", "parent"]))


def _of_store(settings: Settings, console: Console) -> tuple[QualityReport, pd.DataFrame]:
    """Report and areas of the store as it is."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from geo.quality import assess_store, load_rules
    from geo.store import open_store

    today = datetime.now(ZoneInfo(settings.timezone)).date()
    rules = load_rules(settings.quality_rules)
    with open_store(settings) as store, console.step("评估数据质量", "assessing data quality"):
        report = assess_store(store, as_of=today, rules=rules)
        areas = store.read("area", as_of=today, columns=["code", "name", "parent"])
    return report, _areas(areas.to_dict("records"))


def _areas(records: list[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(records, columns=["code", "name", "parent"]).set_index("code")


def _narrowed(report: QualityReport, kind: str | None, area: str | None) -> QualityReport:
    from dataclasses import replace

    from geo.kinds import kind as find_kind

    for column, wanted in (("kind", kind and find_kind(kind).name), ("area_code", area)):
        if wanted:
            inside = [table[column].str.startswith(wanted) if column == "area_code" else table[column] == wanted
                      for table in (report.summary, report.findings)]
            report = replace(report, summary=report.summary[inside[0]], findings=report.findings[inside[1]])
    if report.summary.empty:
        raise BadParameter("没有符合条件的数据", "nothing fits", remedy_zh="请检查 --kind 与 --area。",
                           remedy_en="Check --kind and --area.", kind=kind, area=area)
    return report


class _Tables:
    """The tables of a report with headings in one language."""

    def __init__(self, report: QualityReport, areas: pd.DataFrame, chinese: bool) -> None:
        self.report, self.areas, self.zh = report, areas, chinese

    def pick(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def table(self, by: str) -> pd.DataFrame:
        """Shares in percent by kind, source, district or street; counts by check."""
        from geo.kinds import KINDS

        if by == "check":
            return self.checks()
        report = self.report
        if by == "district":
            from dataclasses import replace

            district = report.summary["area_code"].map(self.areas["parent"]).fillna("")
            report = replace(report, summary=report.summary.assign(area_code=district))
        keys = {"kind": ("kind",), "source": ("kind", "source"), "district": ("area_code",), "street": ("area_code",)}[by]
        rolled = report.rolled(*keys)
        table = self._figures(rolled)
        if by in ("kind", "source"):
            table.insert(0, self.pick("要素", "kind"), [self.pick(KINDS[name].zh, name) for name in rolled["kind"]])
        if by == "source":
            table.insert(1, self.pick("来源", "source"), rolled["source"])
        if by in ("district", "street"):
            names = rolled["area_code"].map(self.areas["name"])
            table.insert(0, self.pick("代码", "code"), rolled["area_code"])
            table.insert(1, self.pick("名称", "name"), names.fillna(self.pick("（不在街道内）", "(in no street)")))
            table = table.sort_values(self.pick("得分", "score"), kind="stable")
        return table

    def _figures(self, rolled: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        handed_in = rolled["rows"] + rolled["quarantined"]
        table = pd.DataFrame({self.pick("行数", "rows"): rolled["rows"].astype(int),
                              self.pick("隔离", "refused"): rolled["quarantined"].astype(int)})
        terms = {"complete": ("完整率%", "complete%"), "observed": ("无假定%", "observed%"), "fill": ("填报率%", "filled%"),
                 "valid": ("有效%", "valid%"), "fresh": ("时效%", "fresh%"), "duplicated": ("重复%", "duplicated%"),
                 "misplaced": ("位置可疑%", "misplaced%"), "assumed": ("含假定%", "assumed%")}
        for name, (zh, en) in terms.items():
            table[self.pick(zh, en)] = (100 * rolled[name] / handed_in).round(2)
        return table.assign(**{self.pick("得分", "score"): rolled["score"].round(1)})

    def checks(self) -> pd.DataFrame:
        """How many findings there are of each check and kind."""
        import pandas as pd

        from geo.kinds import KINDS
        from geo.quality import CHECKS, GROUP_ZH

        counts = self.report.findings.groupby(["check", "kind"]).size()
        found = [(code, kind, int(n)) for code in CHECKS if code in counts.index for kind, n in counts[code].items()]
        columns = {
            ("代码", "check"): [code for code, _, _ in found],
            ("分组", "group"): [self.pick(GROUP_ZH[CHECKS[code].group], CHECKS[code].group) for code, _, _ in found],
            ("检查项", "name"): [self.pick(CHECKS[code].zh, CHECKS[code].en) for code, _, _ in found],
            ("要素", "kind"): [self.pick(KINDS[kind].zh, kind) for _, kind, _ in found],
            ("条数", "findings"): [n for _, _, n in found],
            ("计入得分", "counts"): [self.pick("是", "yes") if CHECKS[code].counts else self.pick("否", "no")
                                    for code, _, _ in found],
        }
        return pd.DataFrame({self.pick(*terms): values for terms, values in columns.items()})

    def findings(self) -> pd.DataFrame:
        """Every finding as a sentence."""
        import pandas as pd

        from geo.kinds import KINDS
        from geo.quality import CHECKS, detail

        found = self.report.findings
        texts = (found[name].where(found[name].notna(), None) for name in ("value", "number", "other"))
        said = [detail(check, kind, value=value, number=number, other=other)[0 if self.zh else 1]
                for check, kind, value, number, other in zip(found["check"], found["kind"], *texts, strict=True)]
        names = [CHECKS[code].zh if self.zh else CHECKS[code].en for code in found["check"]]
        columns = {("要素", "kind"): [self.pick(KINDS[kind].zh, kind) for kind in found["kind"]], ("编号", "id"): found["id"],
                   ("名称", "name"): found["name"], ("街道", "street"): found["area_code"], ("来源", "source"): found["source"],
                   ("检查项", "check"): found["check"], ("检查内容", "what"): names, ("问题", "finding"): said,
                   ("经度", "lon"): found["lon"], ("纬度", "lat"): found["lat"]}
        return pd.DataFrame({self.pick(*terms): list(values) for terms, values in columns.items()})


def _show(console: Console, table: pd.DataFrame) -> None:
    from rich.console import Console as RichConsole
    from rich.table import Table

    shown = Table(header_style="bold")
    for name in table.columns:
        numeric = table[name].dtype.kind in "if"
        shown.add_column(str(name), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    for record in table.itertuples(index=False):
        shown.add_row(*("–" if value != value else f"{value:g}" if isinstance(value, float) else str(value) for value in record))
    RichConsole(width=None if console.terminal else 160).print(shown)


def _write(tables: _Tables, out: Path) -> None:
    """A CSV of all findings, or a workbook of all tables."""
    named = {"kind": ("按要素", "by kind"), "street": ("按街道", "by street"), "source": ("按来源", "by source"),
             "check": ("检查项", "checks")}
    findings = tables.pick("问题清单", "findings")
    sheets = {findings: tables.findings()} if out.suffix.lower() == ".csv" else {
        **{tables.pick(*names): tables.table(by) for by, names in named.items()}, findings: tables.findings()}
    write_sheets(sheets, out)
