"""What everything stands on: files that land whole, locks, kept arrays, text and CSV, progress, provenance,
plotting."""
