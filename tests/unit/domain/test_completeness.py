"""The judgement on counts."""

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.completeness import READS_BEFORE_SHORT, judge
from progressive_capture.domain.kinds import Proof, State

COUNTS = st.integers(0, 50)


@given(expected=st.none() | COUNTS, stored=COUNTS, proof=st.sampled_from(Proof), reads=st.integers(0, 3))
def test_a_broken_answer_is_never_complete(expected: int | None, stored: int, proof: Proof, reads: int) -> None:
    """Whatever the counts say, an error inside a connection leaves a gap, unless the API cannot give the kind."""
    state = judge(expected=expected, stored=stored, proof=proof, broken=True, truncated=False, reads=reads).state
    assert state is (State.UNAVAILABLE if proof is Proof.UNAVAILABLE else State.GAP)


@given(expected=COUNTS, stored=COUNTS, truncated=st.booleans(), reads=st.integers(0, 3))
def test_complete_means_equal(expected: int, stored: int, truncated: bool, reads: int) -> None:  # noqa: FBT001 - Hypothesis passes it by name
    """Only equal counts are complete; more than GitHub counts is a gap for ever, less becomes short in the end."""
    verdict = judge(expected=expected, stored=stored, proof=Proof.TOTAL, broken=False, truncated=truncated, reads=reads)
    if truncated:
        assert verdict.state is State.TRUNCATED
    elif stored == expected:
        assert verdict == (State.COMPLETE, 0)
    elif stored > expected:
        assert verdict.state is State.GAP
    else:
        assert verdict.state is (State.SHORT if reads + 1 >= READS_BEFORE_SHORT else State.GAP)


def test_the_end_of_a_list_without_a_count_is_its_proof() -> None:
    """Where REST gives no total, no next page says that all was seen."""
    verdict = judge(expected=None, stored=7, proof=Proof.END_OF_LIST, broken=False, truncated=False, reads=0)
    assert verdict.state is State.COMPLETE
