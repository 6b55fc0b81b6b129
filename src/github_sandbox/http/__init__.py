"""The HTTP face: bytes on a socket to requests and back; never knows what a pull request is."""
