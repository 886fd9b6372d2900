"""Audio as it is read from files of any kind, and the images and features that are made of it."""
