"""Read models for people: what is queued, done, spent and missing; nothing is changed and nothing printed here."""
