"""TOML files that people write: what may stand in them, and what is wrong with them."""
