"""Pure rules: states, planning, completeness, errors; never I/O, a clock or the environment."""
