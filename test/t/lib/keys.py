"""
The access keys of the tests. The signature-checking proxy knows no others.
"""

# The second is one of temporary credentials: it goes with its token only.
WITNESS = "AKIDTESTWITNESS"

SECRETS = {
    "local": "local",
    WITNESS: "S3cret/of+the=tests.never.to.be.seen",
}

TOKENS = {
    WITNESS: "t0ken+never/to.be.seen=",
}

# Since when, in seconds since 1970, a key is not good any more.
EXPIRY = {}
