"""GitHub Actions as an engine: workflows run shards, its API starts and follows them; what is run is the queue's."""
