"""The exact keys of every kind of record; no values and no behaviour live here.

Keys are GitHub's GraphQL field names and hold values in GraphQL's JSON form: DateTime as ``2026-01-31T09:30:00Z``,
BigInt as a string, Int as int, enums upper-case, URIs as strings under ``https://github.com``. A key whose value is
another record is listed in `REFERENCES`; it holds that record (the same object everywhere) or None.

Keys that begin with an underscore are not GraphQL fields:

``_connections``
    Mapping from a connection's name to its list of records, in GitHub's default order. That of a pull request makes
    its children at the first look-up.
``_totals``
    Counts that differ from the length of the list: known before the children are made, or higher than what is shown.
``_visibleTo``
    Login of the only viewer of a record that is not submitted yet (a pending review, its comments and threads).
``_holdsPending``
    True when a connection of this record holds such a record; absent otherwise.
``_rest…``
    What only REST tells.
``_pull``, ``_repository``, ``_thread``
    The handle of a pull request, the handle of a repository, the record of a review comment's thread.

Fields of GitHub's that follow from these are left to the servers: ``bodyText``, ``bodyHTML``, ``resourcePath`` (path of
``url``), ``permalink`` (= ``url``), ``viewer…``, ``closed``/``merged`` are stored, ``diffUrl`` is ``url + ".diff"``.
"""

from typing import Final


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# databaseId: None for an App's bot without a numeric id
# login: a bot's without the suffix "[bot]"
# _restId: REST always tells a number
# _restLogin: a bot's with the suffix "[bot]"
# _noreply: the address in commits, with the first login, which a rename does not change
# _restType: "User", "Bot", "Organization", "Mannequin"
_ACTOR: Final = _names("""
    __typename id databaseId login name email bio company location websiteUrl url avatarUrl isSiteAdmin
    createdAt updatedAt _restId _restLogin _restType _noreply
""")

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "User": _ACTOR,
    "Bot": _ACTOR,
    "Mannequin": _ACTOR,
    "Organization": (*_ACTOR, "description", "isVerified"),
    "Team": _names("""
        __typename id databaseId name slug combinedSlug description privacy url organization createdAt updatedAt
    """),
    # _connections: labels, milestones, assignableUsers
    "Repository": _names("""
        __typename id databaseId name nameWithOwner owner description url sshUrl homepageUrl isArchived
        isDisabled isPrivate isFork isEmpty isLocked isMirror isTemplate visibility archivedAt pushedAt
        updatedAt createdAt defaultBranchRef stargazerCount forkCount diskUsage primaryLanguage hasIssuesEnabled
        hasProjectsEnabled hasWikiEnabled hasDiscussionsEnabled forkingAllowed mergeCommitAllowed
        squashMergeAllowed rebaseMergeAllowed webCommitSignoffRequired _connections _repository
    """),
    "Language": _names("__typename id name color"),
    "Ref": _names("__typename id name prefix target repository"),
    "Label": _names("__typename id name color description isDefault url createdAt updatedAt repository _restId"),
    "Milestone": _names("""
        __typename id number title description state closed closedAt createdAt updatedAt dueOn creator
        progressPercentage url repository _restId _restOpenIssues _restClosedIssues
    """),
    # _connections: comments, labels, assignees, participants
    "Issue": _names("""
        __typename id databaseId fullDatabaseId number title body state stateReason closed closedAt createdAt
        updatedAt publishedAt lastEditedAt editor author authorAssociation locked activeLockReason url milestone
        repository _connections
    """),
    # databaseId: None above 2**31 - 1, which Int cannot carry
    # changedFiles: the true number, also above 3,000
    # headRef: None when the branch is deleted
    # headRepository: None when it is deleted
    # _connections: PULL_REQUEST_CONNECTIONS below
    # _restIssueId: `id` of the same number under /issues
    "PullRequest": _names("""
        __typename id databaseId fullDatabaseId number title body state isDraft locked activeLockReason merged
        mergedAt mergedBy closed closedAt createdAt updatedAt publishedAt lastEditedAt editor
        includesCreatedEdit author authorAssociation additions deletions changedFiles baseRefName baseRefOid
        headRefName headRefOid baseRef headRef baseRepository headRepository headRepositoryOwner
        isCrossRepository maintainerCanModify mergeable mergeStateStatus mergeCommit potentialMergeCommit
        reviewDecision totalCommentsCount canBeRebased isReadByViewer url milestone repository _connections
        _totals _pull _restIssueId _restMergeCommitSha _restReviewComments _restMergeableState
    """),
    # submittedAt: None while pending
    # commit: None when that commit is gone
    # comments are the only one of its _connections
    "PullRequestReview": _names("""
        __typename id databaseId fullDatabaseId author authorAssociation authorCanPushToRepository body state
        submittedAt createdAt updatedAt publishedAt lastEditedAt editor includesCreatedEdit commit isMinimized
        minimizedReason url pullRequest repository _connections
    """),
    # comments are the only one of its _connections
    # _restUpdatedAt: when the thread last changed; no API tells it
    "PullRequestReviewThread": _names("""
        __typename id isResolved isOutdated isCollapsed resolvedBy path line startLine originalLine
        originalStartLine diffSide startDiffSide subjectType pullRequest repository _connections _restUpdatedAt
    """),
    "PullRequestReviewComment": _names("""
        __typename id databaseId fullDatabaseId author authorAssociation body path diffHunk line startLine
        originalLine originalStartLine position originalPosition outdated subjectType replyTo pullRequestReview
        commit originalCommit createdAt updatedAt publishedAt lastEditedAt draftedAt editor includesCreatedEdit
        state isMinimized minimizedReason url pullRequest repository _thread _restSide _restStartSide
    """),
    # issue: the Issue, or the record of the pull request itself
    # pullRequest: None on an issue
    "IssueComment": _names("""
        __typename id databaseId fullDatabaseId author authorAssociation body createdAt updatedAt publishedAt
        lastEditedAt editor includesCreatedEdit isMinimized minimizedReason isPinned url issue pullRequest
        repository
    """),
    "PullRequestCommit": _names("__typename id url commit pullRequest"),
    # _connections: parents (Commit), authors (GitActor)
    "Commit": _names("""
        __typename id oid abbreviatedOid message messageHeadline messageBody authoredDate committedDate author
        committer authoredByCommitter committedViaWeb additions deletions changedFilesIfAvailable url repository
        _connections _restTreeSha
    """),
    "GitActor": _names("__typename name email date avatarUrl user"),
    # _restPreviousPath: None but for a rename
    # _restHasPatch: False for a binary or a large file; the text is `patch_of(record)`
    "PullRequestChangedFile": _names("""
        __typename path additions deletions changeType viewerViewedState _restStatus _restSha _restPreviousPath
        _restHasPatch
    """),
    "ReviewRequest": _names("__typename id databaseId asCodeOwner requestedReviewer pullRequest"),
}

PULL_REQUEST_CONNECTIONS: Final = _names("""
    reviews reviewThreads comments commits files labels assignees reviewRequests participants
    closingIssuesReferences
""")

REFERENCES: Final[dict[str, tuple[str, ...]]] = {
    "Team": _names("organization"),
    "Repository": _names("owner defaultBranchRef primaryLanguage"),
    "Ref": _names("target repository"),
    "Label": _names("repository"),
    "Milestone": _names("creator repository"),
    "Issue": _names("editor author milestone repository"),
    "PullRequest": _names("""
        mergedBy editor author baseRef headRef baseRepository headRepository headRepositoryOwner mergeCommit
        potentialMergeCommit milestone repository
    """),
    "PullRequestReview": _names("author editor commit pullRequest repository"),
    "PullRequestReviewThread": _names("resolvedBy pullRequest repository"),
    "PullRequestReviewComment": _names(
        "author editor replyTo pullRequestReview commit originalCommit pullRequest repository"
    ),
    "IssueComment": _names("author editor issue pullRequest repository"),
    "PullRequestCommit": _names("commit pullRequest"),
    "Commit": _names("author committer repository"),
    "GitActor": _names("user"),
    "ReviewRequest": _names("requestedReviewer pullRequest"),
}
