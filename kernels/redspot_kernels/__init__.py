"""What Redspot does inside of a kernel; ``%load_ext redspot_kernels`` lets the sidebar see its pipelines."""

from __future__ import annotations

from typing import Any

from redspot_kernels.channel import close_channel, open_channel

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Let the page ask this kernel for its pipelines; called by ``%load_ext``."""
    open_channel(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop answering; called by ``%unload_ext``."""
    close_channel(ipython)
