"""The two servers: how each is started, watched and stopped."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

SECRET = "bench"
SERVER_CORE = 0
LOAD_CORE = 1

# A STUN Binding request: whoever answers is ready.
BINDING = bytes.fromhex("000100002112a442") + b"twocan-bench"


def pinned(core, command):
    return ["taskset", "-c", str(core), *command]


def cpu_ns(pid):
    """Nanoseconds on a core, by all threads of a process, as the kernel counts them."""
    total = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # A thread that has just ended.
    return total


def rss_kb(pid):
    """Resident memory in KiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has ended")


def free_port():
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        tcp.bind(udp.getsockname())
        return udp.getsockname()[1]


class Server:
    """A running server; `with` starts and stops it."""

    name = ""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = scratch
        self.port = free_port()
        self.tls_port = free_port()

    def __enter__(self):
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, self.command()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
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
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def wait_until_ready(self):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            client.connect(("127.0.0.1", self.port))
            for _ in range(50):
                if self.process.poll() is not None:
                    said = self.process.stderr.read().decode(errors="replace")
                    raise RuntimeError(f"{self.name} did not start: {said}")
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
        return cpu_ns(self.process.pid)

    def rss_kb(self):
        return rss_kb(self.process.pid)

    def command(self):
        raise NotImplementedError

    def version(self):
        raise NotImplementedError


class Twocan(Server):
    name = "twocan"

    def command(self):
        return [
            self.program, "serve",
            "--http", "off", "--https", "off",
            "--turn", f"127.0.0.1:{self.port}",
            "--turn-tls", f"127.0.0.1:{self.tls_port}",
            "--tls-cert", f"{self.scratch}/cert.pem",
            "--tls-key", f"{self.scratch}/key.pem",
            "--turn-secret", SECRET,
            "--relay-threads", "1",
            "--allow-peer", "127.0.0.0/8",
            "--limits", "off",
        ]  # fmt: skip

    def version(self):
        return first_line([self.program, "--version"])


class Coturn(Server):
    name = "coturn"

    def command(self):
        return [
            self.program, "-n", "--no-cli", "--no-dtls",
            "-m", "1",
            "--listening-ip", "127.0.0.1", "--listening-port", str(self.port),
            "--tls-listening-port", str(self.tls_port),
            "--cert", f"{self.scratch}/cert.pem",
            "--pkey", f"{self.scratch}/key.pem",
            "--relay-ip", "127.0.0.1", "--allow-loopback-peers",
            "--use-auth-secret", f"--static-auth-secret={SECRET}",
            "--realm", "twocan",
            "--log-file", "/dev/null", "--no-stdout-log",
            "--pidfile", f"{self.scratch}/coturn.pid",
            "--userdb", f"{self.scratch}/coturn.db",
        ]  # fmt: skip

    def version(self):
        return f"coturn {first_line([self.program, '--version'])}"


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def find(program, how_to_get_it):
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"{program} is missing: {how_to_get_it}.")
    return os.path.abspath(found)
