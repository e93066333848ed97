"""
Random tables of DynamoDB, foreign tables over them in schema f, and what
those must show, as ordinary tables in schema h.
"""

import re

from randomvalues import (DOCUMENT, FLAVOURS, KEY_FLAVOURS, NAMES,
                          key_value)
from reading import KINDS, Column, Misfit

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MANY_TRIES = 20


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def identifier(text):
    return '"' + text.replace('"', '""') + '"'


def path_option(path):
    """A document path as the column option has it."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += "[%d]" % step
        elif PLAIN_NAME.fullmatch(step):
            written += "." + step
        else:
            written += "." + identifier(step)
    return written[1:]


class Schema:
    """The keys by which a table or an index is read."""

    def __init__(self, kind, name, keys, projection):
        self.kind = kind
        self.name = name
        self.keys = keys
        self.projection = projection

    def definition(self):
        made = {"KeySchema": key_schema(self.keys)}
        if self.name:
            made["IndexName"] = self.name
            made["Projection"] = self.projection
        return made


def key_schema(keys):
    return [{"AttributeName": name, "KeyType": role}
            for name, role in zip(keys, ("HASH", "RANGE"))]


class DynamoTable:
    """A table with its items; complete: it has a sort key and an LSI."""

    def __init__(self, chance, name, nitems, filler=0, complete=False):
        self.chance = chance
        self.name = name
        self.flavours = {}
        self.keys = {}
        names = chance.sample(NAMES, len(NAMES))
        self.choose_keys(names, 2 if complete or chance.random() < 0.7 else 1)
        self.choose_attributes(names, chance.randint(6, 10))
        self.choose_indexes(1 if complete else 0)
        self.items = self.make_items(nitems, filler)

    def choose_keys(self, names, count):
        chance = self.chance
        keys = []
        for _ in range(count):
            name = names.pop()
            keys.append(name)
            self.keys[name] = chance.choice("SSSSNNB")
            self.flavours[name] = chance.choice(
                KEY_FLAVOURS[self.keys[name]])
        if count == 1:
            # There must be enough of them to tell items apart.
            self.keys[keys[0]] = chance.choice("SN")
            self.flavours[keys[0]] = {"S": "code", "N": "exact"}[
                self.keys[keys[0]]]
        self.schemas = [Schema("table", None, keys, None)]

    def choose_attributes(self, names, count):
        for name in names[:count]:
            self.flavours[name] = self.chance.choice(sorted(FLAVOURS))
        # So that there is always something to make a GSI of.
        self.flavours[names[0]] = "word"
        self.flavours[names[1]] = self.chance.choice(["code", "small"])
        self.flavours[names[2]] = "doc"

    def indexable(self):
        """Attributes that can be an index's key, and their types."""
        types = {flavour: kind for kind, flavours in KEY_FLAVOURS.items()
                 for flavour in flavours}
        return [(name, self.keys.get(name) or types[flavour])
                for name, flavour in self.flavours.items()
                if flavour in types]

    def choose_indexes(self, least_lsi):
        chance = self.chance
        able = dict(self.indexable())
        own = self.schemas[0].keys
        for i in range(chance.randint(1, 2)):
            keys = chance.sample(sorted(able), chance.choice([1, 2, 2]))
            self.schemas.append(Schema("gsi", "gsi-%d" % i, keys,
                                       self.projection(keys)))
        if len(own) == 2:
            # DynamoDB Local fails at an LSI whose key has a double quote, and
            # at two whose keys differ in case alone.
            others = [name for name in sorted(able) if name not in own
                      and '"' not in name and name != "Name"]
            for i in range(chance.randint(least_lsi, 2)):
                keys = [own[0], chance.choice(others)]
                self.schemas.append(Schema("lsi", "lsi-%d" % i, keys,
                                           self.projection(keys)))
        for schema in self.schemas:
            for name in schema.keys:
                self.keys[name] = able[name]

    def projection(self, keys):
        kind = self.chance.choice(["ALL", "ALL", "KEYS_ONLY", "INCLUDE"])
        made = {"ProjectionType": kind}
        if kind == "INCLUDE":
            others = [name for name in sorted(self.flavours)
                      if name not in keys + self.schemas[0].keys]
            made["NonKeyAttributes"] = self.chance.sample(others, 2)
        return made

    def projected(self, schema):
        """The attributes that items of an index have."""
        kind = (schema.projection or {}).get("ProjectionType", "ALL")
        if kind == "ALL":
            return sorted(self.flavours)
        return sorted({*self.schemas[0].keys, *schema.keys,
                       *schema.projection.get("NonKeyAttributes", ())})

    def make_items(self, count, filler):
        chance = self.chance
        own = self.schemas[0].keys
        pools = {name: [key_value(chance, self.flavours[name])
                        for _ in range(8)] for name in self.keys}
        items = {}
        for _ in range(count):
            item = {}
            for _ in range(MANY_TRIES):
                item = {name: self.own_key(name, pools) for name in own}
                if repr(item) not in items:
                    break
            items[repr(item)] = item
            self.fill(item, pools)
            if filler:
                item["filler"] = {"S": "x" * filler}
        # Numbers of one value in two forms are one key.
        return list(items.values())

    def own_key(self, name, pools):
        """Few different partitions, many different sort keys."""
        if name == self.schemas[0].keys[-1] and self.chance.random() < 0.8:
            return key_value(self.chance, self.flavours[name])
        return self.chance.choice(pools[name])

    def fill(self, item, pools):
        chance = self.chance
        for name, flavour in self.flavours.items():
            if name in item or chance.random() < 0.25:
                continue
            if name in self.keys:
                item[name] = chance.choice(
                    [*pools[name], key_value(chance, flavour)])
            elif chance.random() < 0.08:
                item[name] = {"NULL": True}
            else:
                item[name] = FLAVOURS[flavour].make(chance)

    def create(self, dynamodb):
        own = self.schemas[0]
        more = {}
        for kind, argument in (("gsi", "GlobalSecondaryIndexes"),
                               ("lsi", "LocalSecondaryIndexes")):
            made = [s.definition() for s in self.schemas if s.kind == kind]
            if made:
                more[argument] = made
        dynamodb.create_table(
            TableName=self.name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in sorted(self.keys.items())],
            **own.definition(), **more)
        for item in self.items:
            dynamodb.put_item(TableName=self.name, Item=item)

    def read(self, dynamodb, index):
        """Its items as boto3 has them."""
        where = {"IndexName": index} if index else {}
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=self.name, **where)
        return [item for page in pages for item in page["Items"]]


class Relation:
    """A foreign table, and the rows that it must have."""

    def __init__(self, chance, name, table, schema, strict):
        self.chance = chance
        self.name = name
        self.table = table
        self.schema = schema
        self.strict = strict
        self.columns = []
        # By schema that can be read: the columns of its keys.
        self.accesses = []

    def build(self, dynamodb):
        """Choose columns for what is in the table; compute the rows."""
        items = self.table.read(dynamodb, self.schema.name)
        attributes = self.table.projected(self.schema)
        for name in attributes:
            self.add_fitting(items, [name], self.table.flavours[name])
            if self.chance.random() < 0.3:
                self.add_fitting(items, [name], self.table.flavours[name])
            if self.table.flavours[name] == "doc":
                for path, flavour in self.chance.sample(DOCUMENT, 4):
                    self.add_fitting(items, [name, *path], flavour)
        if self.chance.random() < 0.4:
            self.add(Column("the whole", KINDS["item"], None,
                            {"attribute": "*"}), items)
        self.chance.shuffle(self.columns)
        self.rows = sorted(
            ([self.cell(column, item) for column in self.columns]
             for item in items), key=repr)
        for i, column in enumerate(self.columns):
            column.values = sorted({row[i] for row in self.rows
                                    if row[i] is not None})
        self.find_accesses()

    def add_fitting(self, items, path, flavour):
        """A column on this path, of a type that it may have."""
        flavour = FLAVOURS[flavour]
        for _ in range(MANY_TRIES):
            kinds = flavour.fits
            roll = self.chance.random()
            if not self.strict and roll < 0.4:
                kinds = flavour.near
            elif not self.strict and roll < 0.5:
                kinds = sorted(set(KINDS) - {"item"})
            if kinds and self.add(self.column(
                    KINDS[self.chance.choice(kinds)], path), items):
                return

    def column(self, kind, path):
        options = dict(kind.options)
        name = path[0]
        if len(path) > 1 or self.chance.random() < 0.5 or any(
                column.name == name for column in self.columns):
            options["attribute"] = path_option(path)
            name = "c%d" % len(self.columns)
        return Column(name, kind, path, options)

    def add(self, column, items):
        """False if the column would not fit and must."""
        if column.options.get("canonical") and not canonical(column, items):
            return False
        if self.strict and not all(fits(column, item) for item in items):
            return False
        self.columns.append(column)
        return True

    @staticmethod
    def cell(column, item):
        try:
            return column.read(item)
        except Misfit:
            column.misfits = True
            return None

    def find_accesses(self):
        """The columns of the keys by which it can be read."""
        schemas = [self.schema] if self.schema.name else self.table.schemas
        for schema in schemas:
            found = [[c for c in self.columns
                      if c.path == [key] and not c.kind.element]
                     for key in schema.keys]
            if all(found):
                self.accesses.append(
                    [self.chance.choice(columns) for columns in found])

    def ddl(self):
        """CREATE for both sides."""
        foreign, heap = [], []
        for column in self.columns:
            line = "%s %s" % (identifier(column.name), column.kind.ddl)
            options = ", ".join("%s %s" % (name, quote(value)) for name, value
                                in column.options.items())
            type_name, _, collate = line.partition(" COLLATE ")
            heap.append(line)
            foreign.append(type_name
                           + (" OPTIONS (%s)" % options if options else "")
                           + (" COLLATE " + collate if collate else ""))
        options = {"table_name": self.table.name,
                   "on_type_mismatch": "error" if self.strict else "null"}
        if self.schema.name:
            options["index_name"] = self.schema.name
        if self.chance.random() < 0.3:
            options["segments"] = self.chance.choice("123")
        if self.schema.kind != "gsi" and self.chance.random() < 0.3:
            options["consistent_read"] = "true"
        return ("CREATE FOREIGN TABLE f.%s (%s) SERVER cruddur OPTIONS (%s)"
                % (self.name, ", ".join(foreign), ", ".join(
                    "%s %s" % (k, quote(v)) for k, v in options.items())),
                "CREATE TABLE h.%s (%s)" % (self.name, ", ".join(heap)))

    def create(self, connection):
        with connection.cursor() as cursor:
            for statement in self.ddl():
                cursor.execute(statement)
            marks = ", ".join("%s" for _ in self.columns)
            for row in self.rows:
                cursor.execute("INSERT INTO h.%s VALUES (%s)"
                               % (self.name, marks), row)
            self.create_picks(cursor)
            cursor.execute("ANALYZE h.%s" % self.name)

    def create_picks(self, cursor):
        """Local tables of keys to join with: there, not there, NULL, twice."""
        for i, access in enumerate(self.accesses):
            columns = ["k%d %s" % (n, column.kind.ddl)
                       for n, column in enumerate(access)]
            name = "public.%s_%d" % (self.name, i)
            cursor.execute("CREATE TABLE %s (id int, %s)"
                           % (name, ", ".join(columns)))
            for n in range(self.chance.randint(5, 14)):
                cursor.execute(
                    "INSERT INTO %s VALUES (%%s%s)" % (
                        name, ", %s" * len(access)), [n, *self.pick(access)])
            cursor.execute("ANALYZE " + name)

    def pick(self, access):
        """Values for the columns of an access, together in a row mostly."""
        if self.rows and self.chance.random() < 0.6:
            row = self.chance.choice(self.rows)
            return [row[self.columns.index(column)] for column in access]
        return [self.chance.choice([*column.values[:20], None])
                for column in access]


def fits(column, item):
    try:
        column.read(item)
    except Misfit:
        return False
    return True


def canonical(column, items):
    """Is what the option promises true?"""
    values = [item.get(column.path[0], {}).get("S") for item in items]
    return len(column.path) == 1 and all(
        value is None or re.fullmatch(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value)
        for value in values)
