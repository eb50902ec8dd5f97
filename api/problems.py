"""What an error means over HTTP: one table, one body (RFC 9457), two languages.

Domain code raises a class of :mod:`geo.errors` and knows nothing of HTTP. A reader learns the whole behaviour here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from geo import errors
from geo.errors import Language, RiskMapError

_log = structlog.get_logger(__name__)

#: Media type of every error body.
PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True)
class Meaning:
    """What one class of errors means to a client.

    Attributes
    ----------
    status : int
        HTTP status.
    slug : str
        Last part of the problem's ``type``; an entry of the page ``/docs``.
    zh, en : str
        The problem's ``title``.
    public : bool
        The error's own sentence and context may leave the server. Otherwise the title is all that a client sees.
    """

    status: int
    slug: str
    zh: str
    en: str
    public: bool = True


#: Error class → meaning. The nearest class in the error's own line of descent decides.
MEANINGS: Mapping[type[RiskMapError], Meaning] = MappingProxyType({
    errors.BadParameter: Meaning(400, "bad-parameter", "参数不正确", "bad parameter"),
    errors.BadGeometry: Meaning(400, "bad-geometry", "几何图形不正确", "bad geometry"),
    errors.TooLarge: Meaning(413, "too-large", "要的太多", "too much is asked for"),
    errors.UnknownIdentifier: Meaning(400, "unknown-identifier", "无法识别的名称", "unknown identifier"),
    errors.BadFile: Meaning(400, "bad-file", "文件无法读取", "bad file"),
    errors.BadRow: Meaning(422, "bad-row", "数据行不合格", "bad row"),
    errors.InputError: Meaning(400, "bad-input", "请求不正确", "bad input"),
    errors.NotFound: Meaning(404, "not-found", "没有找到", "not found"),
    errors.NotModelled: Meaning(422, "not-modelled", "模型无法评估", "not modelled"),
    errors.RunInProgress: Meaning(409, "run-in-progress", "正在计算，请稍候", "a run is in progress"),
    errors.RunCancelled: Meaning(409, "run-cancelled", "计算已取消", "the run was cancelled"),
    errors.RunError: Meaning(500, "run-failed", "计算失败", "the run failed", public=False),
    errors.SnapshotError: Meaning(503, "no-snapshot", "暂时没有可用的风险图", "no risk map is available", public=False),
    errors.StoreError: Meaning(503, "store-unavailable", "数据库暂时不可用", "the store is unavailable", public=False),
    errors.EnvironmentProblem: Meaning(503, "environment", "服务器环境有问题", "the server has a problem", public=False),
    errors.Busy: Meaning(503, "busy", "服务器忙", "the server is busy"),
    RiskMapError: Meaning(500, "internal", "服务器内部错误", "internal error", public=False),
})

#: Remedies of problems whose own sentence must not leave the server, or that HTTP itself raises.
_REMEDIES: Mapping[int, tuple[str, str]] = MappingProxyType({
    400: ("请按 /docs 的说明修改查询参数。", "Correct the query parameters as described at /docs."),
    404: ("请检查地址；全部接口见 /docs。", "Check the address; every interface is listed at /docs."),
    405: ("请换用该地址允许的方法，见 Allow 头。", "Use a method that the address allows, see the Allow header."),
    406: ("请在 Accept 中列出可用的媒体类型，或用参数 f 指定格式。",
          "Accept a media type that is available, or name a format by f."),
    414: ("请缩短地址；长的条件与多边形用 POST /api/search 提交。",
          "Shorten the address; send long filters and polygons by POST /api/search."),
    415: ("请求体应为 JSON；可用 gzip、br、zstd、deflate 压缩。", "Send JSON, plain or packed by gzip, br, zstd or deflate."),
    413: ("请求体不得超过 1 MB；请简化多边形或分块查询。", "A body may have 1 MB; simplify the polygon or ask in parts."),
    422: ("请按 /docs 的说明修改请求体。", "Correct the body as described at /docs."),
    500: ("请稍后再试；若仍出现，请把时间告诉管理员，日志里有记录。",
          "Try again later; if it stays, tell the administrator the time: the log has a record."),
    503: ("请运行 riskmap demo 或 riskmap score 生成风险图，或稍后再试。",
          "Run riskmap demo or riskmap score to make a map, or try again later."),
})

_HTTP_ZH: Mapping[int, str] = MappingProxyType({
    400: "请求不正确", 404: "没有这个地址", 405: "该地址不允许这种方法", 406: "没有可接受的媒体类型", 413: "请求体太大",
    414: "地址太长", 415: "媒体类型或压缩方式不支持", 422: "请求体不正确", 500: "服务器内部错误", 503: "未能按时完成",
})

_INTERNAL = MEANINGS[RiskMapError]


def meaning(error: RiskMapError) -> Meaning:
    """The row of :data:`MEANINGS` of the nearest class."""
    for cls in type(error).__mro__:
        if cls in MEANINGS:
            return MEANINGS[cls]
    return _INTERNAL


def language(header: str) -> Language:
    """The better liked of zh and en in an ``Accept-Language`` header; zh when neither is named.

    Examples
    --------
    >>> language("en-GB,en;q=0.9,zh;q=0.3"), language("fr"), language("")
    ('en', 'zh', 'zh')
    """
    liked: dict[str, float] = {}
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";")
        name = tag.split("-")[0].lower()
        if name in ("zh", "en"):
            try:
                quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
            except ValueError:
                quality = 0.0
            liked[name] = max(quality, liked.get(name, 0.0))
    return "en" if liked.get("en", 0.0) > liked.get("zh", 0.0) else "zh"


def request_language(request: Request) -> Language:
    """Language that the client of this request reads."""
    return language(request.headers.get("accept-language", ""))


def body(
    status: int, slug: str, title: str, detail: str, *, remedy: str = "", instance: str = "",
    context: Mapping[str, Any] | None = None,
) -> bytes:
    """A problem body as JSON bytes; members of `context` never replace the standard ones."""
    problem: dict[str, Any] = {key: _plain(value) for key, value in (context or {}).items()}
    problem |= {"type": f"/docs#{slug}", "title": title, "status": status, "detail": _plain(detail)}
    if remedy:
        problem["remedy"] = _plain(remedy)
    if instance:
        problem["instance"] = _plain(instance)
    return orjson.dumps(problem)


def _plain(value: Any) -> Any:
    """A value that JSON can hold; what clients send may hold halves of characters, which no UTF-8 text may."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(part) for key, part in value.items()}
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return str(value).encode("utf-8", "replace").decode()


def response(status: int, payload: bytes, tongue: Language, headers: Mapping[str, str] | None = None) -> Response:
    """An error response: problem body, its language, never cached."""
    extra = {"content-language": tongue, "cache-control": "no-store", "vary": "accept-language"} | dict(headers or {})
    return Response(payload, status, extra, media_type=PROBLEM_JSON)


def of_error(error: RiskMapError, tongue: Language, instance: str) -> tuple[int, bytes]:
    """Status and body of one of our own errors."""
    row = meaning(error)
    title = row.zh if tongue == "zh" else row.en
    general = _REMEDIES.get(row.status, ("", ""))[0 if tongue == "zh" else 1]
    if row.public:
        return row.status, body(row.status, row.slug, title, error.message(tongue), remedy=error.remedy(tongue) or general,
                                instance=instance, context=error.context)
    return row.status, body(row.status, row.slug, title, title, remedy=general, instance=instance)


def of_status(status: int, tongue: Language, instance: str, context: Mapping[str, Any] | None = None) -> bytes:
    """Body of an error that HTTP itself raises (404, 405, 413, 500 …)."""
    phrase = HTTPStatus(status).phrase
    title = _HTTP_ZH.get(status, phrase) if tongue == "zh" else phrase.lower()
    remedy = _REMEDIES.get(status, ("", ""))[0 if tongue == "zh" else 1]
    slug = {404: "not-found", 500: _INTERNAL.slug}.get(status, phrase.lower().replace(" ", "-"))
    return body(status, slug, title, title, remedy=remedy, instance=instance, context=context)


def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, RiskMapError)  # noqa: S101  (registered for this class only)
    tongue = request_language(request)
    status, payload = of_error(error, tongue, request.url.path)
    if status >= 500 and not isinstance(error, errors.Busy):
        _log.error("request failed", path=request.url.path, error=type(error).__name__, detail=error.en, exc_info=error)
    return response(status, payload, tongue, {"retry-after": "5"} if isinstance(error, errors.Busy) else None)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    tongue = request_language(request)
    return response(error.status_code, of_status(error.status_code, tongue, request.url.path), tongue, error.headers)


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    tongue = request_language(request)
    found = error.errors()
    faults = [{"where": ".".join(str(part) for part in fault["loc"]), "reason": str(fault["msg"])} for fault in found[:20]]
    in_body = all(fault["loc"][0] == "body" for fault in found)
    where = "、".join(fault["where"] for fault in faults)
    detail = f"请求有误：{where}" if tongue == "zh" else f"the request is wrong at {where}"
    status = 422 if in_body else 400
    row = MEANINGS[errors.BadParameter]
    title = row.zh if tongue == "zh" else row.en
    payload = body(status, row.slug, title, detail, remedy=_REMEDIES[status][0 if tongue == "zh" else 1],
                   instance=request.url.path, context={"errors": faults})
    return response(status, payload, tongue)


def register(app: FastAPI) -> None:
    """Make the application answer every error with a problem body."""
    app.add_exception_handler(RiskMapError, _own)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
