"""The rules that what is new must keep to go on."""

from __future__ import annotations

from redspot.registry.figures import ArmFigures, stability
from redspot.registry.policy import RolloutPolicy

# Between two answers that are both this fast, a ratio tells of the machine and not of the version.
_LATENCY_SLACK_MS = 5.0


def broken_rule(policy: RolloutPolicy, new: ArmFigures, old: ArmFigures) -> str:
    """Return one sentence about the first rule that is broken; empty when none is, or too little was seen.

    Parameters
    ----------
    new, old
        What was counted of the new arms and of those before them, in the same time.
    """
    return _errors(policy, new) or _latency(policy, new, old) or _mismatches(policy, new) or _scores(policy, new, old)


def _errors(policy: RolloutPolicy, new: ArmFigures) -> str:
    asked, failed = new.requests + new.compared + new.failed, new.errors + new.failed
    if asked < max(1, policy.min_requests) or failed / asked <= policy.max_error_rate:
        return ""
    return f"It failed {failed} of {asked} requests ({failed / asked:.1%}); {policy.max_error_rate:.1%} are allowed."


def _latency(policy: RolloutPolicy, new: ArmFigures, old: ArmFigures) -> str:
    theirs, its = old.p95_ms, new.p95_ms
    if theirs is None or its is None or min(new.requests, old.requests) < max(1, policy.min_requests):
        return ""
    if its <= theirs * policy.max_latency_ratio or its - theirs <= _LATENCY_SLACK_MS:
        return ""
    return (
        f"95 % of its answers took up to {its:.1f} ms and those before it {theirs:.1f} ms;"
        f" {policy.max_latency_ratio:g} times as long is allowed."
    )


def _mismatches(policy: RolloutPolicy, new: ArmFigures) -> str:
    if new.compared < max(1, policy.min_requests):
        return ""
    rate = 1 - new.equal / new.compared
    if rate <= policy.max_mismatch:
        return ""
    return f"{rate:.1%} of {new.compared} mirrored requests got another answer; {policy.max_mismatch:.1%} may."


def _scores(policy: RolloutPolicy, new: ArmFigures, old: ArmFigures) -> str:
    for name, scores in new.scores.items():
        before = old.scores.get(name)
        moved = None if before is None else stability(before, scores)
        if moved is None or moved.rows < max(1, policy.min_requests):
            continue
        if moved.psi > policy.max_score_psi + moved.by_chance:
            return (
                f"Its answers are distributed otherwise than those before it: the stability index of {name!r} is"
                f" {moved.psi:.2f}, and {policy.max_score_psi:g} is allowed."
            )
    return ""
