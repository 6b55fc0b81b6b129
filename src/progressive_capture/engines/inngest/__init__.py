"""Inngest as an engine: events hand shards to functions, whose steps work on them; what is run is the queue's."""
