"""Engines in processes of their own: there when wanted, ended when idle, contained when broken."""

from wyoming_voiceclone.workers.backend import WorkerBackend, in_worker
from wyoming_voiceclone.workers.limits import WorkerLimits
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.status import State, WorkerStatus
from wyoming_voiceclone.workers.tenancy import Tenancy

__all__ = [
    "State",
    "Tenancy",
    "WorkerBackend",
    "WorkerLimits",
    "WorkerPlan",
    "WorkerStatus",
    "in_worker",
]
