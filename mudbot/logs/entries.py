"""An entry's fields, by structlog, and how they are written: a line for people, JSON, the journal's fields."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.types import EventDict

from mudbot.logs.masking import indented, masked

TIME, DATE = "%H:%M:%S ", "%Y-%m-%d %H:%M:%S "
LONGEST = 32_000
"""Characters of a text in an entry; of what is longer the middle is cut out: a traceback says most at its end."""

Fields = dict[str, Any]
Write = Callable[[logging.LogRecord, Fields], str]

_OURS = ("time", "level", "logger", "message", "session", "plugin", "traceback")
"""The fields that mudbot gives, in their order; others are by ``extra``, or of who logs by structlog."""
_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[1;31m"}
_DEEPEST = 5
# Severities of syslog(3).
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def console(*, time: str, colour: bool = False) -> logging.Formatter:
    """Entries as lines: *time*, a format of strftime or nothing, the level, the message."""

    def written(record: logging.LogRecord, fields: Fields) -> str:
        level = f"{fields['level'].upper():7}"
        if colour and fields["level"] in _COLOURS:
            level = f"{_COLOURS[fields['level']]}{level}\x1b[0m"
        # The time of people: that of their own clock.
        when = datetime.fromtimestamp(record.created).strftime(time)  # noqa: DTZ006
        own = "".join(f"  {key}={value}" for key, value in fields.items() if key not in _OURS)
        return f"{when}{level} {indented(_with_trace(fields, own))}"

    return _formatter(written)


def json_lines() -> logging.Formatter:
    """Entries as JSON objects, one a line."""
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    return _formatter(lambda record, fields: str(render(None, record.levelname, fields)))


def journal_fields() -> logging.Formatter:
    """Entries as datagrams of the journal's protocol; bytes that are no UTF-8 are surrogates in them."""

    def written(record: logging.LogRecord, fields: Fields) -> str:
        own = {_field_name(key): value for key, value in fields.items() if key not in _OURS[:4] and key != "traceback"}
        ours = {
            "MESSAGE": _with_trace(fields),
            "PRIORITY": next((number for least, number in _PRIORITIES if record.levelno >= least), 7),
            "SYSLOG_IDENTIFIER": "mudbot",
            "LOGGER": fields["logger"],
            "CODE_FILE": record.pathname,
            "CODE_LINE": record.lineno,
            "CODE_FUNC": record.funcName,
        }
        datagram = b"".join(_field(key, str(value)) for key, value in {**ours, **own}.items())
        return datagram.decode("utf-8", "surrogateescape")

    return _formatter(written)


def configure() -> None:
    """Have those who log by structlog itself, a library or a plugin, log here."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, ProcessorFormatter.wrap_for_formatter],
        # Not structlog's own factory: it exchanges the class of all loggers that are made later.
        logger_factory=lambda *name: logging.getLogger(str(name[0]) if name else "structlog"),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _formatter(write: Write) -> logging.Formatter:
    def rendered(_logger: object, _method: str, entry: EventDict) -> str:
        return write(entry["_record"], _fields(entry))

    given: list[structlog.types.Processor] = [structlog.contextvars.merge_contextvars, ExtraAdder()]
    return _Lenient(foreign_pre_chain=given, processors=[rendered])


class _Lenient(ProcessorFormatter):
    """Writes an entry whose values do not fit its message as well: both, one after the other."""

    def format(self, record: logging.LogRecord) -> str:
        if record.args and not isinstance(record.msg, dict):
            try:
                record.getMessage()
            except Exception:  # noqa: BLE001 - a value's own __str__ may raise anything
                record = logging.makeLogRecord(record.__dict__)
                record.msg, record.args = f"{record.msg} {_described(record.args)}", ()
        return super().format(record)


def _described(args: object) -> str:
    try:
        return repr(args)
    except Exception:  # noqa: BLE001 - as above
        return "(values that cannot be shown)"


def _fields(entry: EventDict) -> Fields:
    """The fields in their order, safe."""
    record: logging.LogRecord = entry.pop("_record")
    raised = record.exc_info or entry.pop("exc_info", None)
    found: Fields = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _safe(entry.pop("event", "")),
    }
    for key in ("_from_structlog", "stack_info", "exc_info"):
        entry.pop(key, None)
    found |= {key: _safe(entry.pop(key)) for key in ("session", "plugin") if key in entry}
    found |= {masked(str(key))[:64]: _safe(value) for key, value in entry.items() if key not in _OURS}
    if isinstance(raised, BaseException):
        raised = (type(raised), raised, raised.__traceback__)
    if isinstance(raised, tuple) and raised[0] is not None:
        found["traceback"] = _safe(logging.Formatter().formatException(raised))
    return found


def _safe(value: Any, depth: int = 0) -> Any:
    """*value* as JSON has it, without secrets and control characters."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {_text(key): _safe(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_safe(inner, depth + 1) for inner in value]
    return _text(value)


def _text(value: Any) -> str:
    text = masked(str(value))
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def _with_trace(fields: Fields, own: str = "") -> str:
    trace = fields.get("traceback")
    return f"{fields['message']}{own}\n{trace}" if trace else f"{fields['message']}{own}"


def _field_name(key: str) -> str:
    """A field's name: capitals, digits and underscores, 64 at most; with our name, so that it is no other's."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in key)
    return f"MUDBOT_{plain.upper()}"[:64]


def _field(key: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if b"\n" not in data:
        return b"%b=%b\n" % (key.encode(), data)
    return b"%b\n%b%b\n" % (key.encode(), struct.pack("<Q", len(data)), data)
