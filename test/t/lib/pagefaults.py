"""
Behaviours for faults.Faults that change what a page is, as DynamoDB may at
any time. The requests they change are signed no more, so they need a server
that does not check signatures.
"""

import json

from faults import made


def changed(exchange, body):
    """Let the real server do this request instead."""
    exchange.request.body = json.dumps(body).encode()
    exchange.request.headers["content-length"] = str(
        len(exchange.request.body))
    return exchange.relay(gzip_allowed=False)


def narrowed(items):
    """Pages of so many items of a Query or Scan at most."""
    def act(exchange):
        body = exchange.request.json()
        if exchange.request.operation in ("Query", "Scan"):
            body["Limit"] = min(items, body.get("Limit", items))
        return exchange.send(changed(exchange, body))
    return act


def partly(keys):
    """So many keys of a BatchGetItem; the rest are unprocessed."""
    def act(exchange):
        body = exchange.request.json()
        (table, asked), = body["RequestItems"].items()
        rest = dict(asked, Keys=asked["Keys"][keys:])
        answer = {"Responses": {table: []}}
        if keys:
            body["RequestItems"][table] = dict(asked,
                                               Keys=asked["Keys"][:keys])
            answer = json.loads(changed(exchange, body).body)
        answer["UnprocessedKeys"] = {table: rest} if rest["Keys"] else {}
        return exchange.send(made(200, answer))
    return act
