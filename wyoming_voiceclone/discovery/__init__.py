"""Being found on the LAN, and finding others."""
