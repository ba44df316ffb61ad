"""What the backbone makes of each voice's recording: kept, so that switching costs nothing."""

import copy
import hashlib
import threading
from collections import OrderedDict
from typing import Any

import torch

from wyoming_voiceclone.backends.csm.library import DynamicCache
from wyoming_voiceclone.backends.csm.model import Csm
from wyoming_voiceclone.backends.csm.prompt import sound_prompt, text_prompt
from wyoming_voiceclone.backends.csm.speaker import Speaker


class HeardVoices:
    """Attention caches of the voices spoken as last, and always of the newest. Thread-safe.

    Named by content: a state says itself what its key is, and may come from anywhere.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self.bytes = limit_bytes, 0
        self._lock = threading.Lock()
        self._caches: OrderedDict[str, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._caches)

    def of(self, speaker: Speaker, csm: Csm) -> Any:
        """A cache of one's own to go on from, [frames + tokens + 3] positions long."""
        name = hashlib.sha256(
            speaker.codes.tobytes() + b"\0" + speaker.tokens.tobytes()
        ).hexdigest()
        with self._lock:
            cache = self._caches.get(name)
            if cache is not None:
                self._caches.move_to_end(name)
        if cache is None:
            cache = _listened(csm, speaker)
            self._keep(name, cache)
        return _branch(cache)

    def _keep(self, name: str, cache: Any) -> None:
        with self._lock:
            if name in self._caches:  # another listener was faster
                return
            self._caches[name] = cache
            self.bytes += _bytes(cache)
            while self.bytes > self._limit and len(self._caches) > 1:
                self.bytes -= _bytes(self._caches.popitem(last=False)[1])


def _listened(csm: Csm, speaker: Speaker) -> Any:
    said = text_prompt(csm, speaker.tokens.tolist())
    sound = sound_prompt(csm, torch.from_numpy(speaker.codes.astype("int64")))
    cache = DynamicCache(config=csm.config)
    with torch.inference_mode():
        csm.network.backbone_model(
            inputs_embeds=torch.cat((said, sound))[None], past_key_values=cache, use_cache=True
        )
    return cache


def _branch(cache: Any) -> Any:
    """Shares its tensors: a layer that grows gets new ones and leaves the old as they are."""
    branch = copy.copy(cache)
    branch.layers = [copy.copy(layer) for layer in cache.layers]
    return branch


def _bytes(cache: Any) -> int:
    return sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
