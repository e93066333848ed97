"""
All that the system catalogs say of what was made in a database: every row of
every catalog, with names in place of oids. So two databases were made alike if
and only if what is found of them is equal.

Left out is what tells how an object came to be and not what it is: storage,
statistics, where in a row dropped columns were.
"""

import collections
import re

# What a database is born with has lower ones (FirstNormalObjectId).
FIRST_OID = 16384

CATALOGS = """
SELECT c.oid::regclass::text AS name,
    array_agg(a.attname::text ORDER BY a.attnum) AS columns,
    array_agg(a.atttypid::regtype::text ORDER BY a.attnum) AS types
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
    AND NOT c.relisshared AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relname NOT IN ('pg_statistic', 'pg_largeobject')
GROUP BY c.oid ORDER BY 1"""

REFERENCES = """
SELECT fktable::text, fkcols[1] AS fkcol, pktable::text, is_array
FROM pg_get_catalog_foreign_keys() WHERE cardinality(fkcols) = 1"""

# Columns that name an object of any catalog: of the catalog, its oid, its part.
NAMED = {
    "pg_depend": [("classid", "objid", "objsubid"),
                  ("refclassid", "refobjid", "refobjsubid")],
    "pg_description": [("classoid", "objoid", "objsubid")],
    "pg_seclabel": [("classoid", "objoid", "objsubid")],
    "pg_init_privs": [("classoid", "objoid", "objsubid")],
}

OMITTED = {
    "pg_class": {"relfilenode", "relpages", "reltuples", "relallvisible",
                 "relallfrozen", "relfrozenxid", "relminmxid", "relnatts"},
    "pg_attribute": {"attnum", "attcacheoff", "atthasmissing",
                     "attmissingval"},
    "pg_attrdef": {"adnum"},
    # No object by itself.
    "pg_enum": {"oid"},
    "pg_constraint": {"conkey", "confkey"},
    "pg_index": {"indkey"},
    "pg_trigger": {"tgattr"},
    # With extconfig, below.
    "pg_extension": {"extconfig", "extcondition"},
}

# What trees and numbers of columns mean.
MEANING = {
    "pg_attrdef": ["pg_get_expr(adbin, adrelid)"],
    "pg_attribute": ["(SELECT count(*) FROM pg_attribute b WHERE"
                     " b.attrelid = c.attrelid AND b.attnum <= c.attnum"
                     " AND b.attnum > 0 AND NOT b.attisdropped)"],
    "pg_constraint": ["pg_get_constraintdef(oid)"],
    "pg_extension": ["ARRAY(SELECT t::regclass || ': ' || w FROM"
                     " unnest(extconfig, extcondition) AS x (t, w)"
                     " ORDER BY 1)"],
    "pg_index": ["pg_get_indexdef(indexrelid)"],
    "pg_proc": ["CASE WHEN prokind <> 'a' THEN pg_get_functiondef(oid) END"],
    "pg_rewrite": ["pg_get_ruledef(oid)"],
    "pg_trigger": ["pg_get_triggerdef(oid)"],
}

IDENTITY = "(pg_identify_object(%s, %s, %s)).identity"


def identity(catalog, column, part="0"):
    return "coalesce(%s, %s::text)" % (IDENTITY % (catalog, column, part),
                                       column)


def expression(catalog, column, kind, references):
    """The SQL that says what is in a column."""
    if column == "oid":
        return identity("'%s'::regclass" % catalog, "oid")
    if (catalog, column) in references:
        target, is_array = references[catalog, column]
        target = "'%s'::regclass" % target
        if is_array:
            return ("ARRAY(SELECT %s FROM unnest(%s::oid[]) WITH ORDINALITY"
                    " AS u (o, n) ORDER BY n)"
                    % (identity(target, "o"), column))
        return identity(target, column + "::oid")
    if kind == "aclitem[]":
        return "ARRAY(SELECT unnest(%s)::text ORDER BY 1)" % column
    return column + "::text"


def statement(catalog, columns, types, references):
    """The query for the rows of a catalog; None: it is of no object."""
    named = NAMED.get(catalog, [])
    omitted = OMITTED.get(catalog, set()).union(*named)
    shown = [expression(catalog, column, kind, references)
             for column, kind in zip(columns, types)
             if column not in omitted and kind != "pg_node_tree"]
    shown += [identity(*names) for names in named]
    shown += MEANING.get(catalog, [])
    if named:
        owner = named[0][1]
    elif "oid" in columns:
        owner = "oid"
    else:
        owner = next((c for c in columns if (catalog, c) in references), None)
        if owner is None:
            return None
    alive = " AND NOT attisdropped" if catalog == "pg_attribute" else ""
    return "SELECT ARRAY[%s] FROM %s c WHERE %s::oid >= %d%s" % (
        ", ".join("(%s)::text" % s for s in shown), catalog, owner, FIRST_OID,
        alive)


def readable(value):
    """Without what is different in each database: oids, stamps of columns."""
    return re.sub(r"\bpg_toast_\d+|\bpg_attver=\d+", "-", value or "")


def of_database(query):
    """{catalog: rows}; query(sql) gives rows as named tuples."""
    references = {(row.fktable, row.fkcol): (row.pktable, row.is_array)
                  for row in query(REFERENCES)}
    found = {}
    for row in query(CATALOGS):
        text = statement(row.name, row.columns, row.types, references)
        rows = query(text) if text else []
        if rows:
            found[row.name] = [tuple(map(readable, r[0])) for r in rows]
    return found


def differences(one, other):
    """What is in one of the two only, in lines."""
    lines = []
    for catalog in sorted(set(one) | set(other)):
        rows = collections.Counter(one.get(catalog, []))
        others = collections.Counter(other.get(catalog, []))
        lines += ["%s - %s" % (catalog, row) for row in rows - others]
        lines += ["%s + %s" % (catalog, row) for row in others - rows]
    return lines
