"""One training as a unit: its name and record, its predictions, its network, and what that says of new files."""
