"""Samples in, samples out: pure signal handling, no files of voices, no engines."""
