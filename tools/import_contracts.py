"""Import contracts that import-linter does not have; `make lint` runs them with the others of pyproject.toml."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

PACKAGE = Path(__file__).resolve().parents[1] / "python" / "amsdipole"


class CoreOwners(Contract):
    """Only modules that own a kernel import `amsdipole._core`.

    import-linter's graph holds modules in Python alone: to it, `from amsdipole import _core` imports the package. So
    the sources are read.
    """

    type_name = "core_owners"

    # A field is replaced by its value when a contract is made.
    owners = cast("set[str]", fields.SetField(subfield=fields.StringField()))

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find importers that are no owners, and owners that import nothing."""
        importers = dict(core_importers(PACKAGE))
        strangers = {name: line for name, line in importers.items() if name not in self.owners}
        idle = sorted(self.owners - set(importers))
        return ContractCheck(kept=not strangers and not idle, metadata={"strangers": strangers, "idle": idle})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which modules break the law."""
        for name, line in sorted(check.metadata["strangers"].items()):
            output.print_error(f"{name} is not allowed to import amsdipole._core (l.{line})")
        for name in check.metadata["idle"]:
            output.print_error(f"{name} is named as an owner and does not import amsdipole._core")


def core_importers(package: Path) -> Iterator[tuple[str, int]]:
    """Give the modules that import `_core`, with the first line where they do."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        lines = [getattr(node, "lineno", 0) for node in ast.walk(ast.parse(path.read_bytes())) if _imports_core(node)]
        if lines:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), min(lines)


def _imports_core(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[-1] == "_core" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[-1] == "_core" or any(alias.name == "_core" for alias in node.names)
    # A name handed to importlib.
    return isinstance(node, ast.Constant) and node.value == "amsdipole._core"
