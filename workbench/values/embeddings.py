"""Meanings of texts as numbers, and which models make them."""

from __future__ import annotations

import re
from array import array

from workbench.quick_dataclass import dataclass

_EMBEDDING = re.compile(r"embed|(^|[/:_-])(bge|gte|e5|minilm|voyage|multilingual-e5|mpnet|jina-clip)([-_:.\d]|$)", re.I)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors of some texts in their order, one after the other as 32-bit floats. `tokens` were read for them; None is unknown."""

    values: array[float]
    dimensions: int
    model: str = ""
    tokens: int | None = None

    def __len__(self) -> int:
        return len(self.values) // self.dimensions if self.dimensions else 0

    def vector(self, index: int) -> array[float]:
        """The vector of one text."""
        return self.values[index * self.dimensions : (index + 1) * self.dimensions]


def names_embedding_model(name: str) -> bool:
    """True where the name of a model says that it makes embeddings and writes no answers: `text-embedding-3-small`, `bge-m3`,
    `nomic-embed-text`, `all-minilm`. Where a list of models says nothing, the name has to."""
    return _EMBEDDING.search(name) is not None
