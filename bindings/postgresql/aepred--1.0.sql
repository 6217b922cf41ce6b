-- SPDX-License-Identifier: BSD-2-Clause
\echo Use "CREATE EXTENSION aepred" to load this file. \quit

-- "row" is an array of numbers or of text, with a value for each column of the model.
CREATE FUNCTION aep_score(model bytea, "row" anyarray) RETURNS real
AS 'MODULE_PATHNAME', 'aep_pg_score' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION aep_score(bytea, anyarray) IS 'the score of a row; the higher, the more anomalous';

CREATE FUNCTION aep_pvalue(model bytea, "row" anyarray) RETURNS real
AS 'MODULE_PATHNAME', 'aep_pg_pvalue' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION aep_pvalue(bytea, anyarray) IS 'the conformal p-value of a row: the share of normal rows that score as high';

CREATE FUNCTION aep_is_anomaly(model bytea, "row" anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'aep_pg_is_anomaly' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION aep_is_anomaly(bytea, anyarray) IS 'whether the score of a row reaches the threshold';

CREATE FUNCTION aep_explain(model bytea, "row" anyarray) RETURNS json
AS 'MODULE_PATHNAME', 'aep_pg_explain' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION aep_explain(bytea, anyarray) IS 'the share of each column in the score of a row, the largest first';

CREATE FUNCTION aep_info(model bytea) RETURNS json
AS 'MODULE_PATHNAME', 'aep_pg_info' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION aep_info(bytea) IS 'sizes, statistics and options of a model';

CREATE FUNCTION aep_columns(model bytea) RETURNS json
AS 'MODULE_PATHNAME', 'aep_pg_columns' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION aep_columns(bytea) IS 'name, kind and levels of each column of a model';

CREATE FUNCTION aep_version() RETURNS text
AS 'MODULE_PATHNAME', 'aep_pg_version' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION aep_version() IS 'the version of the library';

CREATE FUNCTION aep_parsed() RETURNS bigint
AS 'MODULE_PATHNAME', 'aep_pg_parsed' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION aep_parsed() IS 'how many models this session has parsed';
