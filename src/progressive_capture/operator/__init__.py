"""What operators type and read; never rules of its own."""
