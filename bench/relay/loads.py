"""The loads: what is sent to a server, and what is measured meanwhile."""

import contextlib
import re
import resource
import subprocess
import time
from dataclasses import dataclass, field

from servers import LOAD_CORE, SECRET, pinned

# No load takes longer, unless something hangs.
TIME_LIMIT = 180


@dataclass
class Metric:
    """A figure of a load, and the bound that twocan's, divided by coturn's, is to keep."""

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
    commands: list = field(default_factory=list)


@contextlib.contextmanager
def running(command, **streams):
    """A process of the load, ended at the latest when the block ends."""
    process = subprocess.Popen(command, text=True, **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended_children_cpu():
    """Seconds on a core, by all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Uclient:
    """coturn's own client: 50 clients send a message of 1,000 bytes every 5 ms each."""

    def __init__(self, title, flags, metric, peer=False, tls=False):
        self.title = title
        self.flags = flags
        self.metrics = [metric]
        self.peer = peer
        self.tls = tls

    def run(self, server, tools, quick):
        port = server.tls_port if self.tls else server.port
        client = [
            tools.uclient, *self.flags, "-c", "-m", "50", "-l", "1000", "-z", "5",
            "-n", "200" if quick else "1000",
            "-W", SECRET, "-u", "bench", "-p", str(port),
        ]  # fmt: skip
        commands = [pinned(LOAD_CORE, client)]
        with contextlib.ExitStack() as peers:
            load_cpu = ended_children_cpu()
            if self.peer:
                client += ["-e", "127.0.0.1", "-r", str(server.peer_port)]
                peer = [tools.peer, "-L", "127.0.0.1", "-p", str(server.peer_port)]
                commands.append(pinned(LOAD_CORE, peer))
                peers.enter_context(running(commands[1], stdout=subprocess.DEVNULL))
            commands[0] = pinned(LOAD_CORE, [*client, "127.0.0.1"])
            spent = server.cpu_ns()
            said = subprocess.run(
                commands[0], capture_output=True, text=True, timeout=TIME_LIMIT, check=False
            ).stdout
            spent = server.cpu_ns() - spent
        load_cpu = ended_children_cpu() - load_cpu
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
        seconds = received / rate_of([received for _, received in counts[:-1]])
        return Measured(
            values=[spent / 1e3 / operations],
            done=received,
            tried=sent,
            rate=operations / seconds,
            load_cpu=load_cpu / seconds,
            commands=commands,
        )


def rate_of(counts):
    """Messages a second, in the fullest second of those that the client counted."""
    return max((late - early for early, late in zip([0, *counts], counts)), default=0) or 1


class Generator:
    """A load of this project's own generator, bench/relay/load."""

    def arguments(self, quick):
        raise NotImplementedError

    def values(self, server, spent_ns, done, seconds, rss_before):
        raise NotImplementedError

    def run(self, server, tools, quick):
        kind, *arguments = self.arguments(quick)
        command = pinned(LOAD_CORE, [
            tools.generator, kind, f"127.0.0.1:{server.port}", *arguments,
        ])  # fmt: skip
        rss = server.rss_kb()
        with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as load:
            expect(load, "start")
            before, spent = own_cpu(load), server.cpu_ns()
            done, tried, seconds = expect(load, "end")
            spent, load_cpu = server.cpu_ns() - spent, own_cpu(load) - before
            done, tried, seconds = int(done), int(tried), float(seconds)
            if done == 0:
                raise RuntimeError(f"nothing came back: {command}")
            # While the load is held.
            values = self.values(server, spent, done, seconds, rss)
        return Measured(
            values=values,
            done=done,
            tried=tried,
            rate=done / seconds,
            load_cpu=load_cpu / seconds,
            commands=[command],
        )
