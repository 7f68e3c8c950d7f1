"""Columns of Arrow as numbers in the order of their values, and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redspot.features.embedded.arrays import Bools, Values
from redspot.features.embedded.block import Coded
from redspot.features.schema import Kind
from redspot.features.sketches.distinct import Hashes, hash_numbers, hash_texts
from redspot.features.window import UNITS_US

UTC_TIMESTAMP = pa.timestamp("us", tz="UTC")


def code_column(column: pa.ChunkedArray, kind: Kind) -> Coded:
    """Return a column as numbers.

    Parameters
    ----------
    column
        As `reading` gives it: float64 with NaN for what is missing, int64 (numbers, truth values as 0 and 1, times as
        microseconds since 1970), or texts.
    kind
        What its values are.
    """
    if kind is Kind.STRING:
        return _code_texts(column)
    if kind is Kind.FLOAT:
        values = column.to_numpy()
        missing = np.isnan(values)
        return Coded(values, ~missing if missing.any() else None, _floats, hash_numbers)
    valid = None
    if column.null_count:
        valid = column.is_valid().to_numpy()
        column = pc.fill_null(column, 0)
    decode = {Kind.BOOLEAN: _booleans, Kind.TIMESTAMP: _timestamps, Kind.DATE: _dates}.get(kind, _integers)
    return Coded(column.to_numpy(), valid, decode, hash_numbers)


def _code_texts(column: pa.ChunkedArray) -> Coded:
    coded = column.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    texts = coded.dictionary.cast(pa.string())
    order = pc.sort_indices(texts).to_numpy()
    texts = texts.take(pa.array(order))
    rank = np.zeros(len(order), np.int64)
    rank[order] = np.arange(len(order))
    valid = None if not coded.null_count else coded.is_valid().to_numpy(zero_copy_only=False)
    codes = pc.fill_null(coded.indices, 0).to_numpy()
    values = rank[codes] if len(rank) else np.zeros(len(codes), np.int64)

    def decode(found: Values, absent: Bools | None) -> pa.Array:
        if not len(texts):
            return pa.nulls(len(found), pa.string())
        return texts.take(pa.array(found.astype(np.int64, copy=False), mask=absent))

    hashes: list[Hashes] = []

    def identity(found: Values) -> Hashes:
        if not hashes:
            hashes.append(hash_texts(texts.to_pylist()))
        return hashes[0][found.astype(np.int64, copy=False)] if len(texts) else np.zeros(len(found), np.uint64)

    return Coded(values, valid, decode, identity)


def _floats(values: Values, absent: Bools | None) -> pa.Array:
    return pa.array(values, pa.float64(), mask=absent)


def _integers(values: Values, absent: Bools | None) -> pa.Array:
    return pa.array(values, pa.int64(), mask=absent)


def _booleans(values: Values, absent: Bools | None) -> pa.Array:
    return pa.array(values.astype(bool), pa.bool_(), mask=absent)


def _timestamps(values: Values, absent: Bools | None) -> pa.Array:
    return pa.array(values, pa.int64(), mask=absent).cast(UTC_TIMESTAMP)


def _dates(values: Values, absent: Bools | None) -> pa.Array:
    return pa.array((values // UNITS_US["d"]).astype(np.int32), pa.int32(), mask=absent).cast(pa.date32())
