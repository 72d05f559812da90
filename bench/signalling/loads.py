"""The loads: what clients do with a server, and what is measured meanwhile."""

import operator
import subprocess
import threading
from dataclasses import dataclass, field

from measuring import LOAD_CORE, TIME_LIMIT, cpu_seconds, expect, pinned, running

# Calls a second, and enough rooms for a second in which nothing comes to its end.
PACE = ["--rate", "200", "--rooms", "200"]

BOUNDS = {"≤": operator.le, "≥": operator.ge}


@dataclass
class Metric:
    """A figure of a load, and what is to be reached."""

    name: str
    sign: str = ""  # of BOUNDS
    bound: float = 0
    ratio: bool = True  # whether the bound is for twocan's divided by the reference's

    def target(self):
        return f"{self.sign} {self.bound:g}{' ×' if self.ratio else ''}" if self.sign else ""

    def verdict(self, value, ratio):
        if not self.sign:
            return ""
        met = BOUNDS[self.sign](ratio if self.ratio else value, self.bound)
        return "met" if met else "**missed**"


@dataclass
class Measured:
    """What one run of a load showed."""

    values: list  # one for each metric of the load
    server_cpu: float  # share of a core
    load_cpu: float
    command: list
    memory: list = field(default_factory=list)  # KiB, once a second
    others: float = 0  # share of all cores that other programs took


class Load:
    """A load of the generator, which stands in `load/`."""

    tls = False

    def arguments(self, server, quick):
        """The generator's arguments: the kind of load, then those behind the server's address."""
        raise NotImplementedError

    def values(self, spent_ns, grown_kb, done, seconds, rest):
        """The figures. What the generator reports last comes as `rest`."""
        raise NotImplementedError

    def run(self, server, tools, quick, time_limit=TIME_LIMIT):
        kind, *arguments = self.arguments(server, quick)
        command = pinned(
            LOAD_CORE, [tools.generator, kind, f"127.0.0.1:{server.port}", *arguments]
        )
        rss = server.rss_kb()
        pipe = subprocess.PIPE
        with running(command, time_limit, stdin=pipe, stdout=pipe) as load:
            expect(load, "start")
            spent, load_cpu = -server.cpu_ns(), -cpu_seconds(load)
            with Memory(server) as memory:
                done, due, seconds, *rest = map(float, expect(load, "end"))
            spent, load_cpu = spent + server.cpu_ns(), load_cpu + cpu_seconds(load)
            grown = server.rss_kb() - rss
        if done < due:
            raise RuntimeError(f"{server.name}: {done:.0f} of {due:.0f} came to their end: {command}")
        return Measured(
            values=self.values(spent, grown, done, seconds, rest),
            server_cpu=spent / 1e9 / seconds,
            load_cpu=load_cpu / seconds,
            command=command,
            memory=memory.samples,
        )


class Memory:
    """Looks at a server's memory once a second."""

    def __init__(self, server):
        self.server = server
        self.samples = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.over.wait(1):
            self.samples.append(self.server.rss_kb())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Calls(Load):
    """As many calls as the server takes, in 64 rooms at a time."""

    def __init__(self, title, flags, rate, cpu):
        self.title = title
        self.flags = flags
        self.metrics = [
            Metric("calls a second", "≥", rate),
            Metric("CPU µs a call", "≤", cpu),
        ]

    def arguments(self, server, quick):
        time = ["--warm-up", "1", "--seconds", "1"] if quick else ["--warm-up", "3", "--seconds", "10"]
        return ["calls", *self.flags, *time]

    def values(self, spent_ns, grown_kb, done, seconds, rest):
        return [done / seconds, spent_ns / 1e3 / done]


class Paced(Load):
    """200 calls a second."""

    title = "200 calls a second"
    metrics = [
        Metric("relay p50, µs"),
        Metric("relay p99, µs", "≤", 0.5),
        Metric("CPU µs a call"),
    ]

    def arguments(self, server, quick):
        time = ["--warm-up", "1", "--seconds", "1"] if quick else ["--warm-up", "3", "--seconds", "10"]
        return ["calls", *PACE, *time]

    def values(self, spent_ns, grown_kb, done, seconds, rest):
        return [*rest, spent_ns / 1e3 / done]


class Idle(Load):
    """10,000 sockets that only stay, for longer than a ping takes to come to each."""

    def __init__(self, title, bound, tls=False):
        self.title = title
        self.tls = tls
        self.metrics = [Metric("memory of each, KB", "≤", bound, ratio=False)]

    def arguments(self, server, quick):
        count, seconds = ("500", "1") if quick else ("10000", "30")
        tls = ["--tls", server.cert] if self.tls else []
        return ["idle", "--count", count, "--seconds", seconds, *tls]

    def values(self, spent_ns, grown_kb, done, seconds, rest):
        return [grown_kb * 1.024 / done]


class Soak(Load):
    """10,000 idle sockets, and 200 calls a second, for five minutes."""

    title = "10,000 idle sockets and 200 calls a second"

    def arguments(self, server, quick):
        idle, seconds = ("500", "10") if quick else ("10000", "300")
        return ["calls", *PACE, "--idle", idle, "--warm-up", "5", "--seconds", seconds]

    def values(self, spent_ns, grown_kb, done, seconds, rest):
        return [done, *rest]


# By the names that select them.
LOADS = {
    "kept": Calls("calls on kept connections", [], rate=3.0, cpu=0.33),
    "fresh": Calls("calls on fresh connections", ["--fresh"], rate=4.5, cpu=0.25),
    "paced": Paced(),
    "idle": Idle("10,000 idle sockets", bound=8),
    "idle-tls": Idle("10,000 idle sockets over TLS", bound=20, tls=True),
}
