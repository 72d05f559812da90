"""The Python client against the examples, by each of its ways to connect."""

import queue
import threading
import time
import unittest

import engineio
import socketio
from servers import Example

# Nothing here takes nearly as long; what takes longer hangs.
PATIENCE = 10


class OneByOne(engineio.Client):
    """Handles one message after the other; else each has a thread of its own, and a busy machine mixes them up."""

    def _trigger_event(self, event, *args, **options):
        return super()._trigger_event(event, *args, **{**options, "run_async": False})


class Client(socketio.Client):
    """A client whose events wait until they are asked for."""

    def __init__(self, **options):
        super().__init__(reconnection_delay=0.05, reconnection_delay_max=0.2, **options)
        self.heard = queue.Queue()

    def _engineio_client_class(self):
        return OneByOne

    def listen(self, *events, namespace="/"):
        for event in events:
            self.on(event, self._note(event), namespace=namespace)

    def _note(self, event):
        return lambda *args: self.heard.put((event, *args))

    def next(self):
        return self.heard.get(timeout=PATIENCE)


class Cases:
    """What holds for each way to connect; `transports` is what the client is told to use."""

    transports = None
    ends_on = "websocket"
    # The client takes a close by polling as the last word, whoever the server is.
    comes_back_after_close = True

    def start(self, name, *flags, **options):
        server = Example(name, *flags, **options)
        self.addCleanup(server.stop)
        return server

    def connect(self, server, *, auth=None, namespaces=("/",), **options):
        client = Client(**options)
        for namespace in namespaces:
            client.listen("auth", "message-back", "disconnect", namespace=namespace)
        # Those that a namespace refuses, or that end by themselves, are not connected any more.
        self.addCleanup(client.disconnect)
        client.connect(
            server.url,
            transports=self.transports,
            auth=auth,
            namespaces=list(namespaces),
            wait_timeout=PATIENCE,
        )
        return client

    def test_connects_and_is_told_its_auth(self):
        server = self.start("echo")
        client = self.connect(server, auth={"token": "abc", "list": [1, 2]})
        self.assertEqual(client.next(), ("auth", {"token": "abc", "list": [1, 2]}))
        self.assertEqual(client.transport(), self.ends_on)
        self.assertEqual(self.connect(server).next(), ("auth", {}))

    def test_several_arguments_come_back(self):
        client = self.connect(self.start("echo"))
        client.next()
        for args in [(), (1, "zwei €😀\x1e", {"b": [True, None], "a": 1.5}, [], "")]:
            client.emit("message", args)
            self.assertEqual(client.next(), ("message-back", *args))

    def test_events_come_back_in_their_order(self):
        client = self.connect(self.start("echo"))
        client.next()
        for n in range(1000):
            client.emit("message", n)
        for n in range(1000):
            self.assertEqual(client.next(), ("message-back", n))

    def test_binary_comes_back_in_events_and_acknowledgements(self):
        client = self.connect(self.start("echo"))
        client.next()
        args = ({"deep": [b"\x00\x01\xff"]}, "text", bytes(70_000))
        client.emit("message", args)
        self.assertEqual(client.next(), ("message-back", *args))
        self.assertEqual(tuple(client.call("message-with-ack", args, timeout=PATIENCE)), args)

    def test_the_server_acknowledges(self):
        client = self.connect(self.start("echo"))
        acknowledged = client.call("message-with-ack", {"a": 1}, timeout=PATIENCE)
        self.assertEqual(acknowledged, {"a": 1})
        acknowledged = client.call("message-with-ack", (1, "two"), timeout=PATIENCE)
        self.assertEqual(tuple(acknowledged), (1, "two"))

    def test_the_client_acknowledges(self):
        client = self.connect(self.start("exercise"))
        client.on("question", lambda question: ({"echoed": question}, 2))
        client.listen("answered")
        client.emit("ask", {"bytes": b"\x01\x02\x03"})
        self.assertEqual(client.next(), ("answered", {"echoed": {"bytes": b"\x01\x02\x03"}}, 2))

    def test_several_namespaces_share_a_session(self):
        client = self.connect(
            self.start("echo"), auth={"who": "me"}, namespaces=("/", "/custom")
        )
        self.assertEqual([client.next(), client.next()], [("auth", {"who": "me"})] * 2)
        self.assertNotEqual(client.get_sid("/"), client.get_sid("/custom"))
        for namespace in ["/custom", "/"]:
            client.emit("message", namespace, namespace=namespace)
            self.assertEqual(client.next(), ("message-back", namespace))

    def test_an_unknown_namespace_is_refused(self):
        with self.assertRaisesRegex(socketio.exceptions.ConnectionError, "namespaces failed"):
            self.connect(self.start("echo"), namespaces=("/unknown",))

    def test_the_server_tells_why_it_refuses(self):
        refused = queue.Queue()
        client = Client()
        client.on("connect_error", refused.put, namespace="/private")
        with self.assertRaises(socketio.exceptions.ConnectionError):
            client.connect(
                self.start("exercise").url, transports=self.transports, namespaces=["/private"]
            )
        expected = {"message": "not you", "data": {"status": 401}}
        self.assertEqual(refused.get(timeout=PATIENCE), expected)

    def test_the_client_disconnects(self):
        server = self.start("exercise")
        client = self.connect(server)
        socket = server.call()["socket"]
        client.emit("last")
        # What it has not sent yet, the client drops.
        self.assertEqual(server.call(), {"call": "event", "name": "last", "args": []})
        client.disconnect()
        ended = server.call()
        self.assertEqual((ended["call"], ended["socket"]), ("disconnect", socket))
        self.assertEqual(client.next(), ("disconnect", client.reason.CLIENT_DISCONNECT))

    def test_the_server_disconnects(self):
        server = self.start("exercise")
        client = self.connect(server)
        client.emit("leave")
        self.assertEqual(client.next(), ("disconnect", client.reason.SERVER_DISCONNECT))

    def test_the_server_closes_the_session(self):
        server = self.start("exercise")
        client = self.connect(server)
        first = client.get_sid()
        client.listen("connect")
        client.emit("drop")
        self.assertEqual(client.next()[0], "disconnect")
        if self.comes_back_after_close:
            self.assertEqual(client.next(), ("connect",))
            self.assertNotEqual(client.get_sid(), first)

    def test_the_client_comes_back_after_a_restart(self):
        server = self.start("echo")
        client = self.connect(server, auth={"again": True})
        self.assertEqual(client.next(), ("auth", {"again": True}))
        server.stop()
        self.assertEqual(client.next()[0], "disconnect")
        self.start("echo", port=server.port)
        self.assertEqual(client.next(), ("auth", {"again": True}))
        client.emit("message", "still here")
        self.assertEqual(client.next(), ("message-back", "still here"))

    def test_pings_are_answered(self):
        server = self.start("exercise", "--ping-interval", "100", "--ping-timeout", "400")
        client = self.connect(server)
        time.sleep(1)
        self.assertTrue(client.connected)
        client.emit("still here")
        self.assertEqual(server.call()["call"], "connect")
        self.assertEqual(server.call()["name"], "still here")

    def test_a_flood_is_delivered(self):
        client = self.connect(self.start("exercise"))
        complete = threading.Event()
        drops = []

        def count(drop):
            drops.append(len(drop))
            if len(drops) == 1000:
                complete.set()

        client.on("water", count)
        client.emit("flood", 1000)
        self.assertTrue(complete.wait(PATIENCE))
        self.assertEqual(drops, [1000] * 1000)


class Polling(Cases, unittest.TestCase):
    transports = ["polling"]
    ends_on = "polling"
    comes_back_after_close = False


class WebSocket(Cases, unittest.TestCase):
    transports = ["websocket"]


class Upgrade(Cases, unittest.TestCase):
    """Polling first, then WebSocket, as the client does when it is told nothing."""


if __name__ == "__main__":
    unittest.main()
