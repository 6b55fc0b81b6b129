"""Issues that fill the gaps between pull request numbers; a few have comments, so that REST mixes both kinds."""

from bisect import bisect_left

from github_sandbox.world import text
from github_sandbox.world.cast import Cast
from github_sandbox.world.conversation import new_issue_comment
from github_sandbox.world.plan import Plan
from github_sandbox.world.pull_records import new_issue
from github_sandbox.world.records import Record, iso
from github_sandbox.world.repository import Repository, has_comments
from github_sandbox.world.stable import random_of

_COMMENTS = 2
_DAY = 86_400


class Issues:
    """Makes the issue with a given number; the same at every call."""

    def __init__(self, plan: Plan, cast: Cast, first_comment: int) -> None:
        self._plan = plan
        self._cast = cast
        self._first_comment = first_comment

    @staticmethod
    def comments_up_to(number: int) -> int:
        """How many comment ids issues up to `number` may take."""
        return (number + 1) * _COMMENTS

    def __call__(self, repository: Repository, number: int) -> Record:
        """Make issue `number` of `repository`."""
        rng = random_of(self._plan.key, number, "issue")
        place = bisect_left(self._plan.numbers, number)
        timings = self._plan.timings
        created = timings[min(place, len(timings) - 1)].created if timings else 0
        title, body = text.title(rng), text.prose(rng, 0, 800)
        database_id = repository.issue_base + number
        issue = new_issue(
            repository.record,
            number,
            database_id,
            title=title,
            body=body,
            by=self._cast.anyone(rng),
            stamp=iso(created),
        )
        if has_comments(number):
            first = self._first_comment + number * _COMMENTS
            for k in range(_COMMENTS):
                author, stamp = self._cast.anyone(rng), iso(created + (k + 1) * 600)
                comment = new_issue_comment(issue, first + k, author, stamp, body=text.prose(rng, 10, 300))
                issue["_connections"]["comments"].append(comment)
                issue["updatedAt"] = stamp
        return issue
