"""The tab behind a real port, so that a browser can open it, with the emulator's sign-in over https."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from secure_emulator import SecureEmulator
from tab_world import World, tab_world


@contextmanager
def served_tab(secure: SecureEmulator, folder: Path) -> Iterator[tuple[World, str]]:
    """A world whose tab answers at the address that is given with it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/tab"
        with tab_world(secure, folder, TASKING_TAB_URL=url) as world:
            server = uvicorn.Server(uvicorn.Config(world.host.application, log_level="error", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            try:
                yield world, url
            finally:
                server.should_exit = True
                thread.join(timeout=10)
