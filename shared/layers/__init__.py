"""Keras layers: augmentation, recurrent cells, convolutions, normalisation and spectra; and what backends differ in."""
