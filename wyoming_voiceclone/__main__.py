"""`wyoming-voiceclone`, or `python -m wyoming_voiceclone`."""

import os
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT
"""As shells report it."""


def main() -> None:
    """Run the command line; our own errors are told without a traceback and exit with 1."""
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:  # an import that is interrupted leaves a traceback, and nothing to clean up
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    import logging  # noqa: PLC0415

    from wyoming_voiceclone.commands import cli  # noqa: PLC0415
    from wyoming_voiceclone.errors import VoiceCloneError  # noqa: PLC0415
    from wyoming_voiceclone.logs import OWN, shown  # noqa: PLC0415

    try:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        cli(prog_name="wyoming-voiceclone")
    except VoiceCloneError as error:
        logging.getLogger(OWN).debug("this ended the program", exc_info=error)
        sys.exit("\n".join(f"error: {line}" for line in shown(str(error)).splitlines()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
