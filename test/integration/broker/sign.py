"""Signs what comes on standard input: an independent signer, by Debian's python3-jwcrypto.

usage: sign.py compact|general KEY_FILE [KEY_FILE ...]
"""

import json
import sys

from jwcrypto import jwk, jws

ALGORITHMS = {"OKP": "EdDSA", "EC": "ES256", "oct": "HS256"}

form, *paths = sys.argv[1:]
token = jws.JWS(sys.stdin.buffer.read())
for path in paths:
    with open(path, encoding="utf-8") as file:
        values = json.load(file)
    header = {"alg": ALGORITHMS[values["kty"]], "kid": values["kid"]}
    token.add_signature(jwk.JWK(**values), None, json.dumps(header))
if form == "general" and len(paths) == 1:
    # With one signature jwcrypto writes the flattened form.
    flat = json.loads(token.serialize())
    payload = flat.pop("payload")
    print(json.dumps({"payload": payload, "signatures": [flat]}), end="")
else:
    print(token.serialize(compact=form == "compact"), end="")
