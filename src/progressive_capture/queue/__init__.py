"""The hybrid queue: what is asked for is decided, recorded, explained and taken up again; jobs are run elsewhere."""
