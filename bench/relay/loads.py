"""The loads: what is sent to a server, and what is measured meanwhile."""

import contextlib
import re
import subprocess
from dataclasses import dataclass

from measuring import LOAD_CORE, cpu_seconds, expect, pinned, running
from servers import SECRET


@dataclass
class Metric:
    """A figure of a load, and the bound for twocan's divided by coturn's."""

    name: str
    target: str = ""


@dataclass
class Measured:
    """What one run of a load showed."""

    values: list  # one for each metric of the load
    done: int  # messages that arrived, or requests that were answered
    tried: int
    rate: float  # done a second
    load_cpu: float  # share of a core that making the load took
    commands: list
    others: float = 0  # share of all cores that other programs took


class Uclient:
    """coturn's own client: 50 clients send a message of 1,000 bytes every 5 ms each."""

    def __init__(self, title, flags, metric, peer=False, tls=False):
        self.title = title
        self.flags = flags
        self.metrics = [metric]
        self.peer = peer
        self.tls = tls

    def run(self, server, tools, quick):
        client = [
            tools.uclient, *self.flags, "-c", "-m", "50", "-l", "1000", "-z", "5",
            "-n", "200" if quick else "1000",
            "-W", SECRET, "-u", "bench", "-p", str(server.tls_port if self.tls else server.port),
        ]  # fmt: skip
        commands = []
        if self.peer:
            client += ["-e", "127.0.0.1", "-r", str(server.peer_port)]
            peer = [tools.peer, "-L", "127.0.0.1", "-p", str(server.peer_port)]
            commands.append(pinned(LOAD_CORE, peer))
        commands.append(pinned(LOAD_CORE, [*client, "127.0.0.1"]))
        said = ""
        with contextlib.ExitStack() as stack:
            spent = server.cpu_ns()
            *peers, client = [
                stack.enter_context(running(command, stdout=subprocess.PIPE))
                for command in commands
            ]
            for line in client.stdout:
                said += line
                # Its last line but one; soon it has ended, and its times are gone.
                if "Total lost packets" in line:
                    load_cpu = sum(map(cpu_seconds, [*peers, client]))
            spent = server.cpu_ns() - spent
        # The client counts once a second, and at the end.
        counts = [
            (int(sent), int(received))
            for sent, received in re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", said)
        ]
        if not counts or counts[-1][1] == 0:
            raise RuntimeError(f"nothing came back to turnutils_uclient:\n{said[-2000:]}")
        sent, received = counts[-1]
        # With an echo, a message is relayed to the peer and back: two operations.
        operations = sent + received if self.peer else received
        seconds = received / rate_of([received for _, received in counts])
        return Measured(
            values=[spent / 1e3 / operations],
            done=received,
            tried=sent,
            rate=operations / seconds,
            load_cpu=load_cpu / seconds,
            commands=commands,
        )


def rate_of(counts):
    """Messages a second, in the fullest second that the client counted."""
    return max(late - early for early, late in zip([0, *counts], counts))


class Generator:
    """A load of this project's own generator, which stands in `load/`."""

    def arguments(self, quick):
        """The generator's arguments: the kind of load, then those behind the server's address."""
        raise NotImplementedError

    def values(self, spent_ns, done, seconds, rss_before, rss_after):
        """The figures. The memory is in KiB."""
        raise NotImplementedError

    def run(self, server, tools, quick):
        kind, *arguments = self.arguments(quick)
        address = f"127.0.0.1:{server.port}"
        command = pinned(LOAD_CORE, [tools.generator, kind, address, *arguments])
        rss_before = server.rss_kb()
        with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as load:
            expect(load, "start")
            spent, load_cpu = -server.cpu_ns(), -cpu_seconds(load)
            done, tried, seconds = expect(load, "end")
            spent, load_cpu = spent + server.cpu_ns(), load_cpu + cpu_seconds(load)
            rss_after = server.rss_kb()
        done, tried, seconds = int(done), int(tried), float(seconds)
        if done == 0:
            raise RuntimeError(f"nothing came back to {command}")
        return Measured(
            values=self.values(spent, done, seconds, rss_before, rss_after),
            done=done,
            tried=tried,
            rate=done / seconds,
            load_cpu=load_cpu / seconds,
            commands=[command],
        )


class Stream(Generator):
    """Calls, each with two ends that send frames, which are runs of equal packets."""

    def __init__(self, title, other, calls, packets, size, frames, metric):
        self.title = title
        self.metrics = [metric]
        self.flags = [
            "--secret", SECRET, "--calls", str(calls), "--other", other,
            "--packets", str(packets), "--bytes", str(size), "--frames", str(frames),
        ]  # fmt: skip

    def arguments(self, quick):
        return ["stream", *self.flags, "--seconds", "1" if quick else "5"]

    def values(self, spent_ns, done, seconds, rss_before, rss_after):
        return [spent_ns / 1e3 / done]


class Allocate(Generator):
    """5,000 allocations, 32 requests at a time."""

    title = "5,000 allocations"
    metrics = [
        Metric("allocations a second", "> 1"),
        Metric("CPU µs an allocation", "< 1"),
        Metric("memory of each, KiB", "< 1"),
    ]

    def arguments(self, quick):
        count = "500" if quick else "5000"
        return ["allocate", "--secret", SECRET, "--count", count, "--parallel", "32"]

    def values(self, spent_ns, done, seconds, rss_before, rss_after):
        return [done / seconds, spent_ns / 1e3 / done, (rss_after - rss_before) / done]


class Flood(Generator):
    """Allocate requests without credentials, each from another address."""

    title = "500,000 spoofed Allocate requests"
    metrics = [
        Metric("memory before, MiB"),
        Metric("memory after, MiB"),
        Metric("CPU µs an answered request"),
    ]

    def arguments(self, quick):
        return ["flood", "--count", "50000" if quick else "500000", "--rate", "12500"]

    def values(self, spent_ns, done, seconds, rss_before, rss_after):
        return [rss_before / 1024, rss_after / 1024, spent_ns / 1e3 / done]


MESSAGE, OPERATION, PACKET = "CPU µs a message", "CPU µs an operation", "CPU µs a packet"

# A picture's frame at 1.5 Mbit/s and 30 frames a second has 6,250 bytes: five packets. 20 calls.
VIDEO = {"calls": 20, "packets": 5, "size": 1200, "frames": 20 * 2 * 30}

# The same 5,000 packets a second, spread over more and more allocations.
ALLOCATIONS = [1, 50, 500, 2000]
SPREAD = [
    Stream(
        f"the same load by {count} allocation{'s' if count > 1 else ''}",
        "direct", calls=count, packets=1, size=1000, frames=5000, metric=Metric(PACKET),
    )
    for count in ALLOCATIONS
]  # fmt: skip

# By the names that select them.
LOADS = {
    "relay": [Uclient("relay to relay, channels", ["-y"], Metric(MESSAGE, "≤ 0.40"))],
    "peer": [
        Uclient("echo peer, channels", [], Metric(OPERATION, "≤ 0.70"), peer=True),
        Uclient("echo peer, Send and Data", ["-s"], Metric(OPERATION, "≤ 0.65"), peer=True),
    ],
    "tcp": [Uclient("relay to relay, TCP", ["-y", "-t"], Metric(MESSAGE, "≤ 0.70"))],
    "tls": [Uclient("relay to relay, TLS", ["-y", "-t", "-S"], Metric(MESSAGE, "≤ 0.70"), tls=True)],
    "video": [
        Stream("video, relay to relay", "relayed", metric=Metric(PACKET, "≤ 0.50"), **VIDEO),
        Stream("video, with an outside peer", "direct", metric=Metric(PACKET, "≤ 0.50"), **VIDEO),
    ],
    "allocations": [Allocate()],
    "spread": SPREAD,
    "flood": [Flood()],
}
