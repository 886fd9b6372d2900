"""The commands of ``python -m reproductions``, one module each: its options and what it does."""
