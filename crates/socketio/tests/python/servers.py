"""Starts the examples that the client talks to, each on a port of localhost."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parents[4]
ECHO = pathlib.Path(os.environ.get("TWOCAN_ECHO", ROOT / "target/debug/examples/echo"))


class Example:
    """An example that runs until it is stopped; port 0 takes a free one."""

    def __init__(self, name, *flags, port=0):
        program = ECHO.with_name(name)
        if not program.exists():
            message = f"{program}: run 'cargo build -p twocan-socketio --examples' first"
            raise FileNotFoundError(message)
        self.process = subprocess.Popen(
            [program, *flags, "--port", str(port)], stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        self.port = int(self.url.rpartition(":")[2])

    def call(self):
        """The next call of the handler, as the example `exercise` prints it."""
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
