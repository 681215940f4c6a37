"""A real Apache Kafka from its jars: one node on the loopback interface, data in a folder.

Kafka's own distribution serves as well, where LHUTA_KAFKA_HOME names its folder: all that is
needed of either are the jars in `libs`.
"""

import base64
import os
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from infra.servers.server import LOOPBACK, Server, ServerFailed, free_port, tail

VERSION = "4.3.1"
HOME = "LHUTA_KAFKA_HOME"

_FETCH_SECONDS = 600
_OPTIONS = ("-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

_METADATA_REQUEST = struct.pack(">hhihi", 3, 0, 1, -1, 0)
"""Metadata, version 0, of all topics: every broker since 0.8 knows it."""

_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.stdout.ref = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %p %m (%c)%n
"""

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
# After a crash the controller waits for the end of this session before the broker may return.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=10485760
"""


class Kafka(Server):
    """A broker."""

    called = "Kafka"

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        version: str = VERSION,
        advertised: int | None = None,
    ) -> None:
        """Describe a broker; without a port a free one is taken, and kept over restarts.

        `advertised` is the port that clients are sent to, where that is another one.
        """
        super().__init__(data, port)
        self._advertised = self._port if advertised is None else advertised
        self._version = version

    @property
    def address(self) -> str:
        """Return where clients reach it, as `bootstrap.servers` has it."""
        return f"{LOOPBACK}:{self._advertised}"

    def start(self) -> None:
        """Start it, and return when it answers; raises ServerFailed."""
        if _listens(self._port):
            raise ServerFailed(f"port {self._port} is taken; give another one")
        java = [_java(), "-cp", str(jars(self._version) / "*"), *self._settings()]
        properties = str(self._folder / "server.properties")
        if not (self._folder / "logs" / "meta.properties").exists():
            _format([*java, "kafka.tools.StorageTool"], properties)
        self._run([java[0], *_OPTIONS, *java[1:], "kafka.Kafka", properties])

    def _answers(self, pid: int) -> bool:
        return _serves(self._port)

    def _settings(self) -> list[str]:
        """Write what it reads at its start, and return what Java must be told of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        logging = self._folder / "log4j2.properties"
        logging.write_text(_LOGGING, "utf-8")
        (self._folder / "server.properties").write_text(
            _PROPERTIES.format(
                host=LOOPBACK,
                port=self._port,
                advertised=self._advertised,
                # Only its own controller connects there, so it may be another port each time.
                controller=free_port(),
                logs=self._folder / "logs",
            ),
            "utf-8",
        )
        return [f"-Dlog4j2.configurationFile={logging}"]


def jars(version: str = VERSION) -> Path:
    """Return the folder of Kafka's jars, fetched by Maven the first time.

    Raises ServerFailed where there are none and they cannot be fetched.
    """
    home = os.environ.get(HOME)
    if home:
        if not list(Path(home, "libs").glob("kafka_*.jar")):
            raise ServerFailed(f"{HOME} is {home}, and there are no jars of Kafka in {home}/libs")
        return Path(home, "libs")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    libs = cache / "lhuta" / f"kafka-{version}" / "libs"
    if not libs.is_dir():
        _fetch(version, libs)
    return libs


def _fetch(version: str, libs: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerFailed(
            "Kafka's jars are not here and Maven (`mvn`) is not installed to fetch them; install "
            f"it (on Debian: apt-get install maven), or name Kafka's folder in {HOME}"
        )
    libs.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=libs.parent) as half,
        as_file(files("infra.servers") / "pom.xml") as pom,
    ):
        try:
            done = subprocess.run(
                [
                    maven,
                    "--batch-mode",
                    "--quiet",
                    f"--file={pom}",
                    "dependency:copy-dependencies",
                    "-DincludeScope=runtime",
                    f"-Dkafka.version={version}",
                    f"-DoutputDirectory={half}/libs",
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerFailed(f"Maven did not fetch Kafka in {_FETCH_SECONDS} s") from error
        if done.returncode:
            said = tail(done.stdout.decode(errors="replace"))
            raise ServerFailed(f"Maven could not fetch Kafka {version}; it said:\n{said}")
        # Somebody else may have fetched them meanwhile; theirs are as good.
        if not libs.is_dir():
            Path(half, "libs").rename(libs)


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise ServerFailed(
            "Kafka needs Java 17 or newer; install it "
            "(on Debian: apt-get install openjdk-17-jre-headless)"
        )
    return java


def _format(tool: list[str], properties: str) -> None:
    cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    done = subprocess.run(
        [*tool, "format", f"--cluster-id={cluster}", f"--config={properties}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = tail((done.stdout + done.stderr).decode(errors="replace"))
        raise ServerFailed(f"Kafka's data folder could not be made ready; it said:\n{said}")


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def _serves(port: int) -> bool:
    """Tell whether the broker names itself: before that, it takes connections and no requests."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA_REQUEST)) + _METADATA_REQUEST)
            with connection.makefile("rb") as answer:
                head = answer.read(12)
    except OSError:
        return False
    if len(head) < 12:
        return False
    brokers: int = struct.unpack(">iii", head)[2]
    return brokers > 0
