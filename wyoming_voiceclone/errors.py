"""Every error this program raises on purpose.

VoiceCloneError
├── ConfigError             settings that cannot be used
├── BadRequest              what a client asked cannot be done
│   ├── UnknownVoice
│   └── TextTooLong
├── BadRecording            a reference that no voice can come from
├── BackendError            something that speaks could not
│   ├── BackendUnavailable  not now: the next one is asked
│   ├── CannotClone         not ever: this one has no cloning
│   └── NoBackend           nobody could
├── ProtocolError           a peer broke the rules of the wire
├── DownloadError           a file that could not be fetched whole
└── InstallError            an engine that could not be installed or removed

A message names the thing, the fact and the remedy.
"""


class VoiceCloneError(Exception):
    """The root: catch it where a person or a peer has to be told."""


class ConfigError(VoiceCloneError):
    pass


class BadRequest(VoiceCloneError):
    pass


class UnknownVoice(BadRequest):
    pass


class TextTooLong(BadRequest):
    pass


class BadRecording(VoiceCloneError):
    pass


class BackendError(VoiceCloneError):
    pass


class BackendUnavailable(BackendError):
    pass


class CannotClone(BackendError):
    pass


class NoBackend(BackendError):
    pass


class ProtocolError(VoiceCloneError):
    pass


class DownloadError(VoiceCloneError):
    pass


class InstallError(VoiceCloneError):
    pass
