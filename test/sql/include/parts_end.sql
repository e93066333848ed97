\set ECHO none
--
-- Takes away what parts.sql has made.
--
DROP FOREIGN TABLE parts;
SELECT cruddur_drop_table('sql-parts')->>'TableName' AS dropped \gset
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
\set ECHO all
