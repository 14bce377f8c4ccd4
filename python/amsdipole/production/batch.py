"""Array jobs of batch farms, one shard a task, for a site to edit."""

import shlex

__all__ = ["htcondor_job", "slurm_job"]

_SLURM = """\
#!/bin/sh
# An array job of {n} tasks for Slurm: sbatch THIS_FILE. Edit what your site asks for; all nodes must see the folders.
# Where an array may not be as long (scontrol show config: MaxArraySize), submit parts of it:
#   OFFSET=1000 sbatch --array=0-999 THIS_FILE
#SBATCH --job-name=amsdipole
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --output=amsdipole-%A_%a.log
##SBATCH --account=ACCOUNT
##SBATCH --partition=PARTITION

# A task that is done again leaves the same bytes. Exit code 6: the shard is set aside, 7: reading or writing failed.
exec amsdipole work {plan} --folder {folder} --shard "$((${{OFFSET:-0}} + SLURM_ARRAY_TASK_ID))/{n}" --threads 1 --quiet

# When all have ended, whatever came of them (sbatch --dependency=afterany:JOB):
#   amsdipole status {plan} --folder {folder}
#   amsdipole merge {plan} --folder {folder}
"""

_HTCONDOR = """\
# {n} tasks for HTCondor: condor_submit THIS_FILE. Edit what your site asks for; folders must be seen by all machines.
universe                = vanilla
executable              = /usr/bin/env
arguments               = {arguments}
getenv                  = True
should_transfer_files   = NO
request_cpus            = 1
request_memory          = 4GB
# Exit code 6: the shard is set aside, trying again would not help. 7: reading or writing failed.
max_retries             = 3
retry_until             = ExitCode == 6
output                  = amsdipole-$(Cluster)_$(Process).log
error                   = amsdipole-$(Cluster)_$(Process).log
log                     = amsdipole-$(Cluster).log
queue {n}

# When all have ended, whatever came of them:
#   amsdipole status {plan} --folder {folder}
#   amsdipole merge {plan} --folder {folder}
"""


def slurm_job(plan: str, folder: str, n_shard: int) -> str:
    """Write the script of an array job for Slurm.

    Parameters
    ----------
    plan : str
        The plan, as all nodes see it.
    folder : str
        Where results of shards go.
    n_shard : int
        Number of shards of the plan.

    Returns
    -------
    str
        A script that sbatch takes.
    """
    return _SLURM.format(n=n_shard, last=n_shard - 1, plan=shlex.quote(plan), folder=shlex.quote(folder))


def htcondor_job(plan: str, folder: str, n_shard: int) -> str:
    """Write the description of an array job for HTCondor.

    Parameters
    ----------
    plan : str
        The plan, as all machines see it.
    folder : str
        Where results of shards go.
    n_shard : int
        Number of shards of the plan.

    Returns
    -------
    str
        A description that condor_submit takes.
    """
    words = ["amsdipole", "work", plan, "--folder", folder, "--shard", f"$(Process)/{n_shard}", "--threads", "1", "-q"]
    arguments = " ".join(_condor_word(word) for word in words)
    return _HTCONDOR.format(n=n_shard, arguments=f'"{arguments}"', plan=shlex.quote(plan), folder=shlex.quote(folder))


def _condor_word(word: str) -> str:
    """Quote a word within double quotes: single quotes hold spaces, and either quote is doubled."""
    quoted = word.replace('"', '""')
    return quoted if word and not set(word) & set(" \t'") else "'" + quoted.replace("'", "''") + "'"
