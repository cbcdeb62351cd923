"""A triangulation of the plane that can be changed step by step, in exact arithmetic.

Half-edge 3 t + i runs from corner i of triangle t to the next. Coordinates are whole numbers, so the tests below are
never wrong; Python's own, which cannot overflow.
"""

from __future__ import annotations

__all__ = ["HalfEdges", "ahead", "behind"]


def ahead(edge: int) -> int:
    """Return the next half-edge around the triangle."""
    return edge - 2 if edge % 3 == 2 else edge + 1


def behind(edge: int) -> int:
    """Return the half-edge before, around the triangle."""
    return edge + 2 if edge % 3 == 0 else edge - 1


class HalfEdges:
    """A Delaunay triangulation that points are put into one by one (C. L. Lawson, 1977).

    Parameters
    ----------
    x, y : list of int
        All points that will be put in. Three more around them all are added, as the last ones.

    Attributes
    ----------
    start : list of int
        The point each half-edge starts at.
    twin : list of int
        The half-edge that runs the other way, or -1 at the rim.
    leaving : list of int
        Some half-edge that starts at each point, -1 before it was put in.
    """

    def __init__(self, x: list[int], y: list[int]) -> None:
        reach = 16 * (1 + max(map(abs, x)) + max(map(abs, y)))
        self.count = len(x)
        self.x = [*x, -reach, reach, 0]
        self.y = [*y, -reach, -reach, reach]
        self.start = [self.count, self.count + 1, self.count + 2]
        self.twin = [-1, -1, -1]
        self.leaving = [-1] * self.count + [0, 1, 2]
        self._last = 0

    def turn(self, a: int, b: int, c: int) -> int:
        """Twice the signed area of a triangle of points: positive where they run counter-clockwise."""
        x, y = self.x, self.y
        return (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])

    def insert(self, point: int) -> bool:
        """Put a point in; False when another one is there already."""
        edge = self._locate(point)
        x, y = self.x[point], self.y[point]
        on_side = -1
        for side in (edge, ahead(edge), behind(edge)):
            a, b = self.start[side], self.start[ahead(side)]
            if (self.x[a], self.y[a]) == (x, y):
                return False
            if self.turn(a, b, point) == 0:
                on_side = side
        sides = self._split(edge - edge % 3, point)
        if on_side >= 0:
            # The point lies on a side: turning that side leaves no flat triangle.
            side = sides[on_side % 3]
            self.flip(side)
            sides = [*(other for other in sides if other != side), side, ahead(self.twin[behind(side)])]
        self.settle(sides)
        return True

    def _locate(self, point: int) -> int:
        """A half-edge of the triangle that holds a point, by walking there."""
        edge = self._last
        start, twin = self.start, self.twin
        steps = 0
        while steps < 3:
            if self.turn(start[edge], start[ahead(edge)], point) < 0:
                edge, steps = twin[edge], 0
            else:
                steps += 1
            edge = ahead(edge)
        self._last = edge
        return edge

    def _split(self, first: int, point: int) -> list[int]:
        """Cut a triangle into three around a point; the sides across from it."""
        start, twin = self.start, self.twin
        b, c = start[first + 1], start[first + 2]
        second = len(start)
        third = second + 3
        outer = twin[first + 1], twin[first + 2]
        a = start[first]
        start[first + 2] = point
        start += [b, c, point, c, a, point]
        twin += [outer[0], third + 2, first + 1, outer[1], first + 2, second + 1]
        twin[first + 1], twin[first + 2] = second + 2, third + 1
        for side, other in ((second, outer[0]), (third, outer[1])):
            if other >= 0:
                twin[other] = side
        self.leaving[b], self.leaving[c], self.leaving[point] = second, third, first + 2
        return [first, second, third]

    def flip(self, edge: int) -> None:
        """Turn the side between two triangles to join their far corners."""
        start, twin, leaving = self.start, self.twin, self.leaving
        other = twin[edge]
        to, back = behind(edge), behind(other)
        q, p = start[other], start[edge]
        r, s = start[to], start[back]
        outer, inner = twin[back], twin[to]
        twin[edge], twin[other] = outer, inner
        if outer >= 0:
            twin[outer] = edge
        if inner >= 0:
            twin[inner] = other
        twin[to], twin[back] = back, to
        start[edge], start[other] = s, r
        leaving[s], leaving[r] = edge, other
        leaving[q], leaving[p] = ahead(edge), ahead(other)

    def settle(self, sides: list[int]) -> None:
        """Turn sides until no far corner lies in the circle of the triangle across, starting from the given ones."""
        while sides:
            edge = sides.pop()
            other = self.twin[edge]
            if other >= 0 and self.in_circle(edge, self.start[behind(other)]):
                self.flip(edge)
                sides += [edge, ahead(other)]

    def in_circle(self, edge: int, point: int) -> bool:
        """Tell whether a point lies within the circle through the corners of a half-edge's triangle."""
        x, y, start = self.x, self.y, self.start
        px, py = x[point], y[point]
        a, b, c = start[edge], start[ahead(edge)], start[behind(edge)]
        ax, ay, bx, by, cx, cy = x[a] - px, y[a] - py, x[b] - px, y[b] - py, x[c] - px, y[c] - py
        return (
            (ax * ax + ay * ay) * (bx * cy - cx * by)
            - (bx * bx + by * by) * (ax * cy - cx * ay)
            + (cx * cx + cy * cy) * (ax * by - bx * ay)
        ) > 0

    def around(self, point: int) -> list[int]:
        """All half-edges that start at a point of the given ones, counter-clockwise."""
        found = [self.leaving[point]]
        while (edge := self.twin[behind(found[-1])]) != found[0]:
            found.append(edge)
        return found

    def find(self, a: int, b: int) -> int:
        """The half-edge from one point to another, -1 where there is none."""
        return next((edge for edge in self.around(a) if self.start[ahead(edge)] == b), -1)
