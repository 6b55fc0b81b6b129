"""A GitHub stand-in for tests and demonstrations; it knows nothing of any product."""
