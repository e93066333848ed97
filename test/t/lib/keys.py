"""
The access keys of the tests. The signature-checking proxy knows no others.
"""

# In every secret of the tests; the logs of their servers are searched for it.
MARK = "to.be.seen"

# The second is one of temporary credentials: it goes with its token only.
WITNESS = "AKIDTESTWITNESS"
BED = "AKIDTESTBED"

SECRETS = {
    "local": "local",
    # what test/sql has
    "AKIDTESTSQL": "S3cret.never.to.be.seen",
    BED: "S3cret/of+most.programs.never.to.be.seen",
    WITNESS: "S3cret/of+the=tests.never.to.be.seen",
}

TOKENS = {
    WITNESS: "t0ken+never/to.be.seen=",
}

# Since when, in seconds since 1970, a key is not good any more.
EXPIRY = {}
