"""Runs github-to-sqlite against another address: it names api.github.com in its code, and has no option for it.

Runs in that tool's own environment, with GITHUB_API_URL set.
"""

import os
from typing import Any

import requests
from github_to_sqlite import cli

HERE = os.environ["GITHUB_API_URL"]  # noqa: TID251 - another program's process
get = requests.get


def get_here(url: str, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on
    """Ask here what was to be asked there."""
    return get(url.replace("https://api.github.com", HERE, 1), *arguments, **options)


requests.get = get_here  # type: ignore[assignment] # the purpose of this file
cli.cli()
