"""The format of records: what is damaged is skipped, and what follows is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from redspot.serving.events.record import MARK, Record, frame, read_records

# What bodies can be: any bytes but the first of the mark.
PIECES = st.binary(max_size=60).map(lambda piece: piece.replace(MARK[:1], b""))
RECORDS = st.builds(Record, PIECES, PIECES, PIECES)


def framed(records: list[Record]) -> bytes:
    return b"".join(frame(each.head, each.inputs, each.outputs) for each in records)


@given(st.lists(RECORDS, max_size=5))
def test_what_is_written_is_read(records: list[Record]) -> None:
    data = framed(records)
    reading = read_records(data, is_whole=True)
    assert [record for _, record in reading.records] == records
    assert (reading.end, reading.damaged) == (len(data), 0)
    assert not records or reading.records[-1][0] == len(data)


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_of_a_truncated_stretch_all_whole_records_are_read(records: list[Record], data: st.DataObject) -> None:
    whole = framed(records)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(framed(records[: number + 1])) for number in range(len(records))]
    kept = sum(end <= cut for end in ends)
    growing = read_records(whole[:cut], is_whole=False)
    assert [record for _, record in growing.records] == records[:kept]
    # The next look begins where the unfinished record does, and finds the rest.
    assert growing.end == (ends[kept - 1] if kept else 0)
    rest = read_records(whole[growing.end :], is_whole=True)
    assert [record for _, record in rest.records] == records[kept:]
    closed = read_records(whole[:cut], is_whole=True)
    assert [record for _, record in closed.records] == records[:kept]
    assert closed.damaged == (cut not in (0, *ends))
    assert closed.end == cut


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_a_flipped_byte_costs_one_record_at_most(records: list[Record], data: st.DataObject) -> None:
    whole = bytearray(framed(records))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    hit = next(number for number in range(len(records)) if at < len(framed(records[: number + 1])))
    reading = read_records(bytes(whole), is_whole=True)
    assert [record for _, record in reading.records] == records[:hit] + records[hit + 1 :]
    assert reading.damaged >= 1
    assert reading.end == len(whole)


@given(st.binary(max_size=300), st.booleans())
def test_noise_is_no_record_and_no_error(noise: bytes, is_whole: bool) -> None:
    reading = read_records(noise, is_whole=is_whole)
    assert reading.end <= len(noise)
    assert not is_whole or reading.end == len(noise)
