"""
The access keys of the tests. The signature-checking proxy knows no others.
"""

SECRETS = {
    "local": "local",
    "AKIDTESTWITNESS": "S3cret/of+the=tests.never.to.be.seen",
}
