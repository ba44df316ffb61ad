"""Addresses of the net, file names and identifiers, read as words."""

import re

_URL = re.compile(r"\b(?:https?|ftp|wss?)://([^\s<>\"'()\[\]{}|]{1,2000})", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})(?!\w)"
)
_MAILTO = re.compile(r"\bmailto:", re.IGNORECASE)
_TOP = (
    "com|org|net|edu|gov|io|dev|app|ai|eu|de|at|ch|fr|es|it|nl|be|pt|pl|uk|us|tv|info|local|lan|home"
    "|internal|se|dk|fi|cz|ru|ua|cn|jp|br|ca|au"
)
_FILE = (
    "ya?ml|py|js|ts|json|toml|txt|md|csv|pdf|html?|xml|zip|gz|log|cfg|conf|ini|sh|exe|wav|mp3|mp4"
    "|flac|ogg|png|jpe?g|gif|svg|docx?|xlsx?|onnx|db|sqlite|iso"
)
_DOMAIN = re.compile(
    rf"(?<![\w@./-])((?:[A-Za-z0-9_-]{{1,63}}\.){{1,5}}(?:{_TOP}|{_FILE}))(?::(\d{{2,5}}))?"
    r"(?:/[^\s<>\"']{0,300}[\w/])?(?![\w-]|\.\w)"
)
_ENTITY = re.compile(r"(?<![\w.])([a-z][a-z_]{1,30})\.([a-z0-9]+(?:_[a-z0-9]+)+)(?![\w.])")
_JOINTS = re.compile(r"[_/\\-]+")


def addresses_read(text: str, dot: str, at: str) -> str:
    """The text with each address in words: a long one by its host only."""
    text = _URL.sub(lambda url: _url(url[1], dot), _MAILTO.sub("", text))
    text = _EMAIL.sub(lambda mail: f"{host(mail[1], dot)} {at} {host(mail[2], dot)}", text)
    text = _DOMAIN.sub(lambda name: _with_port(host(name[1], dot), name[2]), text)
    return _ENTITY.sub(lambda entity: f"{identifier(entity[1])} {identifier(entity[2])}", text)


def host(name: str, dot: str) -> str:
    """`home-assistant.io` as `home assistant dot io`."""
    name = re.sub(r"^www\.", "", name, flags=re.IGNORECASE)
    labels = [_JOINTS.sub(" ", label).strip() for label in name.split(".")]
    return f" {dot} ".join(label for label in labels if label)


def identifier(code: str) -> str:
    """Code as words: `light.turn_on()` as `light.turn on`."""
    return re.sub(r"\s+", " ", re.sub(r"[_(){}\[\]\\;\"'`|<>$]+", " ", code)).strip()


def _url(rest: str, dot: str) -> str:
    tail = rest[len(rest.rstrip(".,;:!?*_~")) :]
    authority = re.split(r"[/?#]", rest.rstrip(".,;:!?*_~"), maxsplit=1)[0].rpartition("@")[2]
    name, _, port = authority.partition(":")
    return _with_port(host(name, dot), port if port.isdigit() else "") + tail.strip("*_~")


def _with_port(name: str, port: str | None) -> str:
    return f"{name} {port}" if port else name
