"""What every benchmark needs: servers and loads on cores of their own, the kernel's accounts, figures."""

import contextlib
import os
import pathlib
import platform
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]

SERVER_CORE = 0
LOAD_CORE = 1

# Seconds after which a load is ended: none takes as long, unless something hangs.
TIME_LIMIT = 180

TICKS = os.sysconf("SC_CLK_TCK")


def prepare():
    """What has to be so before anything is started; returns how many files may be open."""
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("server and load need a core each, and this machine has one.")
    # Whoever ends this program ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def build(*packages):
    """Builds packages of this project; returns the folder of the programs."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for package in packages:
        command = ["cargo", "build", "--release", "--locked", "-p", package]
        subprocess.run(command, cwd=ROOT, check=True)
    return target / "release"


def make_certificate(scratch):
    """`cert.pem` and `key.pem` for 127.0.0.1."""
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", scratch / "key.pem", "-out", scratch / "cert.pem",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


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
    environment = {}

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = scratch
        self.port = free_port()
        self.tls_port = free_port()

    def command(self):
        raise NotImplementedError

    def answers(self):
        """Whether it answers; raises OSError if not."""
        raise NotImplementedError

    def __enter__(self):
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, self.command()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.scratch / "stderr").open("wb"),
            env={**os.environ, **self.environment},
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
        for _ in range(100):
            if self.process.poll() is not None:
                said = (self.scratch / "stderr").read_text(errors="replace")
                raise RuntimeError(f"{self.name} did not start:\n{said}")
            try:
                self.answers()
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


@contextlib.contextmanager
def running(command, time_limit=TIME_LIMIT, **streams):
    """A process of the load. It ends at the latest when the block does, or at the time limit."""
    process = subprocess.Popen(command, text=True, **streams)
    limit = threading.Timer(time_limit, process.kill)
    limit.start()
    try:
        yield process
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def expect(load, word):
    """What follows a word in the generator's next line."""
    first, *rest = load.stdout.readline().split() or [""]
    if first != word:
        raise RuntimeError("the load generator failed; its message stands above")
    return rest


def cpu_seconds(process):
    """Seconds on a core by all threads of a process, those included that have ended."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


class Others:
    """The share of the machine's cores that was taken by what this program did not start."""

    def __enter__(self):
        self.begun, self.used = time.monotonic(), self.foreign_seconds()
        return self

    def __exit__(self, *_):
        used = self.foreign_seconds() - self.used
        self.share = max(0, used / (time.monotonic() - self.begun) / os.cpu_count())

    def foreign_seconds(self):
        user, nice, system, _idle, _iowait, irq, softirq, *_ = map(
            int, pathlib.Path("/proc/stat").read_text().split()[1:9]
        )
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = (user + nice + system + irq + softirq) / TICKS
        return busy - children.ru_utime - children.ru_stime


def print_machine(*programs):
    """What it was measured on; `programs` are lines about the others."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"- {os.cpu_count()} cores, {model[1] if model else platform.machine()}")
    print(f"- Linux {platform.release()}, load average {os.getloadavg()[0]:.1f} at the end")
    for line in programs:
        print(f"- {line}")
    print(f"- the servers on core {SERVER_CORE}, the load on core {LOAD_CORE}")


def revision():
    return first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"])


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def spread(values):
    """The median, with the lowest and the highest if there are several."""
    if len(values) == 1:
        return show(values[0])
    return f"{show(statistics.median(values))} ({show(min(values))} to {show(max(values))})"


def show(value):
    """Three digits, or all of a larger number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
