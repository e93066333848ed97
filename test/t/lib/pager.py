"""Paging as a user of the functions does it, by `before`."""

MESSAGES = "SELECT * FROM cruddur_list_messages('bayko', %s, %s, %s)"
GROUPS = "SELECT * FROM cruddur_list_message_groups(%s, %s, %s)"
# Against paging that never ends.
ENOUGH = 5000


def read_messages(bed, group, size):
    """Page through a group, newest page first; all rows, oldest first."""
    rows, before = [], None
    while True:
        page = bed.query(MESSAGES, group, size, before)
        if not page or len(rows) > ENOUGH:
            return rows
        rows = page + rows
        before = page[0].created_at


def read_groups(bed, handle, size):
    rows, before = [], None
    while True:
        page = bed.query(GROUPS, handle, size, before)
        if not page or len(rows) > ENOUGH:
            return rows
        rows += page
        before = page[-1].created_at
