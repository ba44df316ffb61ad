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
from wyoming_voiceclone.backends.declaration import (
    Declaration,
    Environment,
    Licence,
    ReferenceNeeds,
    Weights,
)
from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders

__all__ = [
    "AudioStream",
    "Backend",
    "Capabilities",
    "CloningBackend",
    "Declaration",
    "Engine",
    "EngineSettings",
    "Environment",
    "Folders",
    "Licence",
    "Progress",
    "ReferenceNeeds",
    "Setting",
    "SynthesisRequest",
    "Timing",
    "Warmable",
    "Weights",
]
