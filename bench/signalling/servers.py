"""The two servers: how each is started, and how one sees that it is ready."""

import pathlib
import socket

from measuring import Server

REFERENCE = pathlib.Path(__file__).resolve().parent / "reference"


class WebServer(Server):
    """A server of Socket.IO, over HTTP or over HTTPS."""

    def __init__(self, program, scratch, tls=False):
        super().__init__(program, scratch)
        self.tls = tls
        self.cert, self.key = f"{scratch}/cert.pem", f"{scratch}/key.pem"

    def answers(self):
        socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()


class Twocan(WebServer):
    name = "twocan"
    # The reference has no log; warnings would be worth a look.
    environment = {"TWOCAN_LOG": "warn"}

    def command(self):
        address = f"127.0.0.1:{self.port}"
        plain, secure = ("off", address) if self.tls else (address, "off")
        return [
            self.program, "serve", "--http", plain, "--https", secure, "--turn", "off", "--limits", "off",
            *(["--tls-cert", self.cert, "--tls-key", self.key] if self.tls else []),
        ]  # fmt: skip


class Reference(WebServer):
    name = "reference"
    environment = {"NODE_ENV": "production"}

    def command(self):
        secure = [self.cert, self.key] if self.tls else []
        return [self.program, str(REFERENCE / "server.js"), str(self.port), *secure]
