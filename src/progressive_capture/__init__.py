"""Keeps a team's own database of GitHub pull requests complete; the rooms below hold everything, this file nothing."""
