"""The embedded shadow model: whether a shadow with a hard edge lies on a cut-out subject."""

from __future__ import annotations

from ..contracts import Subject
from .depth import shrink_subject, subject_array
from .session import Session

__all__ = ["ShadowModel"]


class ShadowModel:
    """Wraps a network of task ``shadow`` with the output ``shadow``."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def estimate(self, subject: Subject) -> float:
        """Logarithm of the odds of a hard-edged shadow of something outside the picture lying on a subject.

        The mean of what the network says of the picture and of its mirror image; ModelError if it fails.
        """
        rgb, mask = shrink_subject(subject, self.session.card.input_size)
        ways = ((rgb, mask), (rgb[:, ::-1], mask[:, ::-1]))
        return sum(float(self.session.run(subject_array(*way))["shadow"][0, 0]) for way in ways) / 2
