"""`wyoming-voiceclone`, or `python -m wyoming_voiceclone`."""

import logging
import sys

from wyoming_voiceclone.commands import cli
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.logs import OWN


def main() -> None:
    """Run the command line; our own errors are told without a traceback and exit with 1."""
    try:
        cli(prog_name="wyoming-voiceclone")
    except VoiceCloneError as error:
        logging.getLogger(OWN).debug("this ended the program", exc_info=error)
        sys.exit("\n".join(f"error: {line}" for line in str(error).splitlines()))
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as shells report it


if __name__ == "__main__":
    main()
