"""Results as files, tables and figures."""

from amsdipole.report.figures import rho_against_energy
from amsdipole.report.folder import check_output
from amsdipole.report.result import Provenance, RangeResult, Result, write_result
from amsdipole.report.text import result_table

__all__ = [
    "Provenance",
    "RangeResult",
    "Result",
    "check_output",
    "result_table",
    "rho_against_energy",
    "write_result",
]
