"""Whether this process, or the worker that it is a child of, was asked to stop: then no further batch is begun.

The worker's parent hears SIGTERM, and its children do the work; so the word stands in memory that both share. One byte
without a lock: a child that is killed while it reads leaves nothing locked.
"""

from __future__ import annotations

import mmap

# Made before the worker forks.
_asked = mmap.mmap(-1, 1)


def ask_to_stop() -> None:
    """What is being written to a partner ends; what was claimed and not sent is given back."""
    _asked[0] = 1


def is_stopping() -> bool:
    return _asked[0] == 1
