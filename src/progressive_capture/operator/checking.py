"""What a check found, in words and as JSON values; nothing is checked here."""

from collections.abc import Sequence

from progressive_capture.domain.errors import ExitCode
from progressive_capture.engines.checks import Finding
from progressive_capture.operator.telling import Told


def told(findings: Sequence[Finding]) -> Told:
    """Tell each finding; exit code 1 when one is not good."""
    lines = [f"{'ok' if each.is_good else 'NOT OK'}  {each.what}: {each.why}" for each in findings]
    code = ExitCode.COMPLETE if all(each.is_good for each in findings) else ExitCode.FAILED
    return Told.of("\n".join(lines), {"findings": findings}, code)
