"""Receives webhooks and verifies their signature (Standard Webhooks): SIGNING_SECRET=whsec_… PORT=8080 python3 receiver.py"""

import base64
import hashlib
import hmac
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["SIGNING_SECRET"].removeprefix("whsec_"))
# Older ones may have been recorded and sent again by somebody else. Every attempt is signed anew.
TOLERANCE_SECONDS = 300
MOST_BYTES = 256 * 1024

# Ids of webhooks that were dealt with; in a real receiver a unique column of its database.
KNOWN = set()


def is_genuine(headers, body, now):
    """The body is bytes: parsed and written again, it would no longer be what was signed."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    digest = hmac.new(KEY, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    # During a rotation there are several, and one that fits is enough.
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(signature, expected) for signature in given)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > MOST_BYTES:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body, time.time()):
            return self.answer(401)
        message_id = self.headers["webhook-id"]
        # The same webhook may come twice. It is answered as the first time, and nothing is done again.
        if message_id not in KNOWN:
            print(message_id, body.decode(), flush=True)
        KNOWN.add(message_id)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """One line for each request is none of this example's business."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver)
    print("ready", flush=True)
    server.serve_forever()
