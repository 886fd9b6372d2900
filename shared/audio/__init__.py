"""Audio as it is read from files of any kind, and the images and features that are made of it."""

from shared.audio.errors import AudioError
from shared.audio.resampling import resample
from shared.audio.signals import load_audio, load_middle, segments, stream_audio

__all__ = ["AudioError", "load_audio", "load_middle", "resample", "segments", "stream_audio"]
