"""Production on many machines: a plan, shards that are pure functions of it, and an exact merge."""

from amsdipole.production.batch import htcondor_job, slurm_job
from amsdipole.production.engine import ShardFailure, attempt, run_shards
from amsdipole.production.engines import Engine, EngineName, open_engine
from amsdipole.production.in_order import in_order
from amsdipole.production.input_files import InputFile, check_unchanged, input_file
from amsdipole.production.plan import Plan, Shard, read_plan, write_plan
from amsdipole.production.shard_file import ShardSums, read_shard, shard_name, write_shard
from amsdipole.production.status import ShardState, shard_states
from amsdipole.production.stopping import check_stopped
from amsdipole.production.sums import axes_of, axes_sums, counts_of, counts_sums

__all__ = [
    "Engine",
    "EngineName",
    "InputFile",
    "Plan",
    "Shard",
    "ShardFailure",
    "ShardState",
    "ShardSums",
    "attempt",
    "axes_of",
    "axes_sums",
    "check_stopped",
    "check_unchanged",
    "counts_of",
    "counts_sums",
    "htcondor_job",
    "in_order",
    "input_file",
    "open_engine",
    "read_plan",
    "read_shard",
    "run_shards",
    "shard_name",
    "shard_states",
    "slurm_job",
    "write_plan",
    "write_shard",
]
