"""What hydrated pull requests are owed, against a small model of GitHub's paging."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.capture.checkpoint import Again, Checkpoint, Pending, decode_checkpoint, encode
from progressive_capture.capture.ledger import Absorbed, Ledger
from progressive_capture.domain.kinds import CONNECTIONS, FILES_CAP, HYDRATE_KINDS, Kind, Proof, Source
from progressive_capture.domain.records import FileRow, PullRequestRow, Reading, Records, ReviewThreadRow, Target
from progressive_capture.github.results import HydratePage

GENERATION = "2026-01-01T00:00:00.000000Z"
PAGE = 3


@dataclass(frozen=True)
class Pull:
    """How long the lists of one pull request are, and how many comments each of its threads has."""

    lists: dict[Kind, int]
    threads: tuple[int, ...]
    renames: bool


pulls = st.builds(
    Pull,
    lists=st.fixed_dictionaries({kind: st.integers(0, 8) for kind in CONNECTIONS if kind is not Kind.REVIEW_THREADS}),
    threads=st.lists(st.integers(0, 8), max_size=8).map(tuple),
    renames=st.booleans(),
)


def pull_row(number: int, changed_files: int = 0) -> PullRequestRow:
    """A pull request of which only the identity and the size matter."""
    blank = dict.fromkeys(PullRequestRow._fields)
    return PullRequestRow(**{**blank, "id": number, "number": number, "changed_files": changed_files})  # type: ignore[arg-type]  # blanks


def thread_row(number: int, index: int) -> ReviewThreadRow:
    """A thread of which only the identity matters."""
    blank = dict.fromkeys(ReviewThreadRow._fields)
    return ReviewThreadRow(**{**blank, "node_id": f"T{number}.{index}", "pull_request_id": number})  # type: ignore[arg-type]  # blanks


def hydrated(records: Records, readings: list[Reading]) -> HydratePage:
    """A page of hydrated pull requests, read by GraphQL."""
    return HydratePage(records, readings, [], GENERATION, Source.GRAPHQL)


class Model:
    """Answers look-ups as GitHub does: pages of three, a cursor while more is there."""

    def __init__(self, population: list[Pull]) -> None:
        self.population = dict(enumerate(population, start=1))
        self.asked: Counter[tuple[str, Kind, str | None]] = Counter()

    def total(self, number: int, kind: Kind, node: str) -> int:
        pull = self.population[number]
        if kind is Kind.REVIEW_COMMENTS:
            return pull.threads[int(node.rsplit(".", 1)[1])]
        return len(pull.threads) if kind is Kind.REVIEW_THREADS else pull.lists[kind]

    def page(self, number: int, kind: Kind, node: str, cursor: str | None, records: Records) -> Reading:
        self.asked[node, kind, cursor] += 1
        total, begin = self.total(number, kind, node), int(cursor or 0)
        end = min(begin + PAGE, total)
        if kind is Kind.REVIEW_THREADS:
            records.pr_review_threads.extend(thread_row(number, index) for index in range(begin, end))
        if kind is Kind.FILES and self.population[number].renames and begin < total <= end:
            records.pr_files.append(FileRow(number, "a", None, "renamed", 0, 0, None, None))
        return Reading(number, kind, node, total, end - begin, str(end) if end < total else None, Proof.TOTAL)

    def hydrate(self, kinds: frozenset[Kind]) -> tuple[list[Target], HydratePage]:
        records, readings = Records(), []
        asked = set(kinds) | ({Kind.REVIEW_THREADS} if Kind.REVIEW_COMMENTS in kinds else set())
        for number in self.population:
            records.pull_requests.append(pull_row(number))
            readings += [self.page(number, kind, f"P{number}", None, records) for kind in CONNECTIONS if kind in asked]
        return [Target(number, f"P{number}", number) for number in self.population], hydrated(records, readings)

    def follow_up(self, batch: list[Pending]) -> tuple[Records, list[Reading]]:
        records = Records()
        return records, [self.page(owed.number, owed.kind, owed.node_id, owed.cursor, records) for owed in batch]


def run(model: Model, ledger: Ledger, batch_size: int) -> Absorbed:
    """Hydrate everything, then pay what is owed; all that was closed on the way."""
    everything = ledger.hydrated(*model.hydrate(ledger.kinds), {})
    while ledger.pending or ledger.details:
        again = Ledger(ledger.kinds, details_wanted=ledger.details_wanted, patches=ledger.patches)
        again.restore(ledger.snapshot(0))
        ledger = again
        if ledger.details:
            absorbed = ledger.detailed(ledger.details[0], failed=False)
        else:
            batch = ledger.pending[:batch_size]
            records, readings = model.follow_up(batch)
            absorbed = ledger.followed(batch, records, readings)
        everything.closings += absorbed.closings
    assert not +ledger.open
    return everything


@given(
    st.lists(pulls, min_size=1, max_size=4),
    st.sets(st.sampled_from(sorted(HYDRATE_KINDS)), min_size=1).map(frozenset),
    st.integers(1, 9),
    st.booleans(),
)
def test_every_kind_of_every_pull_request_closes_once_after_its_whole_list_was_asked_for(
    population: list[Pull],
    kinds: frozenset[Kind],
    batch_size: int,
    details: bool,  # noqa: FBT001 - Hypothesis passes it
) -> None:
    """Whatever the lengths, the kinds, the batches and restarts in between: nothing is left owed, or asked twice."""
    model = Model(population)
    ledger = Ledger(kinds, details_wanted=details, patches=False)
    everything = run(model, ledger, batch_size)
    asked = set(kinds) | ({Kind.REVIEW_THREADS} if Kind.REVIEW_COMMENTS in kinds else set())
    closed = Counter((closing.pull_request_id, closing.kind) for closing in everything.closings)
    assert closed == Counter((number, kind) for number in model.population for kind in asked)
    assert set(model.asked.values()) <= {1}
    for closing in everything.closings:
        pull = model.population[closing.number]
        if closing.kind is Kind.REVIEW_COMMENTS:
            assert closing.expected is None or closing.expected == closing.seen == sum(pull.threads) == 0
        else:
            assert closing.expected == model.total(closing.number, closing.kind, "")
            assert closing.seen in {None, closing.expected}


def test_a_broken_page_leaves_its_kind_broken_though_the_count_may_fit() -> None:
    """An error inside any page of a list is remembered until the list is closed, also over a restart."""
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 5), (), renames=False)])
    ledger = Ledger(frozenset({Kind.REVIEWS}), details_wanted=False, patches=False)
    targets, page = model.hydrate(ledger.kinds)
    ledger.hydrated(targets, hydrated(page.records, [page.readings[0]._replace(broken=True)]), {})
    ledger.restore(ledger.snapshot(0))
    batch = list(ledger.pending)
    [closing] = ledger.followed(batch, *model.follow_up(batch)).closings
    assert closing.broken


def test_a_look_up_that_keeps_failing_ends_as_broken() -> None:
    """It is asked for again once, and then given up for this reading."""
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 5), (), renames=False)])
    ledger = Ledger(frozenset({Kind.COMMITS}), details_wanted=False, patches=False)
    ledger.hydrated(*model.hydrate(ledger.kinds), {})
    assert not ledger.followed(list(ledger.pending), Records(), []).closings
    [closing] = ledger.followed(list(ledger.pending), Records(), []).closings
    assert closing.broken
    assert not ledger.pending


def test_more_files_than_github_lists_are_truncated_with_the_true_number() -> None:
    """The pull request's own count stays the expectation when the list's count is capped."""
    ledger = Ledger(frozenset({Kind.FILES}), details_wanted=False, patches=False)
    records = Records(pull_requests=[pull_row(1, changed_files=FILES_CAP + 5)])
    reading = Reading(1, Kind.FILES, "P1", FILES_CAP, 100, None, Proof.TOTAL)
    [closing] = ledger.hydrated([Target(1, "P1", 1)], hydrated(records, [reading]), {}).closings
    assert (closing.expected, closing.truncated) == (FILES_CAP + 5, True)


def test_a_superseded_pull_request_is_owed_nothing() -> None:
    """Somebody stored a newer reading: its look-ups are dropped with all that was known of them."""
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 5), (1, 1), renames=True)] * 2)
    ledger = Ledger(HYDRATE_KINDS, details_wanted=True, patches=True)
    ledger.hydrated(*model.hydrate(ledger.kinds), {})
    ledger.drop({1: GENERATION, 2: "another"})
    assert {owed.pull_request_id for owed in ledger.pending} == {2}
    assert all(key[0] == 2 for key in ledger.open)
    ledger.drop({})
    assert ledger.pending


def test_each_reading_knows_how_it_is_read_once_more() -> None:
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 5), (1,), renames=False)] * 2)
    ledger = Ledger(HYDRATE_KINDS, details_wanted=False, patches=False)
    absorbed = ledger.hydrated(*model.hydrate(ledger.kinds), {2: Again(2, 1)})
    assert absorbed.overtaken == {1: Again(1, 1), 2: Again(2, 2)}
    assert ledger.followed(ledger.pending, Records(), []).overtaken == absorbed.overtaken


def test_rest_replaces_all_look_ups_owed_to_a_kind() -> None:
    """A whole list from REST pays for every page that GraphQL still owed."""
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 0), (2, 2), renames=False)])
    ledger = Ledger(frozenset({Kind.REVIEW_COMMENTS}), details_wanted=False, patches=False)
    ledger.hydrated(*model.hydrate(ledger.kinds), {})
    reading = Reading(1, Kind.REVIEW_COMMENTS, "P1", None, 4, None, Proof.END_OF_LIST)
    [closing] = ledger.replaced(ledger.pending[0], [reading]).closings
    assert (closing.kind, closing.proof) == (Kind.REVIEW_COMMENTS, Proof.END_OF_LIST)
    assert closing.lacks_columns
    assert not ledger.pending
    assert not +ledger.open


def test_comments_that_rest_stood_in_for_stay_so_when_further_threads_close_them() -> None:
    """They end with the threads, whose comments GraphQL gives, and a checkpoint between knows of it."""
    threads = Pending(1, 1, "P1", Kind.REVIEW_THREADS, "c1", "2026-01-01T00:00:00.000000Z")
    comments = Pending(1, 1, "T1", Kind.REVIEW_COMMENTS, None, threads.generation, owner_node_id="P1")
    ledger = Ledger(HYDRATE_KINDS, details_wanted=False, patches=False)
    ledger.restore(Checkpoint(pending=[comments, threads]))
    whole = Reading(1, Kind.REVIEW_COMMENTS, "P1", None, 4, None, Proof.END_OF_LIST)
    assert not ledger.replaced(comments, [whole]).closings
    ledger.restore(decode_checkpoint(encode(ledger.snapshot(1))))
    page = Reading(1, Kind.REVIEW_THREADS, "P1", 9, 1, "c2", Proof.TOTAL)
    assert not ledger.followed(ledger.pending, Records(), [page]).closings
    last = page._replace(cursor=None)
    closings = ledger.followed(ledger.pending, Records(), [last]).closings
    assert {closing.kind: closing.lacks_columns for closing in closings} == {
        Kind.REVIEW_THREADS: False,
        Kind.REVIEW_COMMENTS: True,
    }


def test_files_that_rest_keeps_refusing_end_as_broken() -> None:
    """Two failures of the details, and the kind is left as a gap."""
    model = Model([Pull(dict.fromkeys(CONNECTIONS, 2), (), renames=True)])
    ledger = Ledger(frozenset({Kind.FILES}), details_wanted=True, patches=False)
    ledger.hydrated(*model.hydrate(ledger.kinds), {})
    assert not ledger.detailed(ledger.details[0], failed=True).closings
    [closing] = ledger.detailed(ledger.details[0], failed=True).closings
    assert closing.broken
