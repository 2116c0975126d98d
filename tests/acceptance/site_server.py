"""A server for a built site that behaves like the published one: the same path, and a page for missing addresses."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from site_folder import published_path


class Published(SimpleHTTPRequestHandler):
    """Serves a site below a path, without a line for each request."""

    def __init__(self, *arguments: object, path: str, **further: object) -> None:
        self.below = path
        super().__init__(*arguments, **further)

    def translate_path(self, path: str) -> str:
        """Map an address to a file; files outside the site do not exist."""
        if not urlsplit(path).path.startswith(self.below):
            return str(Path(self.directory) / "nothing-is-here")
        return super().translate_path("/" + urlsplit(path).path.removeprefix(self.below))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a missing address with the site's page for it."""
        if code != HTTPStatus.NOT_FOUND:
            super().send_error(code, message, explain)
            return
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # A browser whose page was closed no longer waits for the answer.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Log nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a site on this machine, and yield the address of its first page's folder."""
    path = published_path(folder)
    handler = functools.partial(Published, directory=str(folder), path=path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{path}"
    server.shutdown()
    server.server_close()
    thread.join()
