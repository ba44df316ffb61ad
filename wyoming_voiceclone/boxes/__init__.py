"""Boxes: other machines that run this program with their engines, and who trusts whom."""
