"""Engines in processes of their own: there when wanted, ended when idle, contained when broken."""

from wyoming_voiceclone.workers.backend import WorkerBackend, in_worker
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.supervisor import WorkerLimits

__all__ = ["WorkerBackend", "WorkerLimits", "WorkerPlan", "in_worker"]
