"""What published numbers and what a split of recordings give away before anything is trained."""
