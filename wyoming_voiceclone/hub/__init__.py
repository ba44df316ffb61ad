"""The hub: files of models and voices, listed, fetched whole and kept where they belong."""
