"""Generated populations have real proportions at every size, and are the same on every run and machine."""

import hashlib
import json
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_sandbox import population
from github_sandbox.generate import Recipe, new_plan
from github_sandbox.model import Repository
from github_sandbox.population import SourceError, read_recipe
from github_sandbox.truth import truth
from github_sandbox.world.plan import Counts
from github_sandbox.world.quotas import draw
from github_sandbox.world.spread import COMMENTS, COMMITS, FILES, REVIEWS, THREADS, Shape, quota
from github_sandbox.world.stable import random_of
from tests.sandbox.world_checks import pulls_of, repository_of, world_of
from tests.support.examples import examples

SIZE = 20_000
KNOWN = "b4163001fb29ca389ac4868fd238aa04ed9ae50178caffb8d87ba39b83e4c5f2"  # of generate:40 with seed 7
# (median, mean) of real populations; a mean may be off by one part in twenty, a median not at all.
EXPECTED = {"reviews": (2, 3.0), "comments": (3, 4.6), "threads": (1, 3.0), "commits": (2, 3.5), "files": (4, 8.8)}


@pytest.fixture(scope="module", params=[500, SIZE])
def counts(request: pytest.FixtureRequest) -> Counts:
    return draw(request.param, random_of("test"))


@pytest.mark.parametrize("kind", EXPECTED)
def test_medians_and_means(counts: Counts, kind: str) -> None:
    median, mean = EXPECTED[kind]
    drawn = getattr(counts, kind)
    assert statistics.median(drawn) == median
    assert statistics.fmean(drawn) == pytest.approx(mean, rel=0.05)


def test_comments_in_threads(counts: Counts) -> None:
    assert len(counts.in_threads) == sum(counts.threads)
    assert statistics.fmean(counts.in_threads) == pytest.approx(1.84, rel=0.05)
    assert min(counts.in_threads) == 1


def test_one_in_sixty_renames_a_file(counts: Counts) -> None:
    assert sum(counts.renamed) / len(counts.renamed) == pytest.approx(0.016, rel=0.05)


def test_what_is_drawn_is_the_quota(counts: Counts) -> None:
    for drawn, shape in ((counts.reviews, REVIEWS), (counts.comments, COMMENTS), (counts.threads, THREADS),
                         (counts.commits, COMMITS), (counts.files, FILES)):  # fmt: skip
        assert sorted(drawn) == quota(shape, len(drawn)) != drawn


def test_tails_are_heavy() -> None:
    files = quota(FILES, 100_000)
    assert sum(each > 100 for each in files) / 100_000 == pytest.approx(0.0058, rel=0.05)
    assert max(files) > 1_000
    assert all(max(quota(shape, 100_000)) > 100 for shape in (REVIEWS, COMMENTS, THREADS, COMMITS))


def test_threads_stand_where_reviews_are(counts: Counts) -> None:
    assert not any(threads and not reviews for threads, reviews in zip(counts.threads, counts.reviews, strict=True))


def test_means_of_children_as_made() -> None:
    """The children that are served, not only the plan, have the proportions."""
    pulls = pulls_of(repository_of(world_of("a/b=generate:600"), "a", "b"))
    names = {
        "reviews": "reviews",
        "comments": "comments",
        "reviewThreads": "threads",
        "commits": "commits",
        "files": "files",
    }
    for connection, kind in names.items():
        made = [len(each.connection(connection)) for each in pulls]
        assert statistics.median(made) == EXPECTED[kind][0]
        assert statistics.mean(made) == pytest.approx(EXPECTED[kind][1], rel=0.05)
    renamed = [any(x["changeType"] == "RENAMED" for x in each.connection("files")) for each in pulls]
    assert sum(renamed) / len(pulls) == pytest.approx(0.016, rel=0.05)
    spoken = [sum(1 for _ in each.review_comments_of_all()) for each in pulls]
    threads = sum(len(each.connection("reviewThreads")) for each in pulls)
    assert sum(spoken) / threads == pytest.approx(1.84, rel=0.05)


def test_options_change_the_means() -> None:
    plan = new_plan(Recipe(2_000, threads=6.0, renames=0.1), "test")
    assert statistics.mean(plan.counts.threads) == pytest.approx(6.0, rel=0.01)
    assert sum(plan.counts.renamed) == 200


def test_no_threads_at_all() -> None:
    plan = new_plan(Recipe(100, threads=0.0), "test")
    assert sum(plan.counts.threads) == 0


@settings(max_examples=examples(30))
@given(st.integers(0, 3_000), st.floats(0.5, 50), st.floats(0.3, 1.4), st.integers(0, 1))
@pytest.mark.no_cover  # the same lines again and again
def test_a_quota_has_its_size_and_its_mean(size: int, mean: float, sigma: float, least: int) -> None:
    drawn = quota(Shape(mean + least, sigma, least), size)
    assert len(drawn) == size
    assert drawn == sorted(drawn)
    assert min(drawn, default=least) >= least
    if size >= 500:
        assert sum(drawn) / size == pytest.approx(mean + least, rel=0.05)


def _digest(repository: Repository) -> str:
    rows = truth(repository.world, repository.owner, repository.name)
    return hashlib.sha256(b"\n".join(json.dumps(row).encode() for row in rows)).hexdigest()


def test_the_same_seed_gives_the_same_world_on_every_machine() -> None:
    first, again, other = (
        _digest(repository_of(world_of("a/b=generate:40", seed=seed), "a", "b")) for seed in (7, 7, 8)
    )
    assert first == again != other
    assert first == KNOWN


def test_a_pull_request_is_the_same_whenever_it_is_made() -> None:
    forward = repository_of(world_of("a/b=generate:30"), "a", "b")
    backward = repository_of(world_of("a/b=generate:30"), "a", "b")
    for number in reversed(list(backward.pulls.numbers())):
        pull = backward.pulls.by_number(number)
        assert pull is not None
        pull.connection("files")
    assert _digest(forward) == _digest(backward)


def test_a_large_population_is_made_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "SMALL", 100)
    monkeypatch.setattr(population, "CACHED", 20)
    world = world_of("a/b=generate:150")
    repository = repository_of(world, "a", "b")
    assert not list(repository.pulls.materialised())
    assert len(repository.pulls.keys("UPDATED_AT")) == 150
    assert not list(repository.pulls.materialised())
    assert repository.pulls.prebuild() == 150
    assert len(list(repository.pulls.materialised())) == 20


@pytest.mark.parametrize(
    "source",
    [
        "generate:", "generate:-1", "generate:1e3", "generate:2000000", "generate:5,", "generate:5,threads",
        "generate:5,threads=x", "generate:5,threads=-1", "generate:5,renames=2", "generate:5,threads=nan",
        "generate:5,until=soon", "generate:5,colour=red", "generate:5,threads=1,threads=2", "generate:٣",
    ],
)  # fmt: skip
def test_what_cannot_be_generated_is_refused_in_one_sentence(source: str) -> None:
    with pytest.raises(SourceError) as refused:
        read_recipe(source)
    assert "\n" not in str(refused.value)
    assert repr(source) in str(refused.value)


def test_a_recipe_is_read() -> None:
    assert read_recipe("generate:5,threads=1.5,renames=0.5,until=2020-02-29") == Recipe(5, 1.5, 0.5, "2020-02-29")
    assert read_recipe("generate:0") == Recipe(0)
