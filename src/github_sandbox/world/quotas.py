"""How many children each pull request of a population gets; the shapes themselves are in `spread`."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from github_sandbox.world.plan import Counts
from github_sandbox.world.spread import COMMENTS, COMMENTS_IN_THREAD, COMMITS, FILES, REVIEWS, THREADS, quota, shuffled

MEAN_THREADS: Final = THREADS.mean
MEAN_RENAMES: Final = 0.016


def draw(
    size: int,
    rng: Random,
    *,
    threads: float = MEAN_THREADS,
    renames: float = MEAN_RENAMES,
    commits: Sequence[int] | None = None,
    files: Sequence[int] | None = None,
) -> Counts:
    """Counts for `size` pull requests; `commits` and `files` are drawn too unless they are known."""
    reviews, in_rank = quota(REVIEWS, size), _threads_by_rank(size, threads, rng)
    pairs = shuffled(list(zip(reviews, in_rank, strict=True)), rng)
    renamed = round(size * renames)
    return Counts(
        reviews=[pair[0] for pair in pairs],
        threads=[pair[1] for pair in pairs],
        comments=shuffled(quota(COMMENTS, size), rng),
        commits=list(commits) if commits is not None else shuffled(quota(COMMITS, size), rng),
        files=list(files) if files is not None else shuffled(quota(FILES, size), rng),
        in_threads=shuffled(quota(COMMENTS_IN_THREAD, sum(in_rank)), rng),
        renamed=shuffled([place < renamed for place in range(size)], rng),
    )


def _threads_by_rank(size: int, mean: float, rng: Random) -> list[int]:
    """Thread counts to stand beside ascending review counts: without reviews there are no threads, if it can be."""
    threads = quota(replace(THREADS, mean=mean), size)
    silent = sum(each == 0 for each in quota(REVIEWS, size))
    return threads[:silent] + shuffled(threads[silent:], rng)
