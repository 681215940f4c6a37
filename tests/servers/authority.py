"""An authority for tests that signs certificates of servers on this machine."""

import shutil
import subprocess
from pathlib import Path

from infra.servers.server import LOOPBACK
from tests.servers.missing import missing

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A key and a certificate of its own in a folder, and whatever it signs."""

    def __init__(self, folder: Path) -> None:
        """Make one; tell why there is none where `openssl` is not installed."""
        if shutil.which("openssl") is None:
            missing("no certificates: `openssl` is not installed")
        folder.mkdir(parents=True)
        self._folder = folder
        self.certificate = folder / "authority.pem"
        self._key = folder / "authority.key"
        _openssl(
            *("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=authority of a test"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def signed(self, name: str) -> tuple[Path, Path]:
        """Return a new certificate for a name on the loopback interface, and its key."""
        key, request, certificate = (
            self._folder / f"{name}.{what}" for what in ("key", "request", "pem")
        )
        _openssl("req", *_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        extensions = self._folder / "extensions"
        extensions.write_text(f"subjectAltName=IP:{LOOPBACK}\n", "ascii")
        _openssl(
            *("x509", "-req", "-in", request, "-out", certificate, "-days", "2"),
            *("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial"),
            *("-extfile", extensions),
        )
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
