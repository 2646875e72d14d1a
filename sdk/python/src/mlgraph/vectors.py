"""Arrays to what the server reads, and its answers to arrays."""
from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy
import numpy.typing

from .objects import Vector

Array = numpy.typing.NDArray[Any]
Metadata = Mapping[str, Any]
Row = Union[Mapping[str, Any], tuple[Any, ...]]
"""A vector to write: {id, values, metadata?}, or (id, values) or (id, values, metadata)."""

UPSERT_ROWS_MAX = 100_000
UPSERT_BYTES_MAX = 8 << 20
QUERIES_MAX = 100
PIECE_ROWS_BYTES = 1 << 18

_NPY_KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}
_FILES = {".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson", ".npy": "application/x-npy", ".csv": "text/csv",
          ".fvecs": "application/x-fvecs", ".bvecs": "application/x-bvecs", ".h5": "application/x-hdf5", ".hdf5": "application/x-hdf5"}
_BEGIN, _END = '{"vectors":[', "]}"
_ROW = ("id", "values", "metadata")
_CODINGS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Hits:
    """The nearest vectors to one query, nearest first; as many as there are, at most k.

    ids        [n] texts
    distances  [n] float64: squared L2, 1 - cosine, or -dot
    metadata   [n] objects, empty where a vector has none
    values     [n, dimension] float32 where asked for, else None
    took_ms    of the request, all its queries together
    """

    ids: list[str]
    distances: numpy.typing.NDArray[numpy.float64]
    metadata: list[dict[str, Any]]
    values: numpy.typing.NDArray[numpy.float32] | None
    took_ms: float

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[str, float, dict[str, Any]]]:
        """(id, distance, metadata), nearest first."""
        return zip(self.ids, self.distances.tolist(), self.metadata)


@dataclass(frozen=True)
class Page:
    """Stored vectors. `next` begins the page after them, None on the last one.

    values  [n, dimension] float32
    """

    ids: list[str]
    values: numpy.typing.NDArray[numpy.float32]
    metadata: list[dict[str, Any]]
    next: str | None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ServerFile:
    """A file beneath the server's import folder; its name tells its format."""

    path: str


Source = Union[Array, Path, str, ServerFile, Iterable[Row]]
"""What `import_` takes: an array [n, dimension], a file here, a file beneath the server's import folder, or rows one by one."""


@dataclass(frozen=True)
class Upload:
    """A request body and its headers; an iterable can be sent once."""

    body: Iterable[bytes] | bytes
    headers: dict[str, str]


def matrix(values: numpy.typing.ArrayLike, what: str) -> Array:
    """As [n, dimension] of floats. ValueError naming the shape otherwise."""
    array = numpy.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise ValueError(f"{what} are numbers [n, dimension], not {array.dtype} {list(array.shape)}")
    return array.astype(numpy.float32, copy=False)


def vector(values: numpy.typing.ArrayLike, what: str) -> list[float]:
    """As [dimension] of floats that are exact in 32 bits. ValueError naming the shape otherwise."""
    array = numpy.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiub":
        raise ValueError(f"{what} is numbers [dimension], not {array.dtype} {list(array.shape)}")
    listed: list[float] = array.astype(numpy.float32, copy=False).tolist()
    return listed


def upsert_bodies(ids: Sequence[str | int] | numpy.typing.NDArray[Any], values: numpy.typing.ArrayLike,
                  metadata: Sequence[Metadata | None] | None) -> Iterator[bytes]:
    """Rows as the JSON of requests of at most 100,000 rows and 8 MiB, whatever of them are ids, values and metadata; a longer row goes
    alone. ValueError at once if there are not as many of each."""
    rows = matrix(values, "values")
    names: list[Any] = ids.tolist() if isinstance(ids, numpy.ndarray) else list(ids)
    for name, count in (("ids", len(names)), ("metadata", len(rows) if metadata is None else len(metadata))):
        if count != len(rows):
            raise ValueError(f"{count} {name} for {len(rows)} vectors")
    return _batches(_row_texts(names, rows, metadata))


def _batches(texts: Iterator[str]) -> Iterator[bytes]:
    batch: list[str] = []
    size = len(_BEGIN) + len(_END)
    for text in texts:
        if batch and (len(batch) == UPSERT_ROWS_MAX or size + len(text) + 1 > UPSERT_BYTES_MAX):
            yield (_BEGIN + ",".join(batch) + _END).encode()
            batch, size = [], len(_BEGIN) + len(_END)
        batch.append(text)
        size += len(text) + 1  # they are ASCII, and a comma stands between them
    if batch:
        yield (_BEGIN + ",".join(batch) + _END).encode()


def _row_texts(names: Sequence[Any], rows: Array, metadata: Sequence[Metadata | None] | None) -> Iterator[str]:
    size = max(1, PIECE_ROWS_BYTES // max(1, rows.shape[1]))
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        yield from _texts(names[part], rows[part], metadata[part] if metadata is not None else None)


def _texts(names: Sequence[Any], rows: Array, metadata: Sequence[Metadata | None] | None) -> Iterator[str]:
    # Nine digits are a 32-bit float exactly, in half the time and bytes of the seventeen of a 64-bit one. What is no number is left to
    # json, whose NaN and Infinity the server names by their place.
    pattern = ",".join(["%.9g"] * rows.shape[1]) if numpy.isfinite(rows).all() else None
    for place, (name, listed) in enumerate(zip(names, rows.tolist())):
        told = pattern % tuple(listed) if pattern is not None else json.dumps(listed)[1:-1]
        about = metadata[place] if metadata is not None else None
        more = "" if about is None else ',"metadata":' + json.dumps(dict(about), default=_plain, separators=(",", ":"))
        yield f'{{"id":{json.dumps(name, default=_plain)},"values":[{told}]{more}}}'


def hits_of(answer: Mapping[str, Any], with_values: bool) -> list[Hits]:
    """One for each query of a SearchAnswer."""
    return [Hits([hit["id"] for hit in hits], numpy.array([hit["distance"] for hit in hits], numpy.float64),
                 [hit.get("metadata", {}) for hit in hits], _stacked([hit["values"] for hit in hits]) if with_values else None,
                 answer["took_ms"]) for hits in answer["results"]]


def page_of(vectors: Sequence[Vector], after: str | None) -> Page:
    """A VectorPage."""
    return Page([one["id"] for one in vectors], _stacked([one["values"] for one in vectors]),
                [one.get("metadata", {}) for one in vectors], after)


def _stacked(rows: Sequence[Sequence[float]]) -> numpy.typing.NDArray[numpy.float32]:
    return numpy.array(rows, numpy.float32).reshape(len(rows), -1 if rows else 0)


def upload_of(source: Source) -> Upload:
    """A source as the body of an import. ValueError where its form is none that the server reads; OSError of a file."""
    if isinstance(source, ServerFile):
        return Upload(json.dumps({"source": source.path}).encode(), {"Content-Type": "application/json"})
    if isinstance(source, (str, Path)):
        return _file(Path(source))
    if isinstance(source, numpy.ndarray):
        return _npy(source)
    return Upload(_lines(source), {"Content-Type": "application/x-ndjson"})


def _file(path: Path) -> Upload:
    name = path.name.lower()
    coding = next((coding for suffix, coding in _CODINGS.items() if name.endswith(suffix)), None)
    stem = name.rpartition(".")[0] if coding else name
    kind = next((kind for suffix, kind in _FILES.items() if stem.endswith(suffix)), None)
    if not kind:
        raise ValueError(f"'{path}' has none of the endings {', '.join(_FILES)}, with .gz or .zst or without")
    return file_upload(path, {"Content-Type": kind, **({"Content-Encoding": coding} if coding else {})})


def file_upload(path: Path, headers: dict[str, str]) -> Upload:
    """A file as it is now, read as it is sent: what grows behind it meanwhile is not part of it. OSError."""
    size = path.stat().st_size
    return Upload(_pieces(path, size), {**headers, "Content-Length": str(size)})


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    left = size
    with path.open("rb") as file:
        while left > 0:
            piece = file.read(min(left, PIECE_ROWS_BYTES))
            if not piece:
                raise OSError(f"'{path}' had {size} bytes, and has ended {left} before them")
            left -= len(piece)
            yield piece


def _npy(array: Array) -> Upload:
    """Little-endian and in C order, as the server reads it; copied only where it is not."""
    if array.ndim != 2 or array.dtype.str[1:] not in _NPY_KINDS:
        raise ValueError(f"an array to import is [n, dimension] of floats or integers, not {array.dtype} {list(array.shape)}")
    ready = numpy.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    written = io.BytesIO()
    formats: Any = numpy.lib.format  # its functions have no types
    formats.write_array_header_1_0(written, formats.header_data_from_array_1_0(ready))
    header = written.getvalue()

    def pieces() -> Iterator[bytes]:
        yield header
        rows = max(1, PIECE_ROWS_BYTES // max(1, ready.shape[1] * ready.itemsize))
        for first in range(0, len(ready), rows):
            yield ready[first:first + rows].tobytes()

    return Upload(pieces(), {"Content-Type": "application/x-npy", "Content-Length": str(len(header) + ready.nbytes)})


def _lines(rows: Iterable[Row]) -> Iterator[bytes]:
    piece, size = [], 0
    for row in rows:
        whole = row if isinstance(row, Mapping) else {name: part for name, part in zip(_ROW, row) if part is not None}
        line = json.dumps(whole, default=_plain, separators=(",", ":")).encode() + b"\n"
        piece.append(line)
        size += len(line)
        if size >= PIECE_ROWS_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


def _plain(value: Any) -> Any:
    """What JSON does not know: numpy's arrays and scalars."""
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r} is nothing that JSON has")
