"""Shapes of answers, for the description of the interface (OpenAPI); what they mean is in ``docs/api-shapes.md``.

Answers are written as plain dictionaries on the fast path; that they have these shapes is tested against the description.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RiskLevel = Literal[1, 2, 3, 4]


class Shape(BaseModel):
    """An answer; it may gain members, never lose one."""

    model_config = ConfigDict(extra="allow")


class Problem(Shape):
    """An error (RFC 9457), in the request's language."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str | None = None
    instance: str | None = None


class LinkShape(Shape):
    """A link (RFC 8288)."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None


class Landing(Shape):
    """Where everything is."""

    title: str
    description: str
    links: list[LinkShape]


class Conformance(Shape):
    """Conformance classes."""

    conformsTo: list[str]  # noqa: N815  (the standard's name)


class CollectionShape(Shape):
    """One collection."""

    id: str
    title: str
    description: str
    itemType: str  # noqa: N815
    itemCount: int  # noqa: N815
    extent: dict[str, Any]
    crs: list[str]
    storageCrs: str  # noqa: N815
    links: list[LinkShape]


class CollectionsShape(Shape):
    """All collections."""

    links: list[LinkShape]
    collections: list[CollectionShape]
    crs: list[str]


class FeatureShape(Shape):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: str | int
    geometry: dict[str, Any] | None
    properties: dict[str, Any]


class FeatureCollectionShape(Shape):
    """A page of GeoJSON features."""

    type: Literal["FeatureCollection"]
    features: list[FeatureShape]
    links: list[LinkShape]
    numberMatched: int  # noqa: N815
    numberReturned: int  # noqa: N815
    run_id: str


class SchemaShape(Shape):
    """JSON Schema of the properties of a collection."""

    type: Literal["object"]
    properties: dict[str, dict[str, Any]]


class ThemeShape(Shape):
    """Share of a theme."""

    theme: str
    zh: str
    pll: float
    share: float


class RuleShape(Shape):
    """A rule that fired."""

    code: str
    level: int | None = None
    zh: str | None = None
    detail: str | None = None


class IndividualRisk(Shape):
    """Individual risk per year of three scopes that are never added."""

    hc: float
    an: float
    semi: float


class CodeName(Shape):
    """An area by code and name."""

    code: str
    name: str


class CellShape(Shape):
    """One cell of the grid."""

    id: str
    lon: float
    lat: float
    level: RiskLevel
    hatched: bool
    index: float
    pll: float = Field(description="deaths per year")
    density: float = Field(description="deaths per km² and year")
    residents: float
    workers: float
    street: CodeName | None
    ir: IndividualRisk
    rules: list[RuleShape]
    themes: list[ThemeShape]
    bounds: list[float]
    outline: list[list[float]]


class AreaShape(Shape):
    """A street, district or city."""

    code: str
    name: str
    level: Literal["street", "district", "city"]
    parent: str | None
    parent_name: str | None
    risk_level: RiskLevel
    hatched: bool
    index: float
    rank: int
    of: int
    pll: float
    density: float
    kappa: float | None
    area_km2: float
    residents: float
    workers: float
    lon: float
    lat: float
    bbox: list[float]
    rules: list[RuleShape]
    themes: list[ThemeShape]
    share_area: list[float]
    share_people: list[float]
    counts: dict[str, int]
    hazard_grades: list[int]


class AtShape(Shape):
    """Cell and street of a point."""

    lon: float
    lat: float
    cell: CellShape | None
    street: AreaShape | None


class RankedShape(Shape):
    """One area of a ranking."""

    rank: int
    code: str
    name: str
    level: RiskLevel
    index: float
    pll: float
    density: float


class RankingShape(Shape):
    """A ranking of areas."""

    level: str
    theme: str | None
    order: str
    of: int
    items: list[RankedShape]


class ContributorShape(Shape):
    """A source and its share."""

    kind: str | None
    id: str | None
    name: str | None
    theme: str
    pll: float
    share: float
    synthetic: bool


class ExplanationShape(Shape):
    """Why a place has its colour."""

    subject: dict[str, Any]
    total_pll: float
    unit: str
    themes: list[ThemeShape]
    contributors: list[ContributorShape]
    rest: dict[str, float]
    rules: list[dict[str, Any]]
    next: list[str]


class HistoryPoint(Shape):
    """A place in one kept snapshot."""

    run_id: str
    created: str
    as_of: str
    level: RiskLevel
    hatched: bool
    index: float
    pll: float
    density: float


class HistoryShape(Shape):
    """A place over the kept snapshots, oldest first."""

    subject: dict[str, str]
    items: list[HistoryPoint]


class CurvePoint(Shape):
    """Frequency of n deaths or more."""

    n: int
    f: float = Field(description="per year")


class CriterionShape(Shape):
    """One line of the societal risk criterion."""

    name: str
    zh: str
    n: list[float]
    f: list[float]


class CurveShape(Shape):
    """An F-N curve; criterion lines for single installations only."""

    subject: dict[str, str]
    points: list[CurvePoint]
    zone: str | None
    criterion: list[CriterionShape]


class PeopleShape(Shape):
    """People in a polygon."""

    residents: float
    workers: float


class LevelShare(Shape):
    """Area and people at a level."""

    km2: float
    people: float


class FoundKind(Shape):
    """What was found of a kind."""

    count: int
    levels: dict[str, int] = Field(description="own level of the sources, 1 to 4 → how many")
    pll: float | None = Field(description="deaths per year of its sources; null without any")


class SearchShape(Shape):
    """What lies in a polygon."""

    run_id: str
    area_km2: float
    counts: dict[str, int]
    by_kind: dict[str, FoundKind]
    people: PeopleShape
    pll: float
    density: float
    index: float
    themes: list[ThemeShape]
    levels: dict[str, LevelShare]
    features: dict[str, Any]
    contributors: list[dict[str, Any]]
    truncated: bool


class RunShape(Shape):
    """One run."""

    id: str
    state: Literal["running", "succeeded", "failed", "cancelled"]
    started: str
    finished: str | None
    snapshot: str | None


class RunsShape(Shape):
    """Runs, newest first."""

    current: str | None
    runs: list[RunShape]


class ManifestShape(Shape):
    """The current map."""

    run_id: str
    created: str
    as_of: str
    bounds: list[float]
    synthetic: bool
    kinds: list[dict[str, Any]]
    legend: dict[str, Any]


class StatusShape(Shape):
    """The process answers."""

    status: str
