"""The `[engines.xtts]` table."""

from pydantic import Field

from wyoming_voiceclone.backends.backend import Setting, SynthesisRequest
from wyoming_voiceclone.backends.devices import DeviceName
from wyoming_voiceclone.backends.engine import ListenerSettings

SAMPLING = {"temperature", "top_k", "top_p", "repetition_penalty"}
"""What may be asked for by a voice or a request, too."""


class XttsSettings(ListenerSettings):
    """How XTTS speaks, and how soon it is heard."""

    model: str = ""
    """A folder with your own weights in the layout of coqui/XTTS-v2; "" = the downloaded ones."""
    device: DeviceName = "auto"
    """Where it computes: auto (a GPU if there is one), cpu, cuda, or one of several: cuda:1."""
    listeners: int = Field(default=2, ge=1, le=16)
    """How many sentences it speaks at once; the others wait. They share the weights."""
    first_tokens: int = Field(default=8, ge=4, le=100)
    """How much is computed before the first sound, in steps of 46 ms; fewer is sooner."""
    chunk_tokens: int = Field(default=20, ge=4, le=200)
    """How much is computed between later sounds; more costs less."""
    temperature: float = Field(default=0.75, gt=0, le=2)
    """How freely it speaks: low is monotonous, high is careless."""
    top_k: int = Field(default=50, ge=1, le=1024)
    """Among how many sounds it chooses the next one."""
    top_p: float = Field(default=0.85, gt=0, le=1)
    """Among the likeliest sounds of this share it chooses the next one."""
    repetition_penalty: float = Field(default=5.0, ge=1, le=20)
    """How much it avoids what it just said; low makes it stammer and hum."""


def sampling(settings: XttsSettings, request: SynthesisRequest) -> dict[str, Setting]:
    """How `request` is to be drawn; the defaults are those of the published model."""
    return settings.asked(request, SAMPLING).model_dump(include=SAMPLING)
