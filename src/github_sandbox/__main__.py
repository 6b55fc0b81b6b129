"""`python -m github_sandbox` is the command `github-sandbox`."""

from github_sandbox.cli import main

main()
