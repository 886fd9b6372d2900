"""What two papers or more need, one subject a module."""
