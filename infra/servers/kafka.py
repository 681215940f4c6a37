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
import time
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType

from infra.servers.server import LOOPBACK, ServerFailed, free_port, tail

VERSION = "4.3.1"
HOME = "LHUTA_KAFKA_HOME"

_START_SECONDS = 60
_STOP_SECONDS = 30
_FETCH_SECONDS = 600
_LOOK_SECONDS = 0.05
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


class Kafka:
    """A broker with its data in a folder; a context manager.

    It can be killed at any point and started again on the same data and port.
    """

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
        self._data = data
        self._port = free_port() if port is None else port
        self._advertised = self._port if advertised is None else advertised
        self._version = version
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return where clients reach it, as `bootstrap.servers` has it."""
        return f"{LOOPBACK}:{self._advertised}"

    @property
    def pid(self) -> int:
        """Return the id of its process; 0 where it does not run."""
        return 0 if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether its process is alive."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> "Kafka":
        """Return it, started."""
        if self._process is None:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start it, and return when it answers; raises ServerFailed."""
        if _listens(self._port):
            raise ServerFailed(f"port {self._port} is taken; give another one")
        java = [_java(), "-cp", str(jars(self._version) / "*"), *self._settings()]
        properties = str(self._data / "server.properties")
        if not (self._data / "logs" / "meta.properties").exists():
            _format([*java, "kafka.tools.StorageTool"], properties)
        with (self._data / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(
                [java[0], *_OPTIONS, *java[1:], "kafka.Kafka", properties],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for whoever runs it; that one stops it in its turn.
                start_new_session=True,
            )
        self._wait(self._process)

    def stop(self) -> None:
        """Let it end what it does, and end it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _settings(self) -> list[str]:
        """Write what it reads at its start, and return what Java must be told of it."""
        self._data.mkdir(parents=True, exist_ok=True)
        logging = self._data / "log4j2.properties"
        logging.write_text(_LOGGING, "utf-8")
        (self._data / "server.properties").write_text(
            _PROPERTIES.format(
                host=LOOPBACK,
                port=self._port,
                advertised=self._advertised,
                # Only its own controller connects there, so it may be another port each time.
                controller=free_port(),
                logs=(self._data / "logs").resolve(),
            ),
            "utf-8",
        )
        return [f"-Dlog4j2.configurationFile={logging.resolve()}"]

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not _serves(self._port):
            if process.poll() is not None or time.monotonic() > until:
                self.kill()
                said = tail((self._data / "kafka.log").read_text("utf-8", "replace"))
                raise ServerFailed(f"Kafka did not start; its log ends with:\n{said}")
            time.sleep(_LOOK_SECONDS)


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
