"""The forms of REST answers as typed structures, named as GitHub names them; rows are made of them elsewhere.

Fields that older servers or newer API versions leave out have defaults.
"""

import msgspec


class Body(msgspec.Struct, gc=False):
    """The base of all forms."""


class User(Body):
    """Whoever did something; `{}` stands for nobody in commits."""

    login: str = ""
    id: int | None = None
    node_id: str = ""
    type: str = "User"


class Team(Body):
    """A team asked for a review."""

    id: int
    slug: str


class Label(Body):
    """A label."""

    node_id: str
    name: str
    color: str = ""
    description: str | None = None


class Milestone(Body):
    """A milestone."""

    number: int
    node_id: str
    title: str
    state: str
    created_at: str
    updated_at: str
    description: str | None = None
    due_on: str | None = None
    closed_at: str | None = None


class HeadRepository(Body):
    """A repository that a branch lives in."""

    id: int
    full_name: str


class Branch(Body):
    """One side of a pull request."""

    ref: str
    sha: str
    user: User | None = None
    repo: HeadRepository | None = None


class ListedPullRequest(Body, kw_only=True):
    """A pull request in the list. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests ."""

    id: int
    node_id: str
    number: int
    state: str
    created_at: str
    updated_at: str
    merged_at: str | None = None
    labels: list[Label] = []
    assignees: list[User] | None = None
    requested_reviewers: list[User] | None = None
    requested_teams: list[Team] | None = None


class PullRequest(ListedPullRequest, kw_only=True):
    """A pull request by itself. https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request ."""

    title: str
    body: str | None = None
    draft: bool = False
    locked: bool = False
    active_lock_reason: str | None = None
    user: User | None = None
    author_association: str
    closed_at: str | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    additions: int
    deletions: int
    changed_files: int
    commits: int
    comments: int
    review_comments: int
    base: Branch
    head: Branch
    milestone: Milestone | None = None
    html_url: str


class Review(Body, kw_only=True):
    """A review. https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request ."""

    id: int
    node_id: str
    user: User | None = None
    author_association: str = "NONE"
    state: str
    body: str | None = None
    submitted_at: str | None = None
    commit_id: str | None = None
    html_url: str


class ReviewComment(Body, kw_only=True):
    """A review comment. https://docs.github.com/en/rest/pulls/comments#list-review-comments-on-a-pull-request ."""

    id: int
    node_id: str
    user: User | None = None
    author_association: str = "NONE"
    pull_request_review_id: int | None = None
    in_reply_to_id: int | None = None
    body: str | None = None
    path: str
    diff_hunk: str = ""
    line: int | None = None
    start_line: int | None = None
    original_line: int | None = None
    original_start_line: int | None = None
    side: str | None = None
    start_side: str | None = None
    subject_type: str = "line"
    commit_id: str | None = None
    original_commit_id: str | None = None
    created_at: str
    updated_at: str
    html_url: str


class ReplyMark(Body):
    """A review comment of which only its place in a thread matters."""

    in_reply_to_id: int | None = None


class IssueComment(Body, kw_only=True):
    """An issue comment. https://docs.github.com/en/rest/issues/comments#list-issue-comments ."""

    id: int
    node_id: str
    user: User | None = None
    author_association: str = "NONE"
    body: str | None = None
    created_at: str
    updated_at: str
    html_url: str


class Signature(Body):
    """Who signed a commit, as git has it."""

    date: str | None = None
    name: str | None = None
    email: str | None = None


class GitCommit(Body):
    """A commit, as git has it."""

    message: str
    author: Signature | None = None
    committer: Signature | None = None


class Commit(Body):
    """A commit. https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request ."""

    sha: str
    commit: GitCommit
    author: User | None = None
    committer: User | None = None


class ChangedFile(Body):
    """A changed file. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files ."""

    filename: str
    status: str
    additions: int
    deletions: int
    sha: str | None = None
    previous_filename: str | None = None
    patch: str | None = None


class Repository(Body, kw_only=True):
    """A repository. https://docs.github.com/en/rest/repos/repos#get-a-repository ."""

    id: int
    node_id: str
    name: str
    full_name: str
    owner: User
    description: str | None = None
    private: bool
    fork: bool = False
    archived: bool = False
    disabled: bool = False
    visibility: str | None = None
    default_branch: str | None = None
    language: str | None = None
    stargazers_count: int = 0
    forks_count: int = 0
    created_at: str
    pushed_at: str | None = None
    updated_at: str


class ListedRepository(Body):
    """One of an account's list. https://docs.github.com/en/rest/repos/repos#list-repositories-for-a-user ."""

    id: int
    full_name: str
    disabled: bool = False


class Something(Body):
    """An item that is only counted."""
