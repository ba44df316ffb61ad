"""A box's certificate: made once, by itself, and known by its fingerprint alone."""

import hashlib
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wyoming_voiceclone.errors import ConfigError

FINGERPRINT_BYTES = 32
_FILE = "certificate.pem"
# whoever pins a fingerprint needs no dates, and clocks are wrong on machines without a battery
_BEGIN, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Certificate:
    path: Path
    """The private key and the certificate, for us alone."""
    fingerprint: bytes
    """SHA-256 of the certificate."""

    @property
    def box_id(self) -> str:
        """What the box is called where names may be anybody's."""
        return self.fingerprint.hex()[:16]

    def server_context(self) -> ssl.SSLContext:
        """TLS 1.3 and nothing older."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.path)
        return context


def client_context() -> ssl.SSLContext:
    """For peers whose fingerprint is compared after the handshake, instead of a name and dates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def own_certificate(folder: Path) -> Certificate:
    """The one in `folder`, made at the first start. Blocks. Raises ConfigError."""
    path = folder / _FILE
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path)
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error} — make it accessible") from error
    except ValueError as error:
        remedy = "delete it to make a new one; homes must then be paired again"
        raise ConfigError(f"{path}: no certificate ({error}) — {remedy}") from error
    return Certificate(path, certificate.fingerprint(hashes.SHA256()))


def fingerprint_of(der: bytes | None) -> bytes:
    """Of a certificate that a peer showed; of none, what no certificate has."""
    return hashlib.sha256(der).digest() if der else b""


def _write(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wyoming-voiceclone box")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    content = secret + certificate.public_bytes(serialization.Encoding.PEM)
    write_private(path, content)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only we may read, whole or not at all. Blocks. Raises OSError."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
