"""Page sizes: the price model's arithmetic, and how answers correct it."""

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.kinds import INDEX_KINDS, Kind
from progressive_capture.domain.planning import GROW_AFTER, Operation, PageSize, PriceModel, Sizes

ALL = frozenset(Kind)


def points(lookups: int) -> int:
    """GitHub's documented price: look-ups divided by 100, to the nearest whole number, at least 1."""
    return max(1, (lookups + 50) // 100)


def points_rounded_up(lookups: int) -> int:
    """The price were GitHub to round up."""
    return max(1, -(-lookups // 100))


def test_full_pages_cost_one_point_and_one_item_more_would_cost_two() -> None:
    """Sizes are the largest that one point buys, by GitHub's documented formula."""
    sizes = Sizes(kinds=ALL)
    hydrate, index, numbers = (sizes.size(op) for op in (Operation.HYDRATE, Operation.INDEX, Operation.NUMBERS))
    assert (hydrate, index, numbers, sizes.size(Operation.FOLLOW_UP)) == (29, 49, 49, 149)
    assert points(hydrate * 5) == 1
    assert points((hydrate + 1) * 5) == 2
    assert points(1 + index * 3) == 1
    assert points(1 + (index + 1) * 3) == 2


@given(kinds=st.sets(st.sampled_from(sorted(ALL - INDEX_KINDS)), min_size=1))
def test_fewer_kinds_make_larger_pages_still_of_one_point(kinds: set[Kind]) -> None:
    """Every choice of kinds fills a point, up to the hundred ids that one list takes."""
    sizes = Sizes(kinds=frozenset(kinds))
    size = sizes.size(Operation.HYDRATE)
    assert points(size * sizes.connections) == 1
    assert size == 100 or points((size + 1) * sizes.connections) == 2


def test_review_comments_alone_still_need_their_threads() -> None:
    """Thread comments hang below threads, so asking for them costs the threads' connection."""
    assert Sizes(kinds=frozenset({Kind.REVIEW_COMMENTS})).connections == 1
    assert Sizes(kinds=frozenset({Kind.REVIEW_COMMENTS, Kind.REVIEW_THREADS})).connections == 1


def test_a_reported_cost_of_two_turns_the_model_to_rounding_up_and_a_cheaper_one_back() -> None:
    """The cost that an answer reports corrects the model at once, both ways."""
    sizes = Sizes(kinds=ALL)
    sizes.succeeded(Operation.HYDRATE, 145, points_rounded_up(145))
    assert sizes.size(Operation.HYDRATE) == 20
    assert points_rounded_up(20 * sizes.connections) == 1
    assert sizes.size(Operation.FOLLOW_UP) == 100
    sizes.succeeded(Operation.HYDRATE, 145, 1)
    assert sizes.size(Operation.HYDRATE) == 29


@given(lookups=st.integers(0, 100) | st.integers(150, 1_000), cost=st.integers(0, 9) | st.none())
def test_queries_that_cannot_tell_the_roundings_apart_teach_nothing(lookups: int, cost: int | None) -> None:
    """Up to 100 look-ups cost a point either way; beyond 149 both cost more."""
    prices = PriceModel()
    prices.observe(lookups, cost)
    assert prices.lookups == PriceModel().lookups
    prices.observe(120, None)
    assert prices.lookups == PriceModel().lookups


@given(st.lists(st.booleans(), max_size=120), st.integers(1, 149))
def test_a_page_that_was_too_heavy_is_never_asked_for_again_at_once(answers: list[bool], ceiling: int) -> None:
    """After a refusal the next size is at most half of it, and sizes stay within their bounds."""
    page = PageSize(allowed=ceiling)
    for good in answers:
        asked = page.current(ceiling)
        assert 1 <= asked <= ceiling
        if good:
            page.succeeded(ceiling)
            assert page.current(ceiling) >= asked
        else:
            page.too_heavy(asked)
            assert page.current(ceiling) == max(1, asked // 2)


def test_a_shrunken_page_grows_back_slowly_and_stops_once_below_what_was_refused() -> None:
    """Growth needs good answers in a row, and meets a refused size only after stopping short of it once."""
    page = PageSize(allowed=29)
    page.too_heavy(29)
    seen = []
    for _ in range(GROW_AFTER * 8):
        page.succeeded(29)
        seen.append(page.current(29))
    assert seen[: GROW_AFTER - 1] == [14] * (GROW_AFTER - 1)
    assert 28 in seen
    assert seen[-1] == 29
    assert page.good == 0


def test_shrunken_sizes_are_remembered_and_full_ones_forgotten() -> None:
    """What is remembered of one capture is where the next begins."""
    first = Sizes(kinds=ALL)
    first.size(Operation.HYDRATE)
    first.too_heavy(Operation.FOLLOW_UP, 149)
    remembered = first.remembered()
    assert remembered == {"hydrate": 0, "follow-up": 74}
    second = Sizes(kinds=ALL)
    second.restore(remembered)
    assert second.size(Operation.FOLLOW_UP) == 74
    assert second.size(Operation.HYDRATE) == 29
