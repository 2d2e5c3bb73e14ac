"""Logging, set up once: structlog for us, for Temporal's workflow and activity loggers, and for libraries."""

import logging
import sys
from typing import Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_TEMPORAL_CONTEXTS = ("temporal_workflow", "temporal_activity")
_KEPT = ("workflow_id", "run_id", "workflow_type", "activity_type", "attempt")


def set_up_logs(style: Literal["console", "json"], level: str) -> None:
    """Send every record to stderr in one shape, with workflow and run ids where there are any."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _temporal_ids,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _temporal_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name in _TEMPORAL_CONTEXTS:
        context = event.pop(name, None)
        if isinstance(context, dict):
            event.update({key: context[key] for key in _KEPT if key in context})
    return event
