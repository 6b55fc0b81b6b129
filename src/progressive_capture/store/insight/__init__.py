"""Statements of the read models for people: they only read, and each reads a bounded amount."""
