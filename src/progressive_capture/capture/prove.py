"""The last phase of a capture: settle a shard, and with the job's last one prove the walk."""

from progressive_capture.capture.checkpoint import decode_checkpoint
from progressive_capture.capture.session import Session
from progressive_capture.domain.jobs import Outcome
from progressive_capture.store import jobs, repositories


def settle(session: Session) -> bool:
    """Settle a shard whose work is done; True when that settled the job.

    The transaction that settles a job of scope `all` with all kinds also raises the watermark to the time at which
    its walk began: every pull request listed then is stored or recorded as a gap.

    Raises:
        LeaseLost: somebody else holds the shard.
    """
    tools, claim = session.tools, session.claim
    with tools.database.transaction() as connection:
        for operation, size in session.sizes.remembered().items():
            repositories.remember_page_size(connection, tools.host_id, session.repository_id, operation, size)
        settled = jobs.settle_shard(connection, claim, Outcome.COMPLETED, None, tools.clock())
        if settled and session.scope.moves_watermark:
            shards = jobs.shards(connection, claim.job_id)
            walk = decode_checkpoint(next(shard.checkpoint for shard in shards if shard.k == 0)).walk
            if walk is not None:
                repositories.raise_watermark(connection, tools.host_id, session.repository_id, walk.started_at)
    return settled
