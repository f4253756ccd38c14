"""OpenStreetMap files and an Overpass server made by hand."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


def _tagged(tags):
    return "".join(f"<tag k='{k}' v='{v}'/>" for k, v in tags.items())


def write_osm(path, nodes, ways=None, relations=None):
    """Nodes {id: (lon, lat[, tags])}, ways {id: (refs, tags)}, relations {id: ({way: role}, tags)}."""
    lines = ["<osm version='0.6'>"]
    for number, (lon, lat, *tags) in nodes.items():
        lines.append(f"<node id='{number}' lon='{lon}' lat='{lat}'>{_tagged(tags[0] if tags else {})}</node>")
    for number, (refs, tags) in (ways or {}).items():
        lines.append(f"<way id='{number}'>" + "".join(f"<nd ref='{ref}'/>" for ref in refs) + _tagged(tags) + "</way>")
    for number, (members, tags) in (relations or {}).items():
        inner = "".join(f"<member type='way' ref='{ref}' role='{role}'/>" for ref, role in members.items())
        lines.append(f"<relation id='{number}'>{inner}{_tagged(tags)}</relation>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def elements(nodes, ways=None, relations=None):
    """The same town as Overpass answers it."""
    found = [
        {"type": "node", "id": k, "lon": lon, "lat": lat} | ({"tags": dict(tags[0])} if tags else {})
        for k, (lon, lat, *tags) in nodes.items()
    ]
    found += [
        {"type": "way", "id": k, "nodes": list(refs)} | ({"tags": dict(tags)} if tags else {})
        for k, (refs, tags) in (ways or {}).items()
    ]
    for k, (members, tags) in (relations or {}).items():
        inner = [{"type": "way", "ref": ref, "role": role} for ref, role in members.items()]
        found.append({"type": "relation", "id": k, "members": inner, "tags": dict(tags)})
    return found


@contextmanager
def overpass():
    """Give the address of a server, the paths it was asked for, and the state that makes its answer."""
    asked, state = [], {"code": 200, "elements": [], "question": ""}

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, body, code=200):
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            asked.append(self.path)
            self._answer(
                b"Connected as: 1\nCurrent time: now\nAnnounced endpoint: none\nRate limit: 2\n2 slots available now.\n"
            )

        def do_POST(self):
            state["question"] = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(self.path)
            self._answer(json.dumps({"elements": state["elements"]}).encode(), state["code"])

        def log_message(self, *_):
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/api", asked, state
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
