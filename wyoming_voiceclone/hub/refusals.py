"""What the hub said when it gave nothing, as people are told it: the fact and the remedy."""

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time

import httpx2
from huggingface_hub.errors import OfflineModeIsEnabled

from wyoming_voiceclone.errors import DownloadError

OFFLINE = (httpx2.ConnectError, httpx2.ConnectTimeout, OfflineModeIsEnabled)
"""Nobody was reached at all."""

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_SPENT = re.compile(r";\s*r=0\s*;\s*t=(\d+)")  # `"api";r=0;t=55`, IETF draft ratelimit-headers-09
_LOGIN = "set HF_TOKEN or run `hf auth login`"


class NotOnHub(DownloadError):
    """There is no such repository, revision or file."""


def refusal(
    address: str, repository: str, path: str, response: httpx2.Response, *, with_token: bool
) -> DownloadError:
    """What to raise for an answer that is an error. `path`: of the file, "" for the repository."""
    status, code = response.status_code, response.headers.get("x-error-code", "")
    where = f"{address}: {repository}{path and '/'}{path}"
    denied = status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}
    if status == httpx2.codes.NOT_FOUND:
        return NotOnHub(f"{where}: not there ({status}) — check repository, revision and endpoint")
    if denied and code == "RepoNotFound":
        own = f"if it is yours, {_LOGIN}"
        return NotOnHub(f"{where}: not there, or not public — check the repository; {own}")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return DownloadError(f"{where}: shorter than announced ({status}) — check the endpoint")
    if not denied:
        return DownloadError(f"{where}: refused ({status}) — try again later")
    return DownloadError(_denied(address, repository, path, response, with_token=with_token))


def _denied(
    address: str, repository: str, path: str, response: httpx2.Response, *, with_token: bool
) -> str:
    status, code = response.status_code, response.headers.get("x-error-code", "")
    if not code and response.url.host != httpx2.URL(address).host:  # where large files are kept
        return (
            f"{response.url.host}: refused {path} ({status}) — see whether a firewall or proxy "
            "forbids it, and try again later"
        )
    if status == httpx2.codes.UNAUTHORIZED and with_token:
        return (
            f"{address} does not know the token of this machine (HF_TOKEN, or of `hf auth login`) "
            f"— make another one at {address}/settings/tokens, or take it away"
        )
    if code == "GatedRepo":
        said = response.headers.get("x-error-message", "")
        return _gated(address, repository, said, with_token=with_token)
    return f"{address}: {repository}: not without an account ({status}) — {_LOGIN}"


def _gated(address: str, repository: str, said: str, *, with_token: bool) -> str:
    page = f"{address}/{repository}"
    if not with_token:
        return (
            f"{repository} is given only to accounts that agreed to its terms: open {page}, agree, "
            f"make a token at {address}/settings/tokens (read), and {_LOGIN}"
        )
    if "fine-grained" in said:
        return (
            f"{repository} is given only to accounts that agreed to its terms, and this token may "
            f"not act for one — allow it to read public gated repositories at "
            f"{address}/settings/tokens"
        )
    return (
        f"{repository}: the account of this token has not agreed to its terms, or has no answer "
        f"yet — open {page} with that account, agree, and try again"
    )


def trouble(address: str, error: Exception) -> str:
    """A failure of the network, or of the hub itself, as one line."""
    if isinstance(error, httpx2.HTTPStatusError):
        return _own_trouble(address, error.response)
    if isinstance(error, OfflineModeIsEnabled):
        return f"nothing is fetched from {address}: HF_HUB_OFFLINE is set — unset it"
    fact = _ERRNO.sub("", str(error)) or type(error).__name__
    if isinstance(error, OFFLINE):
        return f"no connection to {address} ({fact}) — check the network"
    return f"the connection to {address} broke ({fact}) — check the network"


def _own_trouble(address: str, response: httpx2.Response) -> str:
    status, wait_s = response.status_code, wanted_pause_s(response)
    when = f"in {wait_s / 60:.0f} minutes" if wait_s >= 60 else "later"
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return f"{address} was asked too often ({status}) — try again {when}"
    return f"{address} has trouble of its own ({status}) — try again {when}"


def wanted_pause_s(response: httpx2.Response) -> float:
    """How long the hub wants to be left alone, in seconds; 0 when it does not say."""
    asked = response.headers.get("retry-after", "")
    if asked.isdigit():
        return float(asked)
    if asked:
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - time())
        except ValueError:
            return 0.0
    spent = _SPENT.search(response.headers.get("ratelimit", ""))
    return float(spent[1]) if spent else 0.0
