"""GitHub's Actions API over workflow files of a folder, run by the program `act`; never knows what a workflow does."""
