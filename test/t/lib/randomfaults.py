"""
A service that mostly works: lib/faults with a fault now and then, and answers
that were changed on the way.
"""

import functools
import json

import faults
from oddvalues import document, maybe
from userpool import paged, user

EXCEPTIONS = ["ProvisionedThroughputExceededException",
              "TransactionConflictException", "ValidationException",
              "ConditionalCheckFailedException", "ExpiredTokenException",
              "TransactionCanceledException", "ResourceNotFoundException",
              "AccessDeniedException", "InternalServerError", ""]
# Of requests that pass a server of this kind.
SHARE = 0.06
POOL = [[user("andrewbrown", "sub-a"), user("bayko", None)],
        [user(None, "sub-x"), user("londo", "sub-l"), user("bayko", "sub-b")]]


def changed(chance, exchange):
    """The right answer with a part cut, doubled or of another kind."""
    reply = exchange.relay(gzip_allowed=False)
    body = reply.body
    start = chance.randint(0, len(body))
    end = min(len(body), start + chance.choice([0, 1, 5, 100]))
    middle = chance.choice([b"", b"\0", b"\xff", b'"', b"{", b"]", b"9" * 50,
                            body[start:end] * 2, b"null", b"\\ud800"])
    return exchange.send(faults.made(reply.status,
                                     body[:start] + middle + body[end:]))


def replaced(chance, exchange):
    """Something else altogether."""
    body = document(chance)
    if maybe(chance, 0.5):
        body = json.dumps({chance.choice(
            ["Items", "Item", "Responses", "Table", "LastEvaluatedKey",
             "UnprocessedItems", "UnprocessedKeys", "Count", "Attributes",
             "ShardIterator", "Records", "StreamDescription"]): body})
    return exchange.send(faults.made(chance.choice([200, 200, 400, 500]),
                                     body.encode("utf-8", "replace")))


def refused(chance, exchange):
    name = chance.choice(EXCEPTIONS)
    return faults.refused(name, status=chance.choice([400, 400, 500, 503])
                          )(exchange)


class RandomFaults(faults.Faults):
    """
    chance: of its own, as requests come in an order of their own; lies: may
    what it answers be wrong?
    """

    def __init__(self, upstream, chance, lies):
        super().__init__(upstream)
        self.chance = chance
        self.ways = [faults.reset(), faults.hung_up(), faults.truncated(),
                     faults.applied_then_cut(), faults.wrong_crc(),
                     faults.gzipped(), faults.closed_after(),
                     faults.delayed(0.05)]
        ways = [changed, replaced, refused] if lies else [refused]
        self.ways += 2 * [functools.partial(way, chance) for way in ways]
        self.users = paged(POOL)

    def choose(self, request):
        if maybe(self.chance, SHARE):
            return self.chance.choice(self.ways)
        if request.operation == "ListUsers":
            return self.users
        return faults.passed_on()
