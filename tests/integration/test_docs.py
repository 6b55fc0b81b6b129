"""Documents that cannot rot: what they list is what the code has."""

import re
from itertools import chain
from pathlib import Path

import pytest

from progressive_capture.settings import Settings, names
from tests.conftest import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_setting_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    first_cells = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    documented = re.findall(r"`(\w+)`", "\n".join(first_cells))
    assert set(documented) == set(chain.from_iterable(names(field) for field in Settings.model_fields))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:

    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} points at {target}, which is not there"


def test_make_commands_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name
