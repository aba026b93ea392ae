"""The pace of passes: as many as the lag demands, and no more, since most of what a small pass costs it costs always.

Each pass has a dozen statements that don't depend on how many keys changed. So while services write, keys gather for a
while: the more of them one pass brings over, the less each costs. Who waits for long enough, or for enough of them, is
brought over at once; and what changes after a time of quiet too.
"""

import time

GAP = 0.05  # seconds between the ends of two passes, at least
LAG = 0.85  # seconds that the oldest change may wait until it is in: the second that is promised, and some to spare
LONGEST = 0.75  # seconds between the beginnings of two passes while it isn't much that changes
ENOUGH = 1_000  # keys and transactions that wait, with which another pass begins
SMOOTH = 0.3  # how much the last pass counts for how long the next one takes


class Pace:
    """Says when the next pass is due, by how long passes take and by what waits."""

    def __init__(self, gap: float = GAP) -> None:
        self.gap = gap
        self._began = self._takes = 0.0

    def begin(self) -> None:
        """Hear that a pass begins."""
        self._began = time.monotonic()

    def end(self) -> None:
        """Hear that it has ended."""
        seconds = time.monotonic() - self._began
        self._takes = max(seconds, SMOOTH * seconds + (1 - SMOOTH) * self._takes)

    def pause(self, waiting: int) -> float:
        """Return for how many seconds changes may gather still, where so many keys wait: none where a pass is due.

        What comes right after a pass has begun waits for the next one, and for as long as that takes.
        """
        passed = time.monotonic() - self._began
        if waiting >= ENOUGH:
            return 0.0
        return max(0.0, min(LONGEST, LAG - self._takes) - passed)
