"""Characters in, sentences out: splitting, normalising, SSML, pronunciation."""
