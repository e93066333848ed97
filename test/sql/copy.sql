--
-- COPY FROM a foreign table's rows, and out again.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
COPY parts FROM STDIN;
acme	1	bolt	10	0.25
acme	2	\N	\N	\N
acme	3		0	1
\.
COPY parts (part, maker) FROM STDIN (FORMAT csv);
4,acme
5,"a,b"
\.
SELECT pg_temp.stored();
COPY (SELECT * FROM parts ORDER BY maker, part) TO STDOUT;

-- in a transaction
BEGIN;
COPY parts (maker, part, name) FROM STDIN;
bilt	1	nut
bilt	2	nut
\.
SELECT count(*) FROM parts WHERE maker = 'bilt';
INSERT INTO parts SELECT maker, part + 2, name FROM parts WHERE maker = 'bilt';
SELECT count(*) FROM pg_temp.stored();
ROLLBACK;
SELECT count(*) FROM parts WHERE maker = 'bilt';

-- all or nothing
COPY parts (maker, part, name) FROM STDIN;
bilt	1	nut
acme	1	another bolt
\.
COPY parts (maker, part, name) FROM STDIN;
bilt	1	nut
bilt	x	nut
\.
COPY parts (maker, part, name) FROM STDIN;
bilt	1	nut
bilt	1	nut
\.
SELECT count(*) FROM parts WHERE maker = 'bilt';

-- with a condition; into a table whose items are replaced
COPY parts (maker, part, qty) FROM STDIN WHERE qty > 1;
bilt	1	1
bilt	2	2
\.
ALTER FOREIGN TABLE parts OPTIONS (ADD on_duplicate 'replace');
COPY parts (maker, part, qty) FROM STDIN;
bilt	2	3
bilt	2	4
\.
SELECT * FROM parts WHERE maker = 'bilt';

-- immediate
SET cruddur_ddb.write_mode = immediate;
BEGIN;
COPY parts (maker, part, qty) FROM PROGRAM
	'seq 1 150 | sed ''s/.*/many	&	&/''';
ROLLBACK;
SELECT count(*), sum(qty) FROM parts WHERE maker = 'many';
RESET cruddur_ddb.write_mode;

BEGIN READ ONLY;
COPY parts FROM '/dev/null';
ROLLBACK;
\i :scene_end
