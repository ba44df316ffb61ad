"""Speech: a stream of text in, one utterance of audio at one rate out."""
