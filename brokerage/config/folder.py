"""The folder that holds what this machine keeps: embedded servers, demo secrets, logs.

`PRAYA_DATA_DIR` names it; the default is `.data` beside manage.py. Deleting it deletes the demo.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).resolve().parents[2]


class Unusable(RuntimeError):
    """The folder, a port or a right is wrong; the message says what to do."""


def data_dir() -> Path:
    """The absolute path of the data folder, which need not exist yet."""
    return Path(os.environ.get("PRAYA_DATA_DIR") or ROOT / ".data").expanduser().resolve()


def opened(folder: Path) -> Path:
    """The same folder, existing and writable; raises Unusable with the way out."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Unusable(
            f"Cannot write to the data folder {folder} ({error.strerror}). "
            "Make it writable for this user, or set PRAYA_DATA_DIR to a folder that is."
        ) from error
    return folder


def secret(name: str) -> str:
    """A random text of 256 bits, made at first use and kept in the data folder for its owner only."""
    return _kept(name, secrets.token_urlsafe(32).encode()).read_text()


def seal_key() -> Path:
    """The demo's Ed25519 key for seals (PKCS#8 PEM), made at first use. Production brings its own."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _kept("seal-key.pem", pem)


def vault_keys() -> str:
    """The demo's key ring for what is encrypted at rest, made at first use. Production brings its own."""
    fresh = f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return _kept("vault-keys", fresh.encode()).read_text()


def _kept(name: str, fresh: bytes) -> Path:
    """The file `name`; created whole with `fresh` by exactly one of any number of processes."""
    path = data_dir() / name
    if path.exists():
        return path
    draft = opened(data_dir()) / f".{name}-{os.getpid()}-{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(fresh)
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path
