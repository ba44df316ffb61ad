"""The GPU of this machine, shared with other programs: who holds its memory, and making room."""

from wyoming_voiceclone.gpu.memory import Device, Gpu, Holder, Reading
from wyoming_voiceclone.gpu.sharing import Place, Sharing, SharingLimits
from wyoming_voiceclone.gpu.tenants import Tenant

__all__ = ["Device", "Gpu", "Holder", "Place", "Reading", "Sharing", "SharingLimits", "Tenant"]
