"""Other tools and ours on the same sandbox; run as `python -m bench.peers`, writes docs/reference/peers.md."""

import argparse
import datetime as dt
import os
import platform
import tempfile
from pathlib import Path
from typing import Final

from bench import serving
from bench.peers import counting, running
from bench.peers.table import Result, Section, document
from bench.peers.tools import TOOLS, Job, Tool

DOCUMENT: Final = serving.ROOT / "docs" / "reference" / "peers.md"
REPOSITORY: Final = "bench/app"
POPULATIONS: Final[tuple[tuple[str, object, tuple[str, ...]], ...]] = (
    ("A real history with 150 ms latency: huey", serving.DATA / "prs" / "huey.jsonl.gz", ("--latency-ms", "150")),
    ("1,000 generated pull requests, no latency", "generate:1000", ()),
)


def measure(tool: Tool, served: serving.Served, folder: Path) -> Result:
    """Run one tool in a folder of its own, which is removed."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        job = Job(served.url, REPOSITORY, Path(own))
        measured = running.run(tool, job, served)
        brought: counting.Counts = {}
        if not measured.failure:
            brought = tool.count(job.folder)
    print(f"  {tool.name}: {measured}", flush=True)
    return Result(tool, measured, brought)


def section(title: str, source: object, flags: tuple[str, ...], core: set[int], tools: list[Tool]) -> Section:
    """Run all tools on one population."""
    print(title, flush=True)
    with (
        serving.sandbox([f"{REPOSITORY}={source}"], *flags, core=core) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        there = counting.truth(served.truth(REPOSITORY))  # makes the sandbox hold everything ready, too
        return Section(title, there, [measure(tool, served, Path(folder)) for tool in tools])


def machine() -> str:
    """Say what kind of machine this is."""
    return f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}"


def main() -> int:
    """Run everything and write the document; 1 when ours did not bring everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tool", action="append", choices=[tool.name for tool in TOOLS], help="only it; writes nothing"
    )
    wanted = parser.parse_args()
    tools = [tool for tool in TOOLS if not wanted.tool or tool.name in wanted.tool]
    for tool in tools:
        running.install(tool)
    core = serving.share_cores()
    sections = [section(title, source, flags, core, tools) for title, source, flags in POPULATIONS]
    date = dt.datetime.now(dt.UTC).date().isoformat()
    text = document(sections, date=date, machine=machine())
    if wanted.tool:
        print(text)
    else:
        DOCUMENT.write_text(text, encoding="utf-8")
        print(f"Written to {DOCUMENT.relative_to(serving.ROOT)}.")
    return 0 if all(map(whole, sections)) else 1


def whole(section: Section) -> bool:
    """Whether ours, where it was run, brought everything."""
    return all(result.brought == section.there for result in section.results if not result.tool.requirements)


if __name__ == "__main__":
    raise SystemExit(main())
