"""A broker that lets nobody in without a password or a certificate, and nothing unencrypted.

The user of the tests and the certificate of `client` may do everything there; others what they are
allowed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from infra.servers.kafka import Kafka
from infra.servers.server import LOOPBACK, free_port
from streams.broker import Broker, Mechanism
from tests.servers.authority import Authority
from tests.servers.kafka import TESTED

USER = "lhuta"
PASSWORD = "a secret of the tests"

_PATIENCE = 60

_SCRAM = (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)
_MODULES = "org.apache.kafka.common.security"
_SECURITY = f"""\
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config={_MODULES}.plain.PlainLoginModule required \
user_{USER}="{PASSWORD}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={_MODULES}.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={_MODULES}.scram.ScramLoginModule required;
listener.name.ssl.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={{keys}}
ssl.truststore.type=PEM
ssl.truststore.location={{trusted}}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{USER};User:CN=client
"""


class SecuredKafka(Kafka):
    """A broker with listeners for SASL_SSL and SSL, and a plain one for whoever keeps it."""

    def __init__(self, data: Path, authority: Authority) -> None:
        """Describe it; the authority signs its certificate, and those of its clients."""
        super().__init__(data, version=TESTED)
        self._authority = authority
        self._ports = {"SASL_SSL": free_port(), "SSL": free_port()}

    def start(self) -> None:
        """Start it, and give the user of the tests a password."""
        super().start()
        self.admit(USER)

    def admit(self, user: str) -> None:
        """Give a user the password of the tests."""
        with self._administered() as admin:
            for mechanism in _SCRAM:
                # One request takes a user only once.
                password = UserScramCredentialUpsertion(user, mechanism, PASSWORD)
                assert admin.alter_user_scram_credentials([password]) == {user: None}

    def allow(self, user: str, right: ACLOperation, kind: ResourceType, name: str) -> None:
        """Allow a user something on one topic or group."""
        allowed = ACLPermissionType.ALLOW
        with self._administered() as admin:
            wanted = ACL(f"User:{user}", "*", right, allowed, ResourcePattern(kind, name))
            assert not admin.create_acls([wanted])["failed"]
            until = time.monotonic() + _PATIENCE
            while not admin.describe_acls(wanted)[0]:
                assert time.monotonic() < until, "the broker does not take it"

    def by_password(self, mechanism: Mechanism) -> Broker:
        """Return how to come in by name and password."""
        return Broker(
            (f"{LOOPBACK}:{self._ports['SASL_SSL']}",),
            protection="SASL_SSL",
            ca_file=str(self._authority.certificate),
            mechanism=mechanism,
            username=USER,
            password=PASSWORD,
        )

    def by_certificate(self, certificate: Path, key: Path) -> Broker:
        """Return how to come in by a certificate."""
        return Broker(
            (f"{LOOPBACK}:{self._ports['SSL']}",),
            protection="SSL",
            ca_file=str(self._authority.certificate),
            certificate_file=str(certificate),
            key_file=str(key),
        )

    @contextmanager
    def _administered(self) -> Iterator[KafkaAdminClient]:
        admin = KafkaAdminClient(bootstrap_servers=self.address)
        try:
            yield admin
        finally:
            admin.close()

    def _settings(self) -> list[str]:
        told = super()._settings()
        certificate, key = self._authority.signed("broker")
        keys = self._folder / "keys.pem"
        keys.write_bytes(key.read_bytes() + certificate.read_bytes())
        properties = self._folder / "server.properties"
        named = properties.read_text("utf-8")
        for protocol, port in self._ports.items():
            named = named.replace("listeners=", f"listeners={protocol}://{LOOPBACK}:{port},")
            named = named.replace("protocol.map=", f"protocol.map={protocol}:{protocol},")
        security = _SECURITY.format(keys=keys, trusted=self._authority.certificate)
        properties.write_text(named + security, "utf-8")
        return told
