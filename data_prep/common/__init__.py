"""What several corpora need: folders, hashes, downloads, archives, label sets, groups, reports."""
