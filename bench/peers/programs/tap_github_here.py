"""Runs tap-github against another address: it checks its tokens at api.github.com, whatever its option says.

Runs in that tool's own environment, with GITHUB_API_URL set.
"""

import os
from typing import Any

import requests
from tap_github.tap import cli

HERE = os.environ["GITHUB_API_URL"]  # noqa: TID251 - another program's process
request = requests.Session.request


def request_here(self: requests.Session, method: str, url: str, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on
    """Ask here what was to be asked there."""
    return request(self, method, url.replace("https://api.github.com", HERE, 1), *arguments, **options)


requests.Session.request = request_here  # type: ignore[assignment,method-assign] # the purpose of this file
cli()
