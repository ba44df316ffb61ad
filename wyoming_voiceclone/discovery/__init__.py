"""Being found on the LAN, and finding others."""

from wyoming_voiceclone.discovery.advertise import WYOMING, Advertiser
from wyoming_voiceclone.discovery.browse import Announced, find, probe
from wyoming_voiceclone.discovery.identity import identity
from wyoming_voiceclone.discovery.watching import watch_services

__all__ = ["WYOMING", "Advertiser", "Announced", "find", "identity", "probe", "watch_services"]
