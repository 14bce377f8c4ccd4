"""One test program that holds many mutants of the core crate, each chosen at run time by its number.

cargo-mutants builds the crate anew for every mutant, which takes some twenty seconds of a processor each. Its list says
what to change where; here all changes are written into one copy of the crate, behind a look at the environment, so that
a mutant costs a run of the tests and no more.
"""

import json
import os
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tree_sitter_rust
from tree_sitter import Language, Node, Parser

__all__ = ["VARIABLE", "Program", "built"]

VARIABLE = "AMSDIPOLE_MUTANT"
LAZY, COMPARED = {"&&", "||"}, {"==", "!=", "<", "<=", ">", ">="}
SWITCH = f"""
/// Whether the mutant of this number is to live.
pub(crate) fn mutated(number: u32) -> bool {{
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("{VARIABLE}").ok().and_then(|n| n.parse().ok()).unwrap_or(u32::MAX)) == number
}}
"""


@dataclass(frozen=True)
class Program:
    """The test program, and by the mutants' names their numbers in it; what it cannot hold is left out.

    Attributes
    ----------
    path, folder : pathlib.Path
        Program, and the folder in which it is run.
    number : dict of str to int
        Mutants that it holds.
    unviable : set of str
        Mutants that do not compile.
    """

    path: Path
    folder: Path
    number: dict[str, int]
    unviable: set[str]


def built(root: Path, stage: Path, mutants: list[dict[str, Any]]) -> Program:
    """Write the mutants into a copy of the crate and build its unit tests."""
    number = {mutant["name"]: i for i, mutant in enumerate(mutants)}
    unviable: set[str] = set()
    variables = os.environ | {"CARGO_TARGET_DIR": str(root / "target" / "mutants")}
    cargo = ["cargo", "test", "--offline", "--profile=probe", "--package=amsdipole-core", "--lib", "--no-run"]
    for _ in range(20):
        held = [mutant for mutant in mutants if mutant["name"] in number and mutant["name"] not in unviable]
        _copy(root, stage)
        missing = _write(stage, held, number)
        for name in missing:
            del number[name]
        done = subprocess.run(
            [*cargo, "--message-format=json"], cwd=stage, env=variables, capture_output=True, text=True, check=False
        )
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode == 0:
            program = next(m["executable"] for m in messages if m.get("executable") and m["target"]["test"])
            kept = {name: i for name, i in number.items() if name not in unviable}
            return Program(Path(program), stage / "rust" / "core", kept, unviable)
        bad = _blamed(stage, [m["message"] for m in messages if m["reason"] == "compiler-message"])
        names = {name for name, i in number.items() if i in bad} - unviable
        if not names:
            raise SystemExit(f"the program of mutants does not compile:\n{_rendered(messages)}\n{done.stderr[-2000:]}")
        unviable |= names
    raise SystemExit("the program of mutants does not compile")


def _copy(root: Path, stage: Path) -> None:
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(root / "rust" / "core", stage / "rust" / "core")
    shutil.copy(root / "Cargo.lock", stage)
    text = (root / "Cargo.toml").read_text("utf-8")
    (stage / "Cargo.toml").write_text(text.replace('"rust/core", "rust/py"', '"rust/core"'))
    crate = stage / "rust" / "core" / "Cargo.toml"
    crate.write_text(crate.read_text("utf-8").replace("[lints]\nworkspace = true\n", ""))
    with (stage / "rust" / "core" / "src" / "lib.rs").open("a") as lib:
        lib.write(SWITCH)


def _write(stage: Path, mutants: list[dict[str, Any]], number: dict[str, int]) -> list[str]:
    """Rewrite the files; the names of the mutants for which there is no place."""
    of_file = defaultdict(list)
    for mutant in mutants:
        of_file[mutant["file"]].append(mutant)
    missing = []
    for file, held in of_file.items():
        writer = _Writer((stage / file).read_bytes(), held, number)
        (stage / file).write_text(writer.text(), "utf-8")
        missing += [mutant["name"] for mutant in held if number[mutant["name"]] not in writer.used]
    return missing


class _Writer:
    """A file with its mutants written in."""

    def __init__(self, source: bytes, mutants: list[dict[str, Any]], number: dict[str, int]) -> None:
        self.source = source
        self.used: set[int] = set()
        starts = [0]
        for line in source.split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        lines = source.decode().split("\n")
        # Changes by where the operator, the guard or the first statement of the function begins.
        self.change: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
        for mutant in mutants:
            place = mutant["span"]["start"]
            before = lines[place["line"] - 1][: place["column"] - 1]
            at = starts[place["line"] - 1] + len(before.encode())
            self.change[mutant["genre"], at].append((number[mutant["name"]], mutant["replacement"]))
        self.places = sorted(at for _, at in self.change)

    def text(self) -> str:
        tree = Parser(Language(tree_sitter_rust.language())).parse(self.source)
        return self.of(tree.root_node)

    def of(self, node: Node) -> str:
        """Text of a node with the changes in it."""
        if not any(node.start_byte <= at < node.end_byte for at in self.places) or node.type in (
            "const_item",
            "static_item",
        ):
            return self.source[node.start_byte : node.end_byte].decode()
        if (guard := self.take("MatchArmGuard", node.start_byte)) and self.is_guard(node):
            return f"({self.chosen(guard)} {{ {self.plain(node)} }})"
        return self.plain(node)

    def plain(self, node: Node) -> str:
        operator = node.child_by_field_name("operator")
        if node.type in ("binary_expression", "compound_assignment_expr") and operator is not None:
            changes = self.take("BinaryOperator", operator.start_byte)
            return self.binary(node, operator, changes) if changes else self.joined(node)
        if node.type == "unary_expression" and (changes := self.take("UnaryOperator", node.start_byte)):
            operand = self.of(node.children[-1])
            sign = self.source[node.start_byte : node.children[-1].start_byte].decode()
            return f"({self.chosen([(i, operand) for i, _ in changes])} {{ {sign}({operand}) }})"
        return self.joined(node)

    def joined(self, node: Node) -> str:
        parts, at = [], node.start_byte
        for child in node.children:
            parts.append(self.source[at : child.start_byte].decode())
            at = child.end_byte
            parts.append(self.body(child) if node.type == "function_item" and child.type == "block" else self.of(child))
        return "".join([*parts, self.source[at : node.end_byte].decode()])

    def body(self, block: Node) -> str:
        """Body of a function that may end at once."""
        first = next((child for child in block.children[1:-1] if "comment" not in child.type), None)
        changes = self.take("FnValue", first.start_byte) if first is not None else []
        text = self.joined(block)
        ends = "".join(f"\nif crate::mutated({i}) {{ return {value}; }}" for i, value in changes)
        return "{" + ends + "\n" + text[1:]

    def binary(self, node: Node, operator: Node, changes: list[tuple[int, str]]) -> str:
        sign = operator.text.decode() if operator.text else ""
        left, right = (self.of(child) for child in (node.children[0], node.children[-1]))
        if node.type == "compound_assignment_expr":
            return self.chosen([(i, f"{left} {s} {right}") for i, s in changes]) + f" {{ {left} {sign} {right} }}"
        if sign in LAZY:
            changed = self.chosen([(i, f"({left}) {s} ({right})") for i, s in changes])
            return f"({changed} {{ ({left}) {sign} ({right}) }})"
        mark, of = ("&", "*") if sign in COMPARED else ("", "")
        changed = self.chosen([(i, f"{of}l {s} {of}r") for i, s in changes])
        return f"({{ let (l, r) = ({mark}({left}), {mark}({right})); {changed} {{ {of}l {sign} {of}r }} }})"

    def chosen(self, changes: list[tuple[int, str]]) -> str:
        return "".join(f"if crate::mutated({i}) {{ {text} }} else " for i, text in changes)

    def take(self, genre: str, at: int) -> list[tuple[int, str]]:
        changes = self.change.get((genre, at), [])
        self.used.update(i for i, _ in changes)
        return changes

    @staticmethod
    def is_guard(node: Node) -> bool:
        parent = node.parent
        return parent is not None and parent.type == "match_pattern" and parent.child_by_field_name("condition") == node


def _blamed(stage: Path, messages: list[dict[str, Any]]) -> set[int]:
    """Numbers of the mutants on the lines of errors."""
    found: set[int] = set()
    for message in messages:
        for span in message["spans"] if message["level"] == "error" else []:
            lines = (stage / span["file_name"]).read_text("utf-8").split("\n")
            text = "\n".join(lines[span["line_start"] - 1 : span["line_end"]])
            column = span["column_start"] - 1
            before = re.findall(r"mutated\((\d+)\)", text[:column])
            found.update(int(n) for n in before[-1:] or re.findall(r"mutated\((\d+)\)", text)[:1])
    return found


def _rendered(messages: list[dict[str, Any]]) -> str:
    errors = [m["message"] for m in messages if m["reason"] == "compiler-message"]
    return "\n".join(m["rendered"] for m in errors if m["level"] == "error")[:6000]
