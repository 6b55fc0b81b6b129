"""The reference pages name everything that the code can say."""

from typing import get_args

from progressive_capture.github import outcomes
from progressive_capture.github.graphql_answer import HEAVY_TEXTS, HEAVY_TYPES
from progressive_capture.github.limits import PRIMARY_TYPES
from progressive_capture.github.outcomes import DeniedReason, Failure, Page, Partial, ThrottleKind
from tests.conftest import ROOT


def test_every_outcome_and_reason_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "github-outcomes.md").read_text(encoding="utf-8")
    names = [kind.__name__ for kind in (Page, Partial, *get_args(Failure))]
    assert len(names) == 9
    words = [*names, *ThrottleKind, *DeniedReason, *HEAVY_TYPES, *PRIMARY_TYPES]
    assert [word for word in words if f"`{word}`" not in page] == []
    assert [text for text in HEAVY_TEXTS if text not in page] == []
    assert outcomes.__doc__
