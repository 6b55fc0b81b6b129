"""What runs jobs: this machine, and the services that stand in for it; what is run is decided by the queue."""
