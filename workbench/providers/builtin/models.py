"""The built-in models of one workspace: the servers, and their rows in the library."""

from __future__ import annotations

from pathlib import Path

from workbench.library.builtin_models import ensure_builtin
from workbench.library.connections import Connections
from workbench.providers.builtin import DEFAULT_NAME, Builtin, ModelFile
from workbench.values import Missing


class BuiltinModels(Builtin):
    """Built-in models that appear among the workspace's models. `writes` False leaves the rows as they are."""

    def __init__(self, connections: Connections, *, writes: bool = True, folder: Path | None = None) -> None:
        super().__init__(folder)
        self._connections = connections
        self._writes = writes

    def ensure_connection(self) -> int | None:
        """The id of the connection whose models are the files that are known now; None in a workspace that cannot be written."""
        if not self._writes:
            return next((row.id for row in self._connections.list() if row.vendor == "builtin"), None)
        status = self.status()
        why_not = "" if status.ready else f"{status.sentence} {status.remedy}".strip()
        return ensure_builtin(self._connections, self.files.all(), why_not)

    def check(self, model: str) -> None:
        """Raise Missing, with what to do, where a model cannot be asked now, and NotFound for one that is not known."""
        file, status = self.files.find(model), self.status()
        if not status.engine or (file.name == DEFAULT_NAME and not status.weights):
            raise Missing(status.sentence, remedy=status.remedy)
        if not file.is_there:
            raise Missing(f"The file of the model {file.title} is gone: {file.path}.", remedy="Put it back, or remove the model.")

    def add_file(self, path: str | Path) -> ModelFile:
        """The model that a GGUF file becomes, here and in the list of models. Raises BadInput for a file that cannot be one."""
        file = super().add_file(path)
        self.ensure_connection()
        return file
