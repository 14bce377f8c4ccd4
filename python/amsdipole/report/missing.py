"""What a result says of shards that were left out of it."""

from typing import Any

__all__ = ["missing_cards", "missing_lines"]


def missing_lines(document: dict[str, Any]) -> list[str]:
    """Say what is missing.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    list of str
        Lines of text; none where nothing is missing, or where the result is older than this key.
    """
    found = document.get("missing")
    if found is None:
        return []
    share = 100.0 * found["n_event"] / found["n_event_planned"]
    time = 100.0 * found["total_s"] / found["total_s_planned"]
    events = f"{found['n_event']:,} events ({share:.3g} %)"
    live = f"{found['live_s_at_the_mean_share']:,.0f} s live"
    seconds = f"{found['total_s']:,.0f} s of the mission ({time:.3g} %, about {live})"
    return [
        f"INCOMPLETE: {found['n_shard']:,} of {found['n_shard_planned']:,} shards are missing: {events}, {seconds}.",
        "Where events are missing and their exposure is not, or the reverse, the dipole may be biased.",
    ]


def missing_cards(missing: dict[str, Any]) -> dict[str, str | int | float]:
    """Give cards of a FITS header that say what is missing: shards, events, seconds, and about how many live."""
    return {
        "MISSHARD": missing["n_shard"],
        "MISEVENT": missing["n_event"],
        "MISSEC": missing["total_s"],
        "MISLIVE": missing["live_s_at_the_mean_share"],
    }
