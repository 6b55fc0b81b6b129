"""The headers that every request to GitHub carries; what answers carry is read elsewhere."""

from typing import Final

from progressive_capture.github.secrets import Secret

API_VERSION: Final = "2022-11-28"
"""Pinned: the next one drops fields that are stored. https://docs.github.com/en/rest/about-the-rest-api/api-versions"""

USER_AGENT: Final = "progressive-capture"


def request_headers(token: Secret | None) -> dict[str, str]:
    """The headers of a request.

    https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#using-headers
    """
    headers = {
        "user-agent": USER_AGENT,
        "accept": "application/vnd.github+json",
        "x-github-api-version": API_VERSION,
    }
    if token is not None:
        headers["authorization"] = f"Bearer {token.reveal()}"
    return headers
