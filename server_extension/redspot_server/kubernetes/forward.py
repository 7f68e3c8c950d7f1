"""A port on 127.0.0.1 whose connections end in a pod, for who is outside of the cluster."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

from redspot.serving.kubernetes.arm import PORT

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 65536
_JOIN_S = 10.0


class PodForward:
    """Forwards connections through the cluster's API while the ``with`` block runs.

    Needs the right to ``create`` and ``get`` ``pods/portforward``. Each connection is a WebSocket of its own, so this
    is for looking and testing: the router reaches pods directly.

    Attributes
    ----------
    port
        Of 127.0.0.1.
    """

    def __init__(self, client: ApiClient, namespace: str, pod: str, *, target: int = PORT) -> None:
        self._configuration = client.configuration
        self._namespace, self._pod, self._target = namespace, pod, target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[Any] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._is_over = False
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()
        with self._lock:
            ends = list(self._open)
        for end in ends:
            _close(end)
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _run(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self._run(self._forward, near)

    def _forward(self, near: socket.socket) -> None:
        from kubernetes.client import ApiClient, CoreV1Api
        from kubernetes.stream import portforward

        # Forwarding changes a client while it connects: each connection has one of its own.
        with near, ApiClient(self._configuration) as client:
            try:
                connect = CoreV1Api(client).connect_get_namespaced_pod_portforward
                forwarded = portforward(connect, self._pod, self._namespace, ports=str(self._target))
            except Exception:  # the library raises errors of three others; who connected sees the connection end
                _log.exception("pod %s cannot be reached through the cluster's API", self._pod)
                return
            far = forwarded.socket(self._target)
            far.setblocking(True)
            with self._lock:
                self._open |= {near, far}
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join(_JOIN_S)
            with self._lock:
                self._open -= {near, far}
            forwarded.close()


def _pump(source: Any, sink: Any) -> None:
    """Copy until one side ends, then end both."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK_BYTES):
            sink.sendall(data)
    _close(source)
    _close(sink)


def _close(end: Any) -> None:
    # Closing alone does not wake a thread that reads.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
