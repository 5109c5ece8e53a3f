"""A client in another language, written from the contract alone: one job, and the event that ends it.

pika_client.py URL HOST [RULESET REVISION] < RULES
"""

import json
import sys
import uuid
from datetime import datetime, timezone

import pika

url, host_id = sys.argv[1:3]
name, revision = sys.argv[3:5] if len(sys.argv) > 3 else ("edge", "1")
rules = sys.stdin.read()

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()

# Subscribe before publishing, or the answer may be missed.
queue = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(queue, "fleetwall.events", host_id + ".job.completed.*")

job_id = str(uuid.uuid4())
job = {
    "apiVersion": "fleetwall/v1",
    "id": job_id,
    "action": "apply",
    "issuedAt": datetime.now(timezone.utc).isoformat(),
    "target": {"hosts": [host_id]},
    "ruleset": {"name": name, "revision": int(revision), "ipv4": rules},
    "somethingNew": {"that": "readers ignore"},
}
channel.basic_publish(
    "fleetwall.jobs",
    "host." + host_id,
    json.dumps(job),
    pika.BasicProperties(content_type="application/json", message_id=job_id, delivery_mode=2),
    mandatory=True,
)

for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=30):
    if body is None:
        sys.exit("no answer")
    event = json.loads(body)
    if event["subject"] == job_id:
        print(json.dumps({"event": event, "contentType": properties.content_type, "headers": properties.headers}))
        break
connection.close()
