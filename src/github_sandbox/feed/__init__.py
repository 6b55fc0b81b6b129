"""What each kind of change does to the world; nothing here sends anything."""
