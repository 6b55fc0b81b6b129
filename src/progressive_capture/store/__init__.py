"""The schema and every SQL statement; never GitHub's wire formats."""
