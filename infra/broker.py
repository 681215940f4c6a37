"""Where Kafka is, as the environment says; a password stands in a file, or comes in a variable."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar, assert_never, get_args

from streams.broker import Broker, Mechanism, Protection, Setting

LHUTA_KAFKA = "LHUTA_KAFKA"

_PROTECTION = f"{LHUTA_KAFKA}_SECURITY_PROTOCOL"
_CA_FILE = f"{LHUTA_KAFKA}_CA_FILE"
_CERTIFICATE_FILE = f"{LHUTA_KAFKA}_CERTIFICATE_FILE"
_KEY_FILE = f"{LHUTA_KAFKA}_KEY_FILE"
_MECHANISM = f"{LHUTA_KAFKA}_SASL_MECHANISM"
_USERNAME = f"{LHUTA_KAFKA}_SASL_USERNAME"
_PASSWORD = f"{LHUTA_KAFKA}_SASL_PASSWORD"
_PASSWORD_FILE = f"{LHUTA_KAFKA}_SASL_PASSWORD_FILE"
_PREFIX = f"{LHUTA_KAFKA}_TOPIC_PREFIX"

_PROTECTIONS: Sequence[Protection] = get_args(Protection)
_MECHANISMS: Sequence[Mechanism] = get_args(Mechanism)
_LONGEST_PREFIX = 200
_IN_TOPICS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

T = TypeVar("T")


class BadSetting(Exception):
    """A variable of the environment that cannot be used; the message names it and the cure."""


def broker(environment: Mapping[str, str]) -> Broker:
    """Return the cluster that LHUTA_KAFKA names, and how to come in.

    Raises BadSetting.
    """
    # A variable that is set to nothing is as good as none, as in compose files.
    given = {name: text for name, text in environment.items() if text}
    made = Broker(
        _servers(given),
        _one_of(given, _PROTECTION, _PROTECTIONS) or "PLAINTEXT",
        given.get(_CA_FILE),
        given.get(_CERTIFICATE_FILE),
        given.get(_KEY_FILE),
        _one_of(given, _MECHANISM, _MECHANISMS),
        given.get(_USERNAME),
        _password(given),
        _prefix(given),
    )
    _check(made)
    return made


def cure(setting: Setting) -> str:
    """Return what to do about a setting with which a cluster does not let us in."""
    match setting:
        case "password":
            return f"see {_USERNAME}, and what is in the file that {_PASSWORD_FILE} names"
        case "mechanism":
            return f"set {_MECHANISM} to one that the cluster takes for this user"
        case "authority":
            return (
                f"let {_CA_FILE} name the authority that signed the cluster's certificate, and "
                f"{LHUTA_KAFKA} the host as it stands there; or somebody else answers there"
            )
        case "certificate":
            return (
                f"let {_CERTIFICATE_FILE} and {_KEY_FILE} name a certificate that the cluster "
                "knows, and its key"
            )
        case _:
            assert_never(setting)


def _servers(given: Mapping[str, str]) -> tuple[str, ...]:
    servers = tuple(one.strip() for one in given.get(LHUTA_KAFKA, "").split(",") if one.strip())
    if not servers:
        raise BadSetting(
            f"{LHUTA_KAFKA} says where Kafka is, as host:port, several parted by commas: set it"
        )
    for server in servers:
        host, colon, port = server.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65_536):
            raise BadSetting(f"{LHUTA_KAFKA} names '{server}', which is not host:port")
    return servers


def _one_of(given: Mapping[str, str], name: str, known: Sequence[T]) -> T | None:
    """Return the one of some values that a variable names, None where it is not set."""
    found = given.get(name)
    for one in known:
        if found == one:
            return one
    if found is None:
        return None
    raise BadSetting(f"{name} is '{found}'; it is one of {', '.join(map(str, known))}")


def _password(given: Mapping[str, str]) -> str | None:
    file = given.get(_PASSWORD_FILE)
    if file is None:
        return given.get(_PASSWORD)
    if _PASSWORD in given:
        raise BadSetting(f"both {_PASSWORD} and {_PASSWORD_FILE} are set; keep one of them")
    try:
        return Path(file).read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{_PASSWORD_FILE} names {file}, which cannot be read: {error}") from error


def _prefix(given: Mapping[str, str]) -> str:
    prefix = given.get(_PREFIX, "")
    if len(prefix) > _LONGEST_PREFIX or not _IN_TOPICS.issuperset(prefix):
        raise BadSetting(
            f"{_PREFIX} cannot begin a topic's name; use up to {_LONGEST_PREFIX} of "
            "A-Z a-z 0-9 . _ -"
        )
    return prefix


def _check(broker: Broker) -> None:
    """Refuse settings that do not go together: what is asked for would not be done, in silence."""
    with_password = broker.protection.startswith("SASL_")
    named = (broker.mechanism, broker.username, broker.password)
    if with_password and None in named:
        raise BadSetting(
            f"{_PROTECTION} is {broker.protection}, which needs {_MECHANISM}, {_USERNAME} and "
            f"{_PASSWORD_FILE} as well"
        )
    if not with_password and any(one is not None for one in named):
        raise BadSetting(
            f"{_PROTECTION} is {broker.protection}, which uses no name and password; make it "
            f"SASL_SSL, or take {_MECHANISM}, {_USERNAME} and {_PASSWORD_FILE} away"
        )
    files = (broker.ca_file, broker.certificate_file, broker.key_file)
    if not broker.protection.endswith("SSL") and any(one is not None for one in files):
        raise BadSetting(
            f"{_PROTECTION} is {broker.protection}, which uses no certificates; make it SSL or "
            f"SASL_SSL, or take {_CA_FILE}, {_CERTIFICATE_FILE} and {_KEY_FILE} away"
        )
    for name, file in zip((_CA_FILE, _CERTIFICATE_FILE, _KEY_FILE), files, strict=True):
        if file is not None and not Path(file).is_file():
            raise BadSetting(f"{name} names {file}, and there is no such file")
    try:
        broker.tls()
    except OSError as error:
        raise BadSetting(
            f"what {_CA_FILE}, {_CERTIFICATE_FILE} and {_KEY_FILE} name cannot be used: {error}; "
            "they hold certificates and the key of ours as PEM, the key without a password"
        ) from error
