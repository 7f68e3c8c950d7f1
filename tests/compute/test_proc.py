from __future__ import annotations

import os
import signal
import subprocess
import sys

from redspot.compute.proc import (
    ProcessIdentity,
    boot_id,
    descendants,
    identify,
    is_alive,
    kill,
    marked,
    resident_bytes,
    send,
    start_of,
)
from tests.conformance.compute_backend import wait_until


def test_an_identity_is_one_process() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert is_alive(me)
    assert not is_alive(me._replace(start="1"))
    assert not is_alive(me._replace(boot_id="another"))
    assert me.boot_id == boot_id()


def test_a_signal_reaches_only_that_very_process() -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    identity = identify(child.pid)
    assert identity is not None
    assert not send(identity._replace(start="1"), signal.SIGKILL)
    assert child.poll() is None
    assert send(identity, signal.SIGKILL)
    assert child.wait() == -9
    assert not send(identity, signal.SIGKILL)
    assert not kill(child.pid, signal.SIGKILL)


def test_a_zombie_is_gone() -> None:
    child = subprocess.Popen(["/bin/true"])
    wait_until(lambda: start_of(child.pid) is None)
    assert identify(child.pid) is None
    child.wait()


def test_descendants_and_marks_are_found() -> None:
    code = (
        "import os, time\nif os.fork():\n    time.sleep(60)\nelse:\n    print(os.getpid(), flush=True); time.sleep(60)"
    )
    environment = {"REDSPOT_UNIT_ID": "proc-test"}
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    assert {child.pid, grandchild} <= descendants(os.getpid())
    assert marked("proc-test") == {child.pid, grandchild}
    assert marked("proc-tes") == set()
    both = resident_bytes([child.pid, grandchild])
    assert 1_000_000 < both <= resident_bytes([child.pid, grandchild], exact=False)
    child.kill()
    kill(grandchild, signal.SIGKILL)
    child.communicate()
    wait_until(lambda: marked("proc-test") == set())


def test_nobody_holds_nothing() -> None:
    assert resident_bytes([]) == 0
    assert not is_alive(ProcessIdentity(2**22 + 1, "1", boot_id()))
