"""Everything that can speak, one module or folder each, behind one contract."""

from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Backend,
    Capabilities,
    CloningBackend,
    Progress,
    Setting,
    SynthesisRequest,
    Timing,
    Warmable,
)
from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders

__all__ = [
    "AudioStream",
    "Backend",
    "Capabilities",
    "CloningBackend",
    "Engine",
    "EngineSettings",
    "Folders",
    "Progress",
    "Setting",
    "SynthesisRequest",
    "Timing",
    "Warmable",
]
