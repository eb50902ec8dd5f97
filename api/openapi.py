"""The description of the interface: FastAPI's own, in OpenAPI 3.0 as OGC wants it, with the shape of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import shapes
from api.problems import PROBLEM_JSON
from layers.formats import FORMATS

_JSON, _HTML, _GEOJSON, _SCHEMA = "application/json", "text/html", "application/geo+json", "application/schema+json"
_FILES = tuple(form.media for name, form in FORMATS.items() if name != "json")

#: Path → shape of its answer (None: the one that the route declares) and the media type of that, further media types.
ANSWERS: dict[str, tuple[type[BaseModel] | None, str, tuple[str, ...]]] = {
    "/api": (shapes.Landing, _JSON, (_HTML,)),
    "/api/conformance": (shapes.Conformance, _JSON, (_HTML,)),
    "/api/collections": (shapes.CollectionsShape, _JSON, (_HTML,)),
    "/api/collections/{collectionId}": (shapes.CollectionShape, _JSON, (_HTML,)),
    "/api/collections/{collectionId}/items": (shapes.FeatureCollectionShape, _GEOJSON, (_HTML, *_FILES)),
    "/api/collections/{collectionId}/items/{featureId}": (shapes.FeatureShape, _GEOJSON, (_HTML,)),
    "/api/collections/{collectionId}/export": (None, _GEOJSON, _FILES),
    "/api/collections/{collectionId}/queryables": (shapes.SchemaShape, _SCHEMA, (_HTML,)),
    "/api/collections/{collectionId}/sortables": (shapes.SchemaShape, _SCHEMA, (_HTML,)),
    "/api/collections/{collectionId}/schema": (shapes.SchemaShape, _SCHEMA, (_HTML,)),
    "/api/functions": (None, _JSON, (_HTML,)),
    "/api/manifest": (shapes.ManifestShape, _JSON, ()),
    "/api/risk/at": (shapes.AtShape, _JSON, ()),
    "/api/risk/cells/{cell_id}": (shapes.CellShape, _JSON, ()),
    "/api/risk/areas/{code}": (shapes.AreaShape, _JSON, ()),
    "/api/risk/explain": (shapes.ExplanationShape, _JSON, ()),
    "/api/risk/ranking": (shapes.RankingShape, _JSON, ()),
    "/api/risk/history": (shapes.HistoryShape, _JSON, ()),
    "/api/risk/fn": (shapes.CurveShape, _JSON, ()),
    "/api/search": (shapes.SearchShape, _JSON, (_GEOJSON, *_FILES)),
    "/api/runs": (shapes.RunsShape, _JSON, ()),
    "/api/runs/{run_id}": (shapes.RunShape, _JSON, ()),
    "/healthz": (shapes.StatusShape, _JSON, ()),
    "/readyz": (shapes.StatusShape, _JSON, ()),
    "/api/quality/areas": (None, _GEOJSON, ()),
    "/api/quality/findings": (None, _JSON, ("text/csv",)),
    "/metrics": (None, "text/plain", ()),
    "/api/styles/{style}": (None, "application/vnd.mapbox.style+json", ()),
}

#: Parameters whose schema is more than one type: as the standard declares them.
_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
}
_MAXIMUM = {("/api/collections/{collectionId}/items", "limit"): 10_000}

_REFERENCE = "#/components/schemas/{model}"


def document(request: Request) -> dict[str, Any]:
    """The description with the address under which the client reached us."""
    made: dict[str, Any] = described(request.app)
    return made | {"servers": [{"url": str(request.base_url).rstrip("/")}]}


def described(app: FastAPI) -> dict[str, Any]:
    """The description without an address; made once."""
    found: dict[str, Any] | None = getattr(app.state, "described", None)
    if found is None:
        found = app.state.described = _made(app)
    return found


def _made(app: FastAPI) -> dict[str, Any]:
    own = deepcopy(app.openapi())
    named = dict.fromkeys([shapes.Problem, *(model for model, _, _ in ANSWERS.values() if model)])
    models = [(model, "serialization") for model in named]
    _, definitions = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    components = own.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    components |= definitions.get("$defs", {})
    for path, methods in own["paths"].items():
        for operation in methods.values():
            _operation(path, operation)
    plain: dict[str, Any] = _older(own)
    return plain | {"openapi": "3.0.3"}


def _operation(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            parameter |= {"style": "form", "explode": False}
        parameter["schema"] = dict(_PARAMETERS.get(parameter["name"], parameter["schema"]))
        if (path, parameter["name"]) in _MAXIMUM:
            parameter["schema"]["maximum"] = _MAXIMUM[path, parameter["name"]]
    own = operation.get("responses", {}).get("200", {}).get("content", {})
    model, media, others = ANSWERS.get(path, (None, next(iter(own), _JSON), ()))
    main = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}} if model else own.get(media, {"schema": {}})
    content: dict[str, Any] = {media: main} | {kind: {"schema": {"type": "string", "format": "binary"}} for kind in others}
    answered = {"200": {"description": operation.get("summary", "done"), "content": content}}
    problem = {"description": "错误 · problem",
               "content": {PROBLEM_JSON: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}}
    if path in ("/healthz", "/metrics"):
        operation["responses"] = answered | {"default": problem}
    else:
        operation["responses"] = answered | {"304": {"description": "未改变 · not modified"}, "default": problem}


def _older(value: Any) -> Any:
    """A schema of 3.1 in the words of 3.0."""
    if isinstance(value, list):
        return [_older(part) for part in value]
    if not isinstance(value, dict):
        return value
    made = {key: _older(part) for key, part in value.items()}
    if isinstance(made.get("anyOf"), list) and {"type": "null"} in made["anyOf"]:
        left = [part for part in made.pop("anyOf") if part != {"type": "null"}]
        made |= {"nullable": True} | (left[0] if len(left) == 1 and "$ref" not in left[0] else {"allOf": left} if len(left) == 1
                                      else {"anyOf": left})
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(made.get(bound), int | float) and not isinstance(made.get(bound), bool):
            made[bound.replace("exclusiveM", "m")] = made[bound]
            made[bound] = True
    return made
