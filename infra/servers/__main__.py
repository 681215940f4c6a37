"""`python -m infra.servers kafka --data DIR`: a server in the foreground, until it is stopped."""

from pathlib import Path

import click

from infra.engine.stop import Stop
from infra.servers.kafka import VERSION, Kafka
from infra.servers.server import ServerFailed


@click.group()
def main() -> None:
    """Run a server that the engine needs, on this machine alone; Ctrl-C stops it."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Its data folder.")
@click.option("--port", type=int, default=9092, show_default=True, help="Where it listens.")
@click.option("--version", default=VERSION, show_default=True, help="The version of Kafka.")
def kafka(data: Path, port: int, version: str) -> None:
    """Run Apache Kafka from its jars, which Maven fetches the first time."""
    try:
        with Stop() as stop, Kafka(data, port, version) as server:
            click.echo(f"Kafka {version} listens on {server.address}; Ctrl-C stops it.")
            while not stop.wait(1) and server.running:
                pass
            if not stop.asked:
                raise ServerFailed(f"Kafka ended; see {data}/kafka.log")
    except ServerFailed as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m infra.servers")
