"""GitHub as a protocol: requests, decoding, budgets, authentication; never the database."""
