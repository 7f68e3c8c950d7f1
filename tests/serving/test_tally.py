from __future__ import annotations

from itertools import pairwise

import pytest

from redspot.serving.tally import LE_MS, ArmTally, EndpointTally


def test_bounds_are_close_to_each_other_and_hold_the_customary_ones() -> None:
    assert all(1.2 < above / below < 1.3 for below, above in pairwise(LE_MS))
    assert {0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 100.0, 1000.0, 10_000.0, 50_000.0} <= set(LE_MS)


@pytest.mark.parametrize(
    ("status", "errors", "client_errors"), [(200, 0, 0), (404, 0, 1), (429, 0, 1), (500, 1, 0), (503, 1, 0)]
)
def test_answers_are_counted_by_whose_fault_they_are(status: int, errors: int, client_errors: int) -> None:
    arm = ArmTally("d1")
    arm.note_status(status, 0.001)
    told = arm.told()
    assert (told["requests"], told["errors"], told["client_errors"]) == (1, errors, client_errors)
    # A bound is part of the bucket below it.
    assert told["latency_buckets"]["counts"][LE_MS.index(1.0)] == 1
    arm.note_status(status, 1e6)
    assert arm.told()["latency_buckets"]["counts"][-1] == 1
    assert "shadow" not in told


def test_of_arms_that_are_gone_the_last_ones_are_kept() -> None:
    tally = EndpointTally()
    for number in range(100):
        tally.arm(f"d{number}").note_lost()
        tally.note(f"d{number}", 502)
    tally.keep({"d0", "d50"})
    told = tally.told()["arms"]
    assert set(told) == {"d0", "d50", *(f"d{number}" for number in range(68, 100))}
    assert {deployment for deployment, _ in tally.statuses} == set(told)
