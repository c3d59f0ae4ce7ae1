"""ClickHouse's HTTP interface on loopback, in front of the same engine within this process."""

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qsl, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

INSERT = re.compile(rb"INSERT INTO (\S+) \(([^)]*)\) FORMAT RowBinary\n")


@contextmanager
def serve(engine: str) -> Iterator[str]:
    """Serve the engine of that chdb:// URL; yields the URL of the server."""
    client = clickhouse_connect.get_client(dsn=engine)
    one_at_a_time = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            try:
                with one_at_a_time:
                    self._tell(200, self._asked(asked, body))
            except ClickHouseError as error:
                self._tell(500, str(error).encode())

        def _asked(self, asked: dict[str, str], body: bytes) -> bytes:
            if insert := INSERT.match(body):
                table, columns = insert[1].decode(), insert[2].decode()
                names = [name.strip(" `") for name in columns.split(",")]
                client.raw_insert(table, names, body[insert.end() :], fmt="RowBinary")
                return b""
            values = {
                name.removeprefix("param_"): value
                for name, value in asked.items()
                if name.startswith("param_")
            }
            return client.raw_query(body.decode(), values)

        def _tell(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"clickhouse://127.0.0.1:{server.server_port}/default"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
