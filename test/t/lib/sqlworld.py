"""
What a database has for random statements: its types, operators and functions,
the extension's functions, its relations and their columns.
"""

import copy
from collections import defaultdict, namedtuple

Type = namedtuple("Type", "oid name text kind element base labels members")
Column = namedtuple("Column", "name type generated")
Relation = namedtuple("Relation", "name kind columns")
Call = namedtuple("Call", "name arguments defaults names")

# Of pg_catalog; those of the test's own schemas come by themselves.
BUILTIN = ["bool", "int2", "int4", "int8", "numeric", "float4", "float8",
           "text", "varchar", "bpchar", "uuid", "timestamptz", "timestamp",
           "date", "interval", "jsonb", "json", "bytea", "int4range",
           "numrange"]
ARRAYS = ["text", "int4", "int8", "numeric", "bytea", "uuid", "jsonb"]

# What takes too long, changes what is not ours, or is part of an aggregate.
UNWANTED = (r"^(pg_|lo_|ts_|has_|binary_upgrade|query_to|table_to|schema_to"
            "|database_to|cursor_to|xml|repeat|lpad|rpad|generate_|factorial"
            "|power|pow|exp|numeric_power|numeric_exp|dexp|dpow|set_config"
            "|txid_|currtid|row_security_active|bitnormalize|sha)"
            "|^bpchar|^varchar|_pretty$|_accum|_inv$|_avg$|_sum$|_combine$"
            "|serialize$|stddev|var_")

TYPES = """
    SELECT t.oid, t.typname, format_type(t.oid, NULL),
        CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'a'
            ELSE t.typtype::text END,
        t.typelem, t.typbasetype,
        ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid
              ORDER BY enumsortorder),
        ARRAY(SELECT atttypid::int8 FROM pg_attribute
              WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
              ORDER BY attnum)
    FROM pg_type t
    WHERE t.typnamespace = 'pg_catalog'::regnamespace
            AND (t.typname = ANY (%s) OR t.typname = ANY (%s))
        OR t.typnamespace = 'public'::regnamespace AND t.typrelid = 0
        OR EXISTS (SELECT FROM pg_class c
                   WHERE c.oid = t.typrelid AND c.relkind = 'c'
                       AND c.relnamespace = 'public'::regnamespace)
    ORDER BY t.oid"""

OPERATORS = """
    SELECT o.oprname, o.oprleft, o.oprright, o.oprresult
    FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
    WHERE o.oprleft = ANY (%s) AND o.oprright = ANY (%s)
        AND o.oprresult = ANY (%s) AND p.provolatile <> 'v'
        AND o.oprname NOT IN ('^')
    ORDER BY o.oid"""

FUNCTIONS = """
    SELECT quote_ident(proname), proargtypes::oid[]::int8[], prorettype
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
        AND NOT proretset AND provolatile <> 'v' AND provariadic = 0
        AND proargtypes::oid[]::int8[] <@ %s::int8[] AND prorettype = ANY (%s)
        AND proname !~ %s AND pronargs > 0
    ORDER BY oid"""

AGGREGATES = """
    SELECT quote_ident(p.proname), p.proargtypes::oid[]::int8[], p.prorettype
    FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND a.aggkind = 'n'
        AND p.proargtypes::oid[]::int8[] <@ %s::int8[]
        AND p.prorettype = ANY (%s)
    ORDER BY p.oid"""

EXTENSION = """
    SELECT p.oid::regproc::text, p.proargtypes::oid[]::int8[],
        p.pronargdefaults, p.proargnames
    FROM pg_proc p JOIN pg_depend d
        ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid
    WHERE e.extname = 'cruddur_ddb'
    ORDER BY p.oid"""

RELATIONS = """
    SELECT format('%I.%I', n.nspname, c.relname), c.relkind::text,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(quote_ident(a.attname),
                a.atttypid::int8, a.attgenerated) ORDER BY a.attnum), '[]')
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
            AND NOT a.attisdropped)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'other')
        AND c.relkind IN ('r', 'f', 'v', 'm', 'p')
    ORDER BY 1"""


def parts(kind):
    """What its values are made of."""
    return {oid for oid in (kind.element * (kind.kind == "a"), kind.base,
                            *kind.members) if oid}


class World:
    """What statements are made of, as it was when it was read."""

    def __init__(self, run):
        """run(text, *values): the rows of a query, as tuples."""
        self.run = run
        self.read_types()
        self.read_calls()
        self.read()

    def read_types(self):
        arrays = ["_" + name for name in ARRAYS]
        found = {row[0]: Type(*row)
                 for row in self.run(TYPES, BUILTIN, arrays)}
        self.types = {oid: kind for oid, kind in found.items()
                      if parts(kind) <= set(found)}
        self.by_name = {made.name: made for made in self.types.values()}

    def read_calls(self):
        """Operators, functions and aggregates, by their result."""
        oids = list(self.types)
        self.operators = defaultdict(list)
        self.functions = defaultdict(list)
        self.aggregates = defaultdict(list)
        for name, left, right, result in self.run(OPERATORS, oids, oids, oids):
            self.operators[result].append((name, left, right))
        for name, arguments, result in self.run(FUNCTIONS, oids, oids,
                                                UNWANTED):
            self.functions[result].append((name, arguments))
        for name, arguments, result in self.run(AGGREGATES, oids, oids):
            self.aggregates[result].append((name, arguments))

    def read(self):
        """The relations, and the extension's functions."""
        self.relations = [
            Relation(name, kind, [Column(*column) for column in columns
                                  if column[1] in self.types])
            for name, kind, columns in self.run(RELATIONS)]
        self.relations = [r for r in self.relations if r.columns]
        self.extension = [Call(*row[:3], row[3] or [])
                          for row in self.run(EXTENSION)]

    def again(self, types=False):
        """The world as it is now; its types, too, if they are wanted."""
        world = copy.copy(self)
        if types:
            world.read_types()
        world.read()
        return world

    def of_kind(self, kinds):
        return [r for r in self.relations if r.kind in kinds]
