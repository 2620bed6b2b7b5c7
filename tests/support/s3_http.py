"""HTTP as s3-proxy needs it: heads of requests and answers, and connections with what was read ahead."""
import os
import select
import socket
import struct
import urllib.parse

OPERATIONS = {
    "PUT ?partNumber": "UploadPart",
    "PUT ?retention": "PutObjectRetention",
    "PUT object": "PutObject",
    "PUT bucket": "CreateBucket",
    "POST ?uploads": "CreateMultipartUpload",
    "POST ?uploadId": "CompleteMultipartUpload",
    "POST ?delete": "DeleteObjects",
    "DELETE ?uploadId": "AbortMultipartUpload",
    "DELETE object": "DeleteObject",
    "HEAD object": "HeadObject",
    "HEAD bucket": "HeadBucket",
    "GET ?uploads": "ListMultipartUploads",
    "GET ?uploadId": "ListParts",
    "GET ?list-type": "ListObjectsV2",
    "GET object": "GetObject",
}
PIPE = 1 << 20


class Ended(Exception):
    """This connection serves no more."""


class Head:
    """The first line and the fields of a request or an answer."""

    def __init__(self, raw):
        self.line, *lines = raw.decode("latin-1").split("\r\n")
        split = (line.partition(":") for line in lines if line)
        self.fields = [(name.lower(), value.strip()) for name, _, value in split]

    def get(self, name):
        return next((value for key, value in self.fields if key == name), "")

    def drop(self, *names):
        self.fields = [field for field in self.fields if field[0] not in names]

    def encode(self):
        lines = [self.line] + [f"{name}: {value}" for name, value in self.fields]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")


class Request(Head):
    def __init__(self, raw):
        super().__init__(raw)
        self.method, self.target, _ = self.line.split(" ", 2)
        path, _, query = self.target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.length = int(self.get("content-length") or 0)
        self.operation = self.named()

    def named(self):
        at = "object" if self.path.lstrip("/").partition("/")[2] else "bucket"
        keys = [f"{self.method} ?{name}" for name in self.query] + [f"{self.method} {at}"]
        return next((OPERATIONS[key] for key in keys if key in OPERATIONS), self.method)


class Answer(Head):
    def __init__(self, raw, body=b""):
        super().__init__(raw)
        self.status = int(self.line.split(" ")[1])
        self.length = 0
        self.body = bytearray(body)

    @classmethod
    def error(cls, status, code):
        body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'.encode()
        retry = "\r\nRetry-After: 1" if code == "SlowDown" else ""
        head = f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}{retry}"
        return cls(head.encode(), body)

    @classmethod
    def web_page(cls):
        body = b"<!DOCTYPE html><html><title>Log in</title></html>"
        return cls(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}".encode(), body)


class Stream:
    """A connection, with what was read ahead of its use."""

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.ahead = b""

    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise Ended
        self.ahead += got

    def until(self, mark):
        while mark not in self.ahead:
            self.more()
        text, _, self.ahead = self.ahead.partition(mark)
        return text

    def take(self, size):
        body = bytearray(size)
        done = min(size, len(self.ahead))
        body[:done], self.ahead = self.ahead[:done], self.ahead[done:]
        with memoryview(body) as view:
            while done < size:
                got = self.sock.recv_into(view[done:])
                if got == 0:
                    raise Ended
                done += got
        return body

    def take_chunks(self):
        body = bytearray()
        while size := int(self.until(b"\r\n").partition(b";")[0], 16):
            body += self.take(size)
            self.until(b"\r\n")
        while self.until(b"\r\n"):
            pass
        return body

    def pass_on(self, size, to, pipe):
        """The next `size` bytes go to the stream `to`, without a look at them."""
        first, self.ahead = self.ahead[:size], self.ahead[size:]
        to.sock.sendall(first)
        size -= len(first)
        while size > 0:
            held = os.splice(self.sock.fileno(), pipe[1], min(size, PIPE))
            if held == 0:
                raise Ended
            size -= held
            while held > 0:
                held -= os.splice(pipe[0], to.sock.fileno(), held)

    def is_over(self, seconds):
        """Has the other side ended it, or does so within that time?"""
        readable = select.select([self.sock], [], [], seconds)[0]
        try:
            return bool(readable) and not self.sock.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def end(self, abruptly):
        if abruptly:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Ended
