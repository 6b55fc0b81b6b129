"""GitHub's REST API: routes over the world, and records in REST's shapes; never a socket, a limit or a fault."""
