"""Where Kafka is and how to come in; no secret is ever shown."""

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal

Protection = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

Setting = Literal["password", "mechanism", "authority", "certificate"]
"""What can be wrong so that we are not let in; `authority` is who must know the cluster."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A cluster by its bootstrap servers, each `host:port`, and what it asks for.

    `ca_file` proves the cluster, `certificate_file` and `key_file` prove us to it; None where the
    system's authorities do, or where nothing is asked. Every topic's name begins with
    `topic_prefix`, so that several installations can share a cluster.
    """

    servers: tuple[str, ...]
    protection: Protection = "PLAINTEXT"
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    topic_prefix: str = ""

    def __str__(self) -> str:
        """Name it as messages do."""
        return ",".join(self.servers)

    def topic(self, name: str) -> str:
        """Return the name that one of our topics has there."""
        return f"{self.topic_prefix}{name}"

    def tls(self) -> ssl.SSLContext | None:
        """Return by what TLS proves both sides, None where nothing is encrypted.

        Raises OSError where a file is not what it should be.
        """
        if not self.protection.endswith("SSL"):
            return None
        made = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            # Nobody is there to be asked for the password of a key.
            made.load_cert_chain(self.certificate_file, self.key_file, password="")
        return made

    def options(self) -> dict[str, Any]:
        """Return what every client of kafka-python is told."""
        told = {
            "ssl_cafile": self.ca_file,
            "ssl_certfile": self.certificate_file,
            "ssl_keyfile": self.key_file,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
        return {
            "bootstrap_servers": list(self.servers),
            "security_protocol": self.protection,
            # A broker that comes back is found within a second.
            "reconnect_backoff_max_ms": 1_000,
            **{name: option for name, option in told.items() if option is not None},
        }
