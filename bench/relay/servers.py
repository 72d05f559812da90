"""The two servers: how each is started, and how one sees that it is ready."""

import socket

from measuring import Server, free_port

SECRET = "bench"

# A STUN Binding request: whoever answers it is ready.
BINDING = bytes.fromhex("000100002112a442") + b"twocan-bench"


class StunServer(Server):
    """A server of STUN and TURN."""

    def __init__(self, program, scratch):
        super().__init__(program, scratch)
        self.peer_port = free_port()

    def answers(self):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.connect(("127.0.0.1", self.port))
            client.send(BINDING)
            client.recv(2048)


class Twocan(StunServer):
    name = "twocan"

    def command(self):
        return [
            self.program, "serve", "--http", "off", "--https", "off",
            "--turn", f"127.0.0.1:{self.port}",
            "--turn-tls", f"127.0.0.1:{self.tls_port}",
            "--tls-cert", f"{self.scratch}/cert.pem", "--tls-key", f"{self.scratch}/key.pem",
            "--turn-secret", SECRET, "--relay-threads", "1",
            "--allow-peer", "127.0.0.0/8", "--limits", "off",
        ]  # fmt: skip


class Coturn(StunServer):
    name = "coturn"

    def command(self):
        return [
            self.program, "-n", "--no-cli", "--no-dtls", "-m", "1",
            "--listening-ip", "127.0.0.1", "--listening-port", str(self.port),
            "--tls-listening-port", str(self.tls_port),
            "--cert", f"{self.scratch}/cert.pem", "--pkey", f"{self.scratch}/key.pem",
            "--relay-ip", "127.0.0.1", "--allow-loopback-peers",
            "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm", "twocan",
            "--log-file", "/dev/null", "--no-stdout-log",
            "--pidfile", f"{self.scratch}/coturn.pid", "--userdb", f"{self.scratch}/coturn.db",
        ]  # fmt: skip
