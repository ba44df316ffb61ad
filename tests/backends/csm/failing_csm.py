"""CSM on a GPU that fails as long as a file named `fail` lies in the data folder: no real one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from wyoming_voiceclone.backends import Backend, Folders
from wyoming_voiceclone.backends.csm import ENGINE as CSM
from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.backends.csm.backend import CsmBackend
from wyoming_voiceclone.backends.faults import end_process


def make(settings: CsmSettings, folders: Folders) -> Backend:
    torch.nn.modules.module.register_module_forward_pre_hook(_fails(folders))
    return CsmBackend(settings, folders, broken=end_process)


def _fails(folders: Folders) -> Callable[[Any, Any], None]:
    def fail(_module: Any, _inputs: Any) -> None:
        if (folders.data / "fail").exists():
            raise torch.AcceleratorError("CUDA error: device-side assert triggered\nand so on")

    return fail


ENGINE = replace(CSM, make=make)
