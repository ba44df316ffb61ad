"""The test kit: for this project and for authors of engines."""
