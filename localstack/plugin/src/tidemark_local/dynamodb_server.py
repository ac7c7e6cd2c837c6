"""DynamoDB Local from Maven's jars, started with the cloud: Lambdas talk to its port directly."""

import logging
from threading import Thread

from localstack.services.dynamodb.server import DynamodbServer
from localstack.utils.run import FuncThread, ShellCommandThread
from localstack.utils.threads import TMP_THREADS

from tidemark_local.settings import settings

LOG = logging.getLogger(__name__)
MAIN_CLASS = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"


def command(server: DynamodbServer) -> list[str]:
    jars = settings().dynamodb_jars
    return [
        f"{settings().java_home}/bin/java",
        f"-Xmx{server.heap_size}",
        f"-Djava.library.path={jars}",
        "-cp",
        f"{jars}/*",
        MAIN_CLASS,
        "-port",
        str(server.port),
        *(["-sharedDb"] if server.share_db else []),
        "-inMemory",
    ]


def patch() -> None:
    """LocalStack would download its own build with a patched start class; Maven's needs neither."""
    DynamodbServer.do_start_thread = _start_process


def start_in_background() -> None:
    Thread(target=DynamodbServer.get().start_dynamodb, name="dynamodb-local-start", daemon=True).start()


def endpoint() -> str:
    return f"http://127.0.0.1:{DynamodbServer.get().port}"


def is_up() -> bool:
    server = DynamodbServer.get()
    return server.is_running() and server.is_up()


def _start_process(server: DynamodbServer) -> FuncThread:
    process = ShellCommandThread(
        command(server),
        strip_color=True,
        log_listener=lambda line, **_: LOG.debug(line.rstrip()),
        auto_restart=True,
        name="dynamodb-local",
        env_vars={"DDB_LOCAL_TELEMETRY": "0"},
    )
    TMP_THREADS.append(process)
    process.start()
    return process
