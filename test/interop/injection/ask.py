"""Serves one request, asks for it, and ends. Knows nothing of OpenTelemetry."""

import http.server
import threading
import urllib.request


class Carts(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Carts)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/carts").status)
server.shutdown()
