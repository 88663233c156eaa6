"""Arrow IPC streams for bulk: columns of numbers, and nothing that can grow when it is read."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hubbub.intake.ping import (
    OWN_FIELDS,
    Columns,
    Parsed,
    Source,
    TooManyRows,
    Unreadable,
    check,
)
from hubbub.terms.time import SECOND

_EXPECTED: Final = (
    "an Arrow IPC stream, not compressed, whose columns are numbers named as a ping's fields"
    " (`at`: seconds since 1970, or a timestamp with a zone)"
)
# Of the tables Message and RecordBatch in Arrow's Message.fbs.
_HEADER_SLOT: Final = 2
_COMPRESSION_SLOT: Final = 3


def parse_arrow(body: bytes, *, rows_max: int) -> Parsed:
    """Read a stream of record batches."""
    try:
        table = _read(body, rows_max=rows_max)
    except (pa.ArrowException, OSError, ValueError, IndexError):
        raise Unreadable(_EXPECTED) from None
    return check(Columns(*(_column(table, name) for name in Columns._fields)), Source.OWN)


def _read(body: bytes, *, rows_max: int) -> pa.Table:
    _require_no_growth(body)
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        if not _is_plain(stream.schema):
            raise Unreadable(_EXPECTED)
        batches, rows = [], 0
        for batch in stream:
            batch.validate(full=True)
            rows += batch.num_rows
            if rows > rows_max:
                raise TooManyRows
            batches.append(batch)
        return pa.Table.from_batches(batches, stream.schema)


def _require_no_growth(body: bytes) -> None:
    """Refuse compressed batches and dictionaries: they could become any size when they are read."""
    for message in _messages(body):
        if message.type == "record batch" and _is_compressed(message.metadata.to_pybytes()):
            raise Unreadable(_EXPECTED)
        if message.type not in {"schema", "record batch"}:
            raise Unreadable(_EXPECTED)


def _messages(body: bytes) -> Iterator[pa.ipc.Message]:
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        yield message


def _is_plain(schema: pa.Schema) -> bool:
    numeric = all(
        pa.types.is_integer(field.type)
        or pa.types.is_floating(field.type)
        or (field.name == "at" and pa.types.is_timestamp(field.type) and field.type.tz)
        for field in schema
    )
    names = schema.names
    return (
        numeric
        and len(set(names)) == len(names)
        and {"at", "lat", "lon"} <= {*names} <= {*OWN_FIELDS}
    )


def _is_compressed(flat: bytes) -> bool:
    """Read from a message's flatbuffer whether its batch is compressed: pyarrow does not tell."""
    batch = _field(flat, _u32(flat, 0), _HEADER_SLOT)
    if batch is None:
        return False
    return _field(flat, batch + _u32(flat, batch), _COMPRESSION_SLOT) is not None


def _field(flat: bytes, table: int, slot: int) -> int | None:
    vtable = table - int.from_bytes(flat[table : table + 4], "little", signed=True)
    entry = 4 + 2 * slot
    if entry + 2 > int.from_bytes(flat[vtable : vtable + 2], "little"):
        return None
    offset = int.from_bytes(flat[vtable + entry : vtable + entry + 2], "little")
    return table + offset if offset else None


def _u32(flat: bytes, at: int) -> int:
    return int.from_bytes(flat[at : at + 4], "little")


def _column(table: pa.Table, name: str) -> NDArray[np.float64]:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = table[name]
    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
        return np.asarray(micros.to_numpy(), float) / SECOND
    return np.asarray(column.to_numpy(), float)
