"""Engines in processes of their own: there when wanted, ended when idle, contained when broken."""

from wyoming_voiceclone.workers.backend import WorkerBackend, in_worker
from wyoming_voiceclone.workers.limits import WorkerLimits
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.status import State, WorkerStatus

__all__ = ["State", "WorkerBackend", "WorkerLimits", "WorkerPlan", "WorkerStatus", "in_worker"]
