"""An operator as small as can be: a Shop becomes a Deployment, and a webhook judges each Shop.

It makes its own certificate, and writes it into the webhook's configuration.
"""

import base64
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
NAMESPACE = open(f"{ACCOUNT}/namespace").read()
SERVER = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
LARGEST = int(os.environ["LARGEST"])
WEBHOOK = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{NAMESPACE}-shops"
CERTIFICATE, KEY = "/tmp/certificate", "/tmp/key"


def ask(path, method="GET", body=None, kind="application/apply-patch+yaml"):
    headers = {"Authorization": "Bearer " + open(f"{ACCOUNT}/token").read(), "Content-Type": kind}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"https://kubernetes.default.svc{path}", data, headers, method=method)
    with urllib.request.urlopen(request, context=SERVER, timeout=10) as answer:
        return json.load(answer)


def trust_certificate():
    bundle = base64.b64encode(open(CERTIFICATE, "rb").read()).decode()
    if ask(WEBHOOK)["webhooks"][0]["clientConfig"].get("caBundle") != bundle:
        change = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}]
        ask(WEBHOOK, "PATCH", change, "application/json-patch+json")
        print("wrote the certificate")


def open_shops():
    for shop in ask(f"/apis/example.com/v1/namespaces/{NAMESPACE}/shops")["items"]:
        open_shop(shop["metadata"], shop["spec"])


def open_shop(metadata, spec):
    name, labels = metadata["name"], {"app": metadata["name"]}
    owner = {"apiVersion": "example.com/v1", "kind": "Shop", "name": name, "uid": metadata["uid"], "controller": True}
    container = {"name": "worker", "image": spec["image"], "imagePullPolicy": "Never"}
    template = {
        "metadata": {"labels": labels, "annotations": metadata.get("annotations", {})},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {"replicas": spec["size"], "selector": {"matchLabels": labels}, "template": template},
    }
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}?fieldManager=operator&force=true"
    ask(path, "PATCH", deployment)


def work():
    while True:
        for task in (trust_certificate, open_shops):
            try:
                task()
            except urllib.error.HTTPError as error:
                if error.code != 404:  # not applied yet
                    print(error, error.read().decode())
        time.sleep(0.3)


class Webhook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = review["request"]
        verdict = {"uid": request["uid"], "allowed": request["object"]["spec"]["size"] <= LARGEST}
        if not verdict["allowed"]:
            verdict["status"] = {"message": f"a shop has at most {LARGEST} workers"}
        self.answer({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": verdict})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


host = f"operator.{NAMESPACE}.svc"
names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
files = ["-keyout", KEY, "-out", CERTIFICATE]
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names, *files], check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server = http.server.ThreadingHTTPServer(("", 8443), Webhook)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=work, daemon=True).start()
print("listening")
server.serve_forever()
