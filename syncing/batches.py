"""Cutting a long list into the sizes that partners and the database take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """`items` in lists of at most `size`, in order."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
