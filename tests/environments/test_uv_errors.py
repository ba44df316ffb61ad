"""What uv 0.13 writes when it fails, and what people are told."""

from pathlib import Path

import pytest

from wyoming_voiceclone.environments.uv_errors import told, unreachable

PLACE = Path("/data/engines/.cache")

NO_NAME = """\
error: Request failed after 3 retries in 5.0s
  cause: Failed to fetch: https://download.pytorch.org/whl/cpu/torch/
  cause: error sending request for url (https://download.pytorch.org/whl/cpu/torch/)
  cause: client error (Connect)
  cause: dns error
  cause: error resolving DNS
  cause: failed to lookup address information: Name or service not known
"""
FULL_WHILE_COPYING = """\
error: Failed to install: numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (numpy==2.4.6)
  cause: Failed to copy to `/tmp/v/lib/python3.11/site-packages/numpy.libs/libscipy.so`
  cause: failed to copy file from /tmp/cache/numpy.libs/libscipy.so to /tmp/v/.tmpUS8UbJ: \
No space left on device (os error 28)
"""
FULL_WHILE_DOWNLOADING = """\
Downloading numpy (16.1MiB)
error: Failed to download `numpy==2.4.6`
  cause: Failed to extract archive: numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl
  cause: I/O operation failed during extraction
  cause: failed to write to file `/tmp/cache/.tmp6JhdMq/numpy/_core/_multiarray_umath.so`: \
No space left on device (os error 28)
"""
UNTRUSTED = """\
error: Failed to fetch: https://pypi.org/simple/av/
  cause: error sending request for url (https://pypi.org/simple/av/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
UNSOLVABLE = """\
error: No solution found when resolving dependencies
  cause: Because there is no version of numpy==99 and you require numpy==99, we can conclude \
that your requirements are unsatisfiable.
"""


def test_without_a_network_the_host_is_named() -> None:
    assert unreachable(NO_NAME) == "download.pytorch.org"
    assert told("xtts", NO_NAME, PLACE) == (
        "xtts: download.pytorch.org cannot be reached — see to the network and run it again, "
        "what has come is kept"
    )


def test_a_certificate_that_is_not_trusted_is_no_missing_network() -> None:
    assert told("xtts", UNTRUSTED, PLACE) == (
        "xtts: the certificate of pypi.org is not trusted — set SSL_CERT_FILE to the certificates "
        "of your network"
    )
    assert unreachable(UNTRUSTED) is None


@pytest.mark.parametrize("output", [FULL_WHILE_COPYING, FULL_WHILE_DOWNLOADING])
def test_a_full_disk_is_told_as_such(output: str) -> None:
    assert told("xtts", output, PLACE).startswith(f"xtts: the disk of {PLACE} is full — free some")
    assert unreachable(output) is None


def test_libraries_that_do_not_go_together_are_told_with_uvs_reason() -> None:
    said = told("xtts", UNSOLVABLE, PLACE)
    assert said.startswith("xtts: its libraries are not to be had for this machine: Because there")
    assert said.endswith("are unsatisfiable")
    assert unreachable(UNSOLVABLE) is None


def test_a_python_that_is_gone_is_told() -> None:
    output = "error: No interpreter found at path `/usr/bin/python3.9`\n"
    assert "No interpreter found at path `/usr/bin/python3.9` — " in told("xtts", output, PLACE)


def test_a_folder_that_cannot_be_written_is_told() -> None:
    output = "error: Failed to create directory\n  cause: Permission denied (os error 13)\n"
    assert told("xtts", output, PLACE).startswith(f"xtts: {PLACE} cannot be written — ")


@pytest.mark.parametrize("output", ["", "killed\n", "error: something new\n  cause: nobody knew\n"])
def test_whatever_else_uv_says_is_one_line(output: str) -> None:
    said = told("xtts", output, PLACE)
    assert said.startswith("xtts: its libraries could not be installed: ")
    assert "\n" not in said
