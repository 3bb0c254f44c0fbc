"""Solving small symmetric systems: what a fit of some dozen strengths needs, without a numerical library."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

Matrix = list[list[float]]


class Singular(Exception):
    """The matrix is not positive definite: the data do not determine all unknowns."""


def cholesky(matrix: Sequence[Sequence[float]]) -> Matrix:
    """The lower triangle L with L times its transpose equal to the matrix. Raises Singular where there is none."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        row = lower[i]
        for j in range(i + 1):
            other = lower[j]
            rest = matrix[i][j] - sum(map(float.__mul__, row[:j], other[:j]))
            if i == j:
                if rest <= 1e-12 * max(1.0, abs(matrix[i][i])):
                    raise Singular
                row[i] = sqrt(rest)
            else:
                row[j] = rest / other[j]
    return lower


def solve(lower: Matrix, right: Sequence[float]) -> list[float]:
    """The x with L times its transpose times x equal to the right side, for the L of `cholesky`."""
    size = len(lower)
    half = [0.0] * size
    for i in range(size):
        half[i] = (right[i] - sum(map(float.__mul__, lower[i][:i], half[:i]))) / lower[i][i]
    answer = [0.0] * size
    for i in reversed(range(size)):
        answer[i] = (half[i] - sum(lower[k][i] * answer[k] for k in range(i + 1, size))) / lower[i][i]
    return answer


def inverse(lower: Matrix) -> Matrix:
    """The inverse of the matrix of which `cholesky` made L, such as a covariance from an information matrix."""
    size = len(lower)
    return [solve(lower, [float(i == j) for i in range(size)]) for j in range(size)]
