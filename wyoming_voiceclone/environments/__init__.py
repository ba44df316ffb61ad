"""Engines that are installed on demand: their libraries, their weights, their licences."""
