"""How many shards a batch is cut into."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..batching.shard import LARGEST

__all__ = ["Sizes"]


@dataclass(frozen=True)
class Sizes:
    """What shards are cut by.

    ``pictures``: how many there are. ``slots``: how many shards the cluster does at the same time. ``probe``: pictures
    of a first, small shard. ``seconds``: how long each of the others should take.
    """

    pictures: int
    slots: int
    probe: int
    seconds: float

    def first(self) -> int:
        """How many shards the batch is cut into while its speed is not known: about ``probe`` pictures each."""
        return _limited(math.ceil(self.pictures / self.probe))

    def then(self, speed: float) -> int:
        """How many shards it is cut into for what the first ones left.

        Parameters
        ----------
        speed
            Pictures per second in one slot; 0 if there was nothing left to do.

        Returns
        -------
        Their count: each of ``seconds``, but no slot stays without one, and none is smaller than a first one.
        """
        wanted = math.ceil(self.pictures / max(1.0, speed * self.seconds)) if speed > 0 else 1
        return min(self.first(), _limited(max(wanted, self.slots)))


def _limited(count: int) -> int:
    return max(1, min(count, LARGEST))
