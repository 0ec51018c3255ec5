"""
The storage of a hub whose connections carry no more than so many bytes a second. The kernel paces them (SO_MAX_PACING_RATE,
socket(7) of Linux), packet by packet as a real line does and at no cost in a program of its own, which on the same processors
would be found as the downloader's. In Python since neither nginx nor Bun can set that option.

  python3 paced-origin.py PORT FOLDER BYTES_PER_S
"""

import os
import re
import socket
import sys
import threading

# asm-generic/socket.h; Python has no name for it.
SO_MAX_PACING_RATE = 47
PIECE_BYTES = 128 * 1024
RANGE = re.compile(r"^range: *bytes=(\d+)-(\d*)", re.IGNORECASE | re.MULTILINE)


def heads(connection):
    """Each request's head, for as long as the connection lives; none of them has a body."""
    pending = b""
    while True:
        while b"\r\n\r\n" not in pending:
            more = connection.recv(65536)
            if not more:
                return
            pending += more
        head, pending = pending.split(b"\r\n\r\n", 1)
        yield head.decode("latin1")


def send(connection, file, head):
    size = os.fstat(file.fileno()).st_size
    asked = RANGE.search(head)
    first = int(asked[1]) if asked else 0
    end = min(int(asked[2]) + 1, size) if asked and asked[2] else size
    status = "206 Partial Content" if asked else "200 OK"
    span = f"Content-Range: bytes {first}-{end - 1}/{size}\r\n" if asked else ""
    connection.sendall(
        f'HTTP/1.1 {status}\r\n{span}Content-Length: {end - first}\r\nAccept-Ranges: bytes\r\nETag: "one"\r\n\r\n'.encode()
    )
    at = end if head.startswith("HEAD ") else first
    while at < end:
        at += os.sendfile(connection.fileno(), file.fileno(), at, min(end - at, PIECE_BYTES))


def serve(connection, folder, rate):
    connection.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, rate)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        try:
            for head in heads(connection):
                name = os.path.basename(head.split(" ", 2)[1])
                with open(os.path.join(folder, name), "rb") as file:
                    send(connection, file, head)
        except ConnectionError:
            # The downloader hung up, as it may.
            pass


def main(port, folder, rate):
    server = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection, folder, rate), daemon=True).start()


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
