"""The repositories, people and pull requests that the stand-in serves; it never speaks HTTP or GraphQL."""
