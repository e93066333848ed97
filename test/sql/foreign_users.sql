--
-- Whose keys a foreign table is read with: those of the user that PostgreSQL
-- checks, which in a view is the view's owner.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

CREATE VIEW owners_view AS
	SELECT customer, placed, total FROM orders;
CREATE VIEW callers_view WITH (security_invoker = true) AS
	SELECT customer, placed, total FROM orders;
CREATE FUNCTION owners_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER
	AS 'SELECT count(*) FROM orders';
CREATE ROLE regress_viewer;
GRANT SELECT ON owners_view, callers_view TO regress_viewer;

-- no right to the table, and no keys
SET ROLE regress_viewer;
SELECT count(*) FROM orders;
SELECT count(*) FROM callers_view;
SELECT count(*) FROM owners_view;
SELECT total FROM owners_view WHERE customer = 'c1' AND placed = '2026-01-22';
SELECT owners_count();
RESET ROLE;

-- a right to the table, and no keys
GRANT SELECT ON orders TO regress_viewer;
SET ROLE regress_viewer;
SELECT count(*) FROM orders;
SELECT count(*) FROM callers_view;
EXPLAIN SELECT count(*) FROM orders;
PREPARE read AS SELECT total FROM orders
	WHERE customer = 'c1' AND placed = '2026-01-22';
EXECUTE read;
RESET ROLE;
EXECUTE read;

-- keys; a plan that is kept is each user's own
CREATE USER MAPPING FOR regress_viewer SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET ROLE regress_viewer;
EXECUTE read;
SELECT count(*) FROM orders;
SELECT count(*) FROM callers_view;
SELECT o.total FROM owners_view v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.placed
	WHERE v.customer = 'c1' AND v.placed < '2026-01-23' ORDER BY o.total;
SELECT user_name = session_user AS own, active_requests
FROM cruddur_ddb_connections() ORDER BY own;
RESET ROLE;

-- the keys go
DROP USER MAPPING FOR regress_viewer SERVER cruddur;
SET ROLE regress_viewer;
EXECUTE read;
RESET ROLE;

-- A server that one may not use cannot be given a table, but read it is.
REVOKE ALL ON FOREIGN SERVER cruddur FROM PUBLIC;
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET ROLE regress_viewer;
CREATE TEMP TABLE t (a int);
CREATE FOREIGN TABLE pg_temp.mine (customer text) SERVER cruddur;
SELECT count(*) FROM orders;
RESET ROLE;

-- a view whose owner has no keys
ALTER VIEW owners_view OWNER TO regress_viewer;
DROP USER MAPPING FOR PUBLIC SERVER cruddur;
SELECT count(*) FROM owners_view;

DEALLOCATE read;
DROP VIEW owners_view, callers_view;
DROP FUNCTION owners_count();
DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP OWNED BY regress_viewer;
DROP ROLE regress_viewer;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
