--
-- Options of servers and user mappings: what is taken, what is refused, and
-- what is said about it.
--
\pset format unaligned
\pset tuples_only on

-- What a statement comes to: SQLSTATE, message and hint.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM, NULLIF(hint, ''));
END
$$;

-- The same for one option, added and taken away again.
CREATE FUNCTION pg_temp.attempt(place text, name text, value text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	outcome := pg_temp.attempt(format('ALTER %s OPTIONS (ADD %I %L)',
									  place, name, value));
	IF outcome = 'ok' THEN
		EXECUTE format('ALTER %s OPTIONS (DROP %I)', place, name);
	END IF;
	RETURN format('%s=%s: %s', name, value, outcome);
END
$$;

CREATE FUNCTION pg_temp.server_option(name text, value text) RETURNS text
LANGUAGE sql
RETURN pg_temp.attempt('SERVER options_server', name, value);

CREATE FUNCTION pg_temp.mapping_option(name text, value text) RETURNS text
LANGUAGE sql
RETURN pg_temp.attempt(
	'USER MAPPING FOR CURRENT_USER SERVER options_server', name, value);

CREATE SERVER options_server FOREIGN DATA WRAPPER cruddur_ddb;
CREATE USER MAPPING FOR CURRENT_USER SERVER options_server;

-- names that nobody knows
SELECT pg_temp.server_option('endpiont', 'http://localhost:8000');
SELECT pg_temp.server_option('Region', 'us-east-1');
SELECT pg_temp.server_option('request_timeout', '1');
SELECT pg_temp.server_option('colour', 'blue');
SELECT pg_temp.server_option('access_key_id', 'local');
SELECT pg_temp.server_option('on_type_mismatch', 'null');
SELECT pg_temp.mapping_option('secret_acess_key', 'local');
SELECT pg_temp.mapping_option('password', 'local');
SELECT pg_temp.mapping_option('region', 'us-east-1');
SELECT pg_temp.attempt(
	'ALTER FOREIGN DATA WRAPPER cruddur_ddb OPTIONS (ADD region ''r'')');

-- integers and their bounds
SELECT pg_temp.server_option(name, value)
FROM (VALUES ('connect_timeout_ms', '0'), ('connect_timeout_ms', '1'),
	('request_timeout_ms', '600000'), ('request_timeout_ms', '600001'),
	('max_connections', '0'), ('max_connections', '64'),
	('max_connections', '65'), ('max_attempts', '0'), ('max_attempts', '16'),
	('max_attempts', '17'), ('max_attempts', '-1'), ('max_attempts', '4.5'),
	('max_attempts', '4x'), ('max_attempts', '99999999999'),
	('max_attempts', ''), ('read_units_per_second', '0'),
	('read_units_per_second', '1000000'), ('read_units_per_second', '1000001'),
	('read_units_per_second', '-1'), ('write_units_per_second', '0'),
	('write_units_per_second', '1000000'), ('write_units_per_second', '-1')) AS v (name, value);

-- booleans
SELECT pg_temp.server_option(name, value)
FROM unnest('{allow_http,consistent_read,updatable,use_dualstack,
	use_fips}'::text[]) AS name, unnest('{maybe,off,true}'::text[]) AS value
ORDER BY name, value;

-- names of places and things
SELECT pg_temp.server_option('region', value)
FROM unnest('{eu-central-1,"",EU,-a,a.b,a/b}'::text[]) AS value;
SELECT pg_temp.server_option('table_name', value)
FROM unnest('{cruddur-messages,a_.-9,ab,"",a b,a/b}'::text[]) AS value;
SELECT length(name) AS length,
	split_part(pg_temp.server_option('table_name', name), ': ', 2)
FROM (VALUES (repeat('x', 255)), (repeat('x', 256))) AS v (name);
SELECT pg_temp.server_option('users_table', value)
FROM unnest(ARRAY['public.users', '"My Schema"."Users"', 'users', 'a.b.c',
	'a.', '"a.b', '']) AS value;
SELECT pg_temp.server_option('user_pool_id', value)
FROM unnest(ARRAY['us-east-1_AbCdEfGhI', 'local_2x', '', 'us-east-1', '_a',
	'us-east-1_', 'us-east-1_a-b', 'us-east-1_a b', repeat('a', 54) || '_b'])
	AS value;
SELECT pg_temp.server_option('ca_file', value)
FROM unnest('{/etc/ssl/ca.pem,ca.pem,""}'::text[]) AS value;

-- endpoints, alone and together with what decides over them
SELECT pg_temp.server_option('endpoint', value)
FROM unnest(ARRAY['http://localhost:8000', 'http://127.0.0.1:8000',
	'http://[::1]:8000', 'https://dynamodb.example.com',
	'https://example.com:8443/path', '', 'localhost:8000', 'ftp://localhost',
	'http://', 'http://dynamodb.example.com', 'http://localhost:99999',
	'https://example.com/?a=b', 'https://example.com/#a']) AS value;
SELECT pg_temp.server_option(name, value)
FROM unnest('{streams_endpoint,cognito_endpoint,sts_endpoint}'::text[]) AS name,
	unnest(ARRAY['http://localhost:8000', '', 'http://ddb.example.com',
		'https://ddb.example.com']) AS value
ORDER BY name, value COLLATE "C";
SELECT pg_temp.attempt($$ALTER SERVER options_server
	OPTIONS (ADD endpoint 'http://ddb.example.com:8000', ADD allow_http 'on')$$);
SELECT pg_temp.attempt('ALTER SERVER options_server OPTIONS (DROP allow_http)');
SELECT pg_temp.server_option('use_fips', 'true');
SELECT pg_temp.attempt(
	'ALTER SERVER options_server OPTIONS (DROP allow_http, DROP endpoint)');

-- credentials: nothing empty, nothing that would break out of a header
SELECT pg_temp.mapping_option(name, value)
FROM unnest('{access_key_id,secret_access_key,session_token}'::text[]) AS name,
	unnest(ARRAY['local/+=', '']) AS value
ORDER BY name, value;
SELECT pg_temp.mapping_option('session_token', E'a\r\nX-Evil: 1') ~ 'HV024';
SELECT pg_temp.mapping_option('credential_source', value)
FROM unnest('{static,host,guess}'::text[]) AS value;

-- roles, profiles and what goes together
SELECT pg_temp.mapping_option('role_arn', value)
FROM unnest(ARRAY['arn:aws:iam::123456789012:role/a',
	'arn:aws-cn:iam::123456789012:role/path/a', '', 'a',
	'arn:aws:iam::123456789012:user/a', E'arn:aws:iam::1:role/a\n']) AS value;
SELECT pg_temp.mapping_option('profile', value)
FROM unnest(ARRAY['default', 'my profile', '', E'a\n']) AS value;
SELECT pg_temp.mapping_option(name, value)
FROM unnest('{external_id,role_session_name}'::text[]) AS name,
	unnest(ARRAY['ok', 'a', 'a b', 'a:b/c']) AS value
ORDER BY name, value COLLATE "C";
ALTER USER MAPPING FOR CURRENT_USER SERVER options_server
	OPTIONS (ADD role_arn 'arn:aws:iam::123456789012:role/a');
SELECT pg_temp.mapping_option(name, value)
FROM unnest('{external_id,role_session_name}'::text[]) AS name,
	unnest(ARRAY['ok', 'a', 'a b', 'a:b/c', repeat('x', 64)]) AS value
ORDER BY name, value COLLATE "C";
ALTER USER MAPPING FOR CURRENT_USER SERVER options_server
	OPTIONS (DROP role_arn, ADD access_key_id 'a');
SELECT pg_temp.mapping_option('credential_source', 'host');
SELECT pg_temp.mapping_option('profile', 'p');
SELECT pg_temp.attempt($$ALTER USER MAPPING FOR CURRENT_USER
	SERVER options_server OPTIONS (DROP access_key_id, ADD profile 'p')$$);
SELECT pg_temp.mapping_option(name, 'x')
FROM unnest('{access_key_id,secret_access_key,session_token}'::text[]) AS name;
SELECT pg_temp.mapping_option('credential_source', value)
FROM unnest('{static,host}'::text[]) AS value;
ALTER USER MAPPING FOR CURRENT_USER SERVER options_server
	OPTIONS (DROP profile);

-- No message shows a value, secret or not.
DO $$
DECLARE
	change text;
	words text;
	details text;
	hint text;
	refused int := 0;
BEGIN
	FOREACH change IN ARRAY ARRAY[
		$_$USER MAPPING FOR CURRENT_USER SERVER options_server
			OPTIONS (ADD secret_access_key E'hunter2\n')$_$,
		$_$USER MAPPING FOR CURRENT_USER SERVER options_server
			OPTIONS (ADD credential_source 'hunter2')$_$,
		$_$SERVER options_server OPTIONS (ADD secret_access_key 'hunter2')$_$,
		$_$SERVER options_server OPTIONS (ADD max_attempts 'hunter2')$_$,
		$_$SERVER options_server
			OPTIONS (ADD endpoint 'http://me:hunter2@localhost:8000')$_$]
	LOOP
		BEGIN
			EXECUTE 'ALTER ' || change;
		EXCEPTION WHEN fdw_invalid_attribute_value
			OR fdw_invalid_option_name THEN
			GET STACKED DIAGNOSTICS words = MESSAGE_TEXT,
				details = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			ASSERT concat(words, details, hint) NOT LIKE '%hunter2%';
			refused := refused + 1;
		END;
	END LOOP;
	ASSERT refused = 5, refused;
END
$$;

-- What only a superuser may set, an owner of a server may not; nor may they
-- alter the rest while it is set.
CREATE ROLE options_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO options_owner;
ALTER SERVER options_server OWNER TO options_owner;
SET ROLE options_owner;
SELECT pg_temp.server_option('ca_file', '/etc/ssl/ca.pem');
SELECT pg_temp.server_option('allow_http', 'true');
SELECT pg_temp.server_option('allow_http', 'false');
SELECT pg_temp.server_option('region', 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER options_server;
SELECT pg_temp.mapping_option('credential_source', value)
FROM unnest('{static,host}'::text[]) AS value;
SELECT pg_temp.mapping_option('profile', 'p');
SELECT pg_temp.mapping_option('role_arn', 'arn:aws:iam::1:role/a');
RESET ROLE;
ALTER USER MAPPING FOR options_owner SERVER options_server
	OPTIONS (ADD credential_source 'host');
SET ROLE options_owner;
SELECT pg_temp.mapping_option('role_arn', 'arn:aws:iam::1:role/a');
SELECT pg_temp.attempt($$ALTER USER MAPPING FOR CURRENT_USER
	SERVER options_server OPTIONS (DROP credential_source)$$);
DROP USER MAPPING FOR CURRENT_USER SERVER options_server;
RESET ROLE;
ALTER SERVER options_server OPTIONS (ADD allow_http 'true');
SET ROLE options_owner;
SELECT pg_temp.server_option('endpoint', 'http://ddb.example.com');
SELECT pg_temp.attempt(
	'ALTER SERVER options_server OPTIONS (SET allow_http ''false'')');
RESET ROLE;

DROP USER MAPPING FOR CURRENT_USER SERVER options_server;
DROP SERVER options_server;
REVOKE USAGE ON FOREIGN DATA WRAPPER cruddur_ddb FROM options_owner;
DROP ROLE options_owner;
