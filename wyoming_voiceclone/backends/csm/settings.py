"""The `[engines.csm]` table."""

from typing import Self

from pydantic import Field, model_validator

from wyoming_voiceclone.backends.devices import DeviceName
from wyoming_voiceclone.backends.engine import ListenerSettings


class CsmSettings(ListenerSettings):
    """How Sesame CSM speaks, and on what."""

    model: str = ""
    """A folder with your own weights, in the layout of sesame/csm-1b; "" = the downloaded ones."""
    device: DeviceName = "auto"
    """Where it computes: auto (a GPU if there is one), cpu, cuda, or one of several: cuda:1."""
    dtype: str = Field(default="auto", pattern=r"^(auto|bfloat16|float16|float32)$")
    """The numbers it computes with; auto: bfloat16, on GPUs that cannot float16."""
    cuda_graphs: bool = True
    """Whether each frame is replayed to the GPU at once. Checked when loaded, off if it differs."""
    listeners: int = Field(default=2, ge=1, le=16)
    """How many sentences it speaks at once; the others wait. They share the weights."""
    temperature: float = Field(default=0.9, ge=0, le=2)
    """How freely it speaks: 0 = always the likeliest. A voice may set its own."""
    top_k: int = Field(default=50, ge=1, le=2048)
    """Among how many of the likeliest sounds it chooses each. A voice may set its own."""
    first_frames: int = Field(default=1, ge=1, le=25)
    """The first chunk, in frames of 80 ms; each one after it is twice as long."""
    most_frames: int = Field(default=8, ge=1, le=50)
    """The longest chunk, in frames of 80 ms."""
    longest_s: float = Field(default=40, ge=1, le=90)
    """A sentence is ended after this, should the model not find its end."""
    voices_mb: int = Field(default=512, ge=0, le=16_384)
    """Memory for the voices spoken as last, so that they begin at once; 10 s of one take 7 MB."""

    @model_validator(mode="after")
    def _chunks_grow(self) -> Self:
        if self.first_frames > self.most_frames:
            raise ValueError("first_frames is more than most_frames: chunks never get shorter")
        return self
