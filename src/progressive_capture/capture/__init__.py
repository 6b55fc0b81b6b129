"""Index, hydrate, follow up and prove; never SQL or HTTP of its own."""
