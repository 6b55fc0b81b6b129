"""One file for each operator command; what they share lies a folder up."""
