"""The two servers: how each is started, watched and stopped."""

import contextlib
import pathlib
import socket
import subprocess
import time

SECRET = "bench"
SERVER_CORE = 0
LOAD_CORE = 1

# A STUN Binding request: whoever answers it is ready.
BINDING = bytes.fromhex("000100002112a442") + b"twocan-bench"


def pinned(core, command):
    return ["taskset", "-c", str(core), *command]


def free_port():
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        tcp.bind(udp.getsockname())
        return udp.getsockname()[1]


class Server:
    """A server that runs while a `with` block does."""

    name = ""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = scratch
        self.port = free_port()
        self.tls_port = free_port()
        self.peer_port = free_port()

    def command(self):
        raise NotImplementedError

    def __enter__(self):
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, self.command()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.scratch / "stderr").open("wb"),
        )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until_ready(self):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.connect(("127.0.0.1", self.port))
            for _ in range(50):
                if self.process.poll() is not None:
                    said = (self.scratch / "stderr").read_text(errors="replace")
                    raise RuntimeError(f"{self.name} did not start:\n{said}")
                try:
                    client.send(BINDING)
                    client.recv(2048)
                    # What a start leaves to be done later is no part of the load.
                    time.sleep(0.5)
                    return
                except OSError:
                    time.sleep(0.1)
        raise RuntimeError(f"{self.name} does not answer on port {self.port}")

    def cpu_ns(self):
        """Nanoseconds on a core, by all threads, as the kernel's scheduler counts them."""
        total = 0
        for thread in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # It has just ended.
                total += int((thread / "schedstat").read_text().split()[0])
        return total

    def rss_kb(self):
        """Resident memory in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


class Twocan(Server):
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


class Coturn(Server):
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
