"""Structured logs: one JSON line per event below ``<home>/logs``, the same for our own code and for the libraries'."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

import structlog

#: A log file is turned over at this size, and this many old ones are kept.
_MAX_BYTES, _KEEP = 10_000_000, 5


def configure_logs(folder: Path, process: str, *, level: int = logging.INFO) -> Path:
    """Send every log of this process to ``<folder>/<process>.log``.

    Parameters
    ----------
    folder : Path
        Existing folder of the log files.
    process : str
        What the process is (``server``, ``score`` …); names the file and stands in every line.
    level : int
        Lowest level that is written.

    Returns
    -------
    Path
        The file that is written.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    path = folder / f"{process}.log"
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_KEEP, encoding="utf-8", delay=True)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    ))
    close_logs()
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    return path


def close_logs() -> None:
    """Take our file handlers off the root logger and close their files."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, logging.handlers.RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
