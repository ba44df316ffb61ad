"""The wires this program answers on."""
