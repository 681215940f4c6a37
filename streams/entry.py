"""Being let in by a cluster, or why not: what works on it tells of a timeout only, much later."""

import asyncio
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from streams.broker import Broker, Setting

_PATIENCE_MILLISECONDS = 5_000

_SAYS: dict[Setting, str] = {
    "password": "refuses the name or the password",
    "mechanism": "does not take passwords in this way",
    "authority": "has a certificate that nobody we trust has signed for that address",
    "certificate": "refuses our certificate, or the lack of one",
}


class KafkaRefused(Exception):
    """Kafka does not let us in, or is not whom we trust: trying again would change nothing.

    `setting` is what to mend.
    """

    def __init__(self, broker: Broker, setting: Setting, reason: BaseException) -> None:
        super().__init__(f"Kafka at {broker} {_SAYS[setting]} ({reason})")
        self.setting = setting


def knock(broker: Broker) -> None:
    """See whether a cluster lets us in, and go again; raises KafkaRefused.

    Of one that cannot be reached nothing is told: it may be a moment later.
    """
    if broker.protection != "PLAINTEXT":
        asyncio.run(_knock(broker))


async def _knock(broker: Broker) -> None:
    options: dict[str, Any] = {
        "request_timeout_ms": _PATIENCE_MILLISECONDS,
        "security_protocol": broker.protection,
        "ssl_context": broker.tls(),
        "sasl_mechanism": broker.mechanism,
        "sasl_plain_username": broker.username,
        "sasl_plain_password": broker.password,
    }
    for server in broker.servers:
        host, _, port = server.rpartition(":")
        try:
            connection = await create_conn(host, int(port), **options)
        except (KafkaError, OSError, TimeoutError) as error:
            # What TLS has against our certificate stands behind a connection that was closed.
            reason = error.__cause__ or error
            setting = _setting(reason)
            if setting is not None:
                raise KafkaRefused(broker, setting, reason) from error
        else:
            await connection.close()
            return


def _setting(reason: BaseException) -> Setting | None:
    match reason:
        case SaslAuthenticationFailed():
            return "password"
        case UnsupportedSaslMechanismError():
            return "mechanism"
    # The reasons of TLS are texts.
    told = str(reason)
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return "authority"
    if "_ALERT_" in told and ("CERTIFICATE" in told or "UNKNOWN_CA" in told):
        return "certificate"
    return None
