/*
 * report.c
 *		From a DdbStatus to an error of PostgreSQL; the only place for it.
 *
 * What the service says is foreign text: it may hold broken UTF-8 and control
 * characters, and for a bad signature it repeats our request, session token
 * included. It is made safe here before it becomes a detail. Our own words
 * name operation, table and server, and of values only the key of the item that
 * was to be written, as PostgreSQL's own do.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "client.h"
#include "report.h"

/* Of a key, in bytes: that of an item may be as long as 3 kB. */
#define SHOWN_KEY_LEN 200

/* One row of the contract's error table, section 8. */
typedef struct ReportRule
{
	int sqlstate;
	const char *message; /* %s: the request */
	const char *hint;    /* %s: the server; NULL: none */
} ReportRule;

static const ReportRule report_rules[] = {
	[DDB_STATUS_NO_MEMORY] = {ERRCODE_OUT_OF_MEMORY,
							  "out of memory during %s",
							  NULL},
	[DDB_STATUS_CONFIG] = {ERRCODE_FDW_ERROR,
						   "connection settings do not allow %s",
						   "Check the options region, endpoint, allow_http "
						   "and ca_file of %s, and AWS_CA_BUNDLE of the server "
						   "process."},
	[DDB_STATUS_CONNECT] = {ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
							"could not connect to DynamoDB for %s",
							"Check the options endpoint, region and "
							"connect_timeout_ms of %s."},
	[DDB_STATUS_LOST] = {ERRCODE_CONNECTION_FAILURE,
						 "connection lost during %s",
						 "Check the service behind option endpoint of %s."},
	[DDB_STATUS_TIMEOUT] = {ERRCODE_CONNECTION_FAILURE,
							"no answer in time to %s",
							"Raise the option request_timeout_ms of %s."},
	[DDB_STATUS_PROTOCOL] = {ERRCODE_PROTOCOL_VIOLATION,
							 "malformed response to %s",
							 "Check that option endpoint of %s names a "
							 "DynamoDB service."},
	[DDB_STATUS_OVERSIZE] = {ERRCODE_PROTOCOL_VIOLATION,
							 "oversized response to %s",
							 "Check that option endpoint of %s names a "
							 "DynamoDB service."},
	[DDB_STATUS_CONDITION] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
							  "%s was refused because the item changed or "
							  "exists",
							  "The transaction might succeed if retried."},
	[DDB_STATUS_CANCELED] = {ERRCODE_FDW_ERROR, "%s was canceled", NULL},
	[DDB_STATUS_CONFLICT] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
							 "%s conflicts with a concurrent request",
							 "The transaction might succeed if retried."},
	[DDB_STATUS_THROTTLED] = {ERRCODE_INSUFFICIENT_RESOURCES,
							  "%s was throttled",
							  "Raise the capacity of the table or the option "
							  "max_attempts of %s."},
	[DDB_STATUS_NOT_FOUND] = {ERRCODE_FDW_TABLE_NOT_FOUND,
							  "%s failed because the table or index does not "
							  "exist",
							  "Check the option table_name, and region and "
							  "endpoint of %s; cruddur_schema_load() creates "
							  "the messaging table."},
	[DDB_STATUS_IN_USE] = {ERRCODE_FDW_ERROR,
						   "%s failed because the table is in use",
						   "Try again when the table is ACTIVE."},
	[DDB_STATUS_DENIED] = {ERRCODE_INSUFFICIENT_PRIVILEGE,
						   "permission denied for %s",
						   "Allow the action in the IAM policy of the "
						   "credentials in the user mapping for %s."},
	[DDB_STATUS_LIMIT] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						  "%s exceeds a limit of DynamoDB",
						  NULL},
	[DDB_STATUS_VALIDATION] = {ERRCODE_INVALID_PARAMETER_VALUE,
							   "%s is not valid",
							   NULL},
	[DDB_STATUS_EXPIRED] = {ERRCODE_FDW_ERROR,
							"%s failed because the shard iterator has expired",
							NULL},
	[DDB_STATUS_TRIMMED] = {ERRCODE_FDW_ERROR,
							"%s failed because the stream does not have these "
							"records any more",
							NULL},
	[DDB_STATUS_OTHER] = {ERRCODE_FDW_ERROR, "%s failed", NULL},
};

/* Instead of the rule for DDB_STATUS_CONNECT */
#define CONNECT_RULE(what, hint)                                               \
	{                                                                          \
		ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,                   \
			"could not connect to DynamoDB for %s: " what, hint                \
	}
static const ReportRule report_connect_faults[] = {
	[DDB_CONNECT_HANDSHAKE] =
		CONNECT_RULE("the TLS handshake failed",
					 "Check that the service behind option "
					 "endpoint of %s speaks TLS 1.2 or later."),
	[DDB_CONNECT_ISSUER] =
		CONNECT_RULE("its certificate is of an unknown authority",
					 "A superuser can name a file with the "
					 "authority's certificate in option ca_file of "
					 "%s."),
	[DDB_CONNECT_SELF_SIGNED] =
		CONNECT_RULE("its certificate is self-signed",
					 "A superuser can name a file with this "
					 "certificate in option ca_file of %s."),
	[DDB_CONNECT_HOST] =
		CONNECT_RULE("its certificate is for another host",
					 "Name the host in option endpoint of %s as the "
					 "certificate does."),
	[DDB_CONNECT_EXPIRED] =
		CONNECT_RULE("its certificate has expired",
					 "Renew the certificate of the service behind "
					 "option endpoint of %s, or check this "
					 "machine's clock."),
	[DDB_CONNECT_NOT_YET] = CONNECT_RULE("its certificate is not valid yet",
										 "Check this machine's clock, and the "
										 "certificate of the service behind option "
										 "endpoint of %s."),
	[DDB_CONNECT_CERTIFICATE] = CONNECT_RULE("its certificate is not acceptable",
											 "Check the certificate of the service "
											 "behind option endpoint of %s."),
	[DDB_CONNECT_PLAIN] =
		CONNECT_RULE("its address is not allowed with plain http",
					 "Write https in option endpoint of %s, or have a "
					 "superuser set allow_http."),
	[DDB_CONNECT_LINK_LOCAL] = CONNECT_RULE("its address is not allowed",
											"Name another host in option "
											"endpoint of %s: link-local "
											"addresses are those of a "
											"machine's metadata service."),
};

/* Here %s of the message is the table. */
static const ReportRule report_refusals[] = {
	[DDB_REFUSAL_EXISTS] = {ERRCODE_UNIQUE_VIOLATION,
							"duplicate key value violates the primary key of "
							"DynamoDB table \"%s\"",
							NULL},
	[DDB_REFUSAL_RACE] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
						  "item of DynamoDB table \"%s\" was inserted by "
						  "others in the meantime",
						  "The transaction might succeed if retried."},
	[DDB_REFUSAL_CHANGED] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
							 "item of DynamoDB table \"%s\" was changed since "
							 "it was read",
							 "The transaction might succeed if retried."},
	[DDB_REFUSAL_UNKNOWN] = {ERRCODE_CONNECTION_FAILURE,
							 "connection lost, and it is not known whether an "
							 "item of DynamoDB table \"%s\" was written",
							 NULL},
};

static const ReportRule report_table_exists =
	{ERRCODE_DUPLICATE_TABLE,
	 "%s failed because the table exists",
	 "Drop the table first, or call "
	 "cruddur_schema_load(if_not_exists => true)."};

/* By where the keys come from. */
static const ReportRule report_auth[] = {
	[DDB_KEYS_OF_MAPPING] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							 "no valid credentials for %s",
							 "Check the options access_key_id, "
							 "secret_access_key and session_token of the user "
							 "mapping for %s."},
	[DDB_KEYS_OF_ROLE] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						  "no valid credentials for %s",
						  "Check the options access_key_id, secret_access_key, "
						  "session_token, role_arn and external_id of the user "
						  "mapping for %s, and what the role trusts."},
	[DDB_KEYS_OF_HOST] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						  "no valid credentials for %s",
						  "The user mapping for %s uses the credentials of the "
						  "PostgreSQL server's host: check the environment of "
						  "the server process, the AWS files of its operating "
						  "system user, and the metadata service."},
};

static const ReportRule report_sts_config =
	{ERRCODE_FDW_ERROR,
	 "connection settings do not allow %s",
	 "Check the options region, sts_endpoint, allow_http and ca_file of %s."};

/* What is different for Cognito; the rest is as above. */
static const ReportRule report_cognito[] = {
	[DDB_STATUS_CONFIG] = {ERRCODE_FDW_ERROR,
						   "connection settings do not allow %s",
						   "Check the options region, cognito_endpoint, "
						   "allow_http and ca_file of %s."},
	[DDB_STATUS_CONNECT] = {ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
							"could not connect to Cognito for %s",
							"Check the options cognito_endpoint, region and "
							"connect_timeout_ms of %s."},
	[DDB_STATUS_LOST] = {ERRCODE_CONNECTION_FAILURE,
						 "connection lost during %s",
						 "Check the service behind option cognito_endpoint of "
						 "%s."},
	[DDB_STATUS_PROTOCOL] = {ERRCODE_PROTOCOL_VIOLATION,
							 "malformed response to %s",
							 "Check that option cognito_endpoint of %s names a "
							 "Cognito service."},
	[DDB_STATUS_OVERSIZE] = {ERRCODE_PROTOCOL_VIOLATION,
							 "oversized response to %s",
							 "Check that option cognito_endpoint of %s names a "
							 "Cognito service."},
	[DDB_STATUS_THROTTLED] = {ERRCODE_INSUFFICIENT_RESOURCES,
							  "%s was throttled",
							  "Raise the option max_attempts of %s."},
	[DDB_STATUS_NOT_FOUND] = {ERRCODE_FDW_TABLE_NOT_FOUND,
							  "%s failed because the user pool does not exist",
							  "Check the options user_pool_id and region of "
							  "%s."},
	[DDB_STATUS_VALIDATION] = {ERRCODE_INVALID_PARAMETER_VALUE,
							   "%s is not valid",
							   "Check the option user_pool_id of %s."},
};

static const ReportRule report_no_stream =
	{ERRCODE_FDW_TABLE_NOT_FOUND,
	 "%s failed because the stream or shard does not exist",
	 "Check the option streams_endpoint of %s."};

/*
 * A canceled transaction is as bad as the worst of its reasons. Throttling
 * counts only where it is the sole reason: the others outlast a retry.
 */
int
ddb_report_canceled_by(const DdbStatus *status, DdbStatusKind *kind)
{
	static const struct
	{
		DdbReason reason;
		DdbStatusKind kind;
	} order[] = {
		{DDB_REASON_CONDITION, DDB_STATUS_CONDITION},
		{DDB_REASON_CONFLICT, DDB_STATUS_CONFLICT},
		{DDB_REASON_VALIDATION, DDB_STATUS_VALIDATION},
		{DDB_REASON_LIMIT, DDB_STATUS_LIMIT},
		{DDB_REASON_OTHER, DDB_STATUS_CANCELED},
		{DDB_REASON_THROTTLED, DDB_STATUS_THROTTLED},
	};

	for (size_t i = 0; i < lengthof(order); i++)
	{
		const uint8_t *found =
			memchr(status->reasons, order[i].reason, status->nreasons);

		*kind = order[i].kind;
		if (found != NULL)
			return (int) (found - status->reasons);
	}
	*kind = DDB_STATUS_CANCELED;
	return -1;
}

static bool
is_of_streams(const char *operation)
{
	return operation != NULL && (strcmp(operation, "DescribeStream") == 0 ||
								 strcmp(operation, "GetShardIterator") == 0 ||
								 strcmp(operation, "GetRecords") == 0);
}

static const ReportRule *
rule_for(const DdbStatus *status, const DdbReportContext *context)
{
	DdbStatusKind kind = status->kind;

	if (context->refusal != DDB_REFUSAL_NONE)
		return &report_refusals[context->refusal];
	if (kind == DDB_STATUS_CANCELED)
		(void) ddb_report_canceled_by(status, &kind);
	if (kind == DDB_STATUS_IN_USE && context->operation != NULL &&
		strcmp(context->operation, "CreateTable") == 0)
		return &report_table_exists;
	if (kind == DDB_STATUS_CONNECT && status->connect_fault != DDB_CONNECT_UNKNOWN)
		return &report_connect_faults[status->connect_fault];
	if (kind == DDB_STATUS_NOT_FOUND && is_of_streams(context->operation))
		return &report_no_stream;
	if (kind == DDB_STATUS_AUTH)
		return &report_auth[context->origin];
	if (kind == DDB_STATUS_CONFIG && context->service == DDB_SERVICE_STS)
		return &report_sts_config;
	if (context->service == DDB_SERVICE_COGNITO &&
		kind < lengthof(report_cognito) && report_cognito[kind].message != NULL)
		return &report_cognito[kind];
	if (kind >= lengthof(report_rules) || report_rules[kind].message == NULL)
		kind = DDB_STATUS_OTHER;
	return &report_rules[kind];
}

/* pg_do_encoding_conversion_buf takes less than a whole character for less. */
#define CONVERTED_SIZE (MAX_CONVERSION_GROWTH * (MAX_MULTIBYTE_CHAR_LEN + 2))

/*
 * One character that is not ASCII, converted; "?" where it cannot be. Outside of a
 * transaction no conversion can be looked up.
 */
static void
append_multibyte(StringInfo out, const char *utf8, int len)
{
	unsigned char converted[CONVERTED_SIZE];
	int encoding = GetDatabaseEncoding();
	Oid proc;

	/* SQL_ASCII has no conversions: it takes any byte as it is. */
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
	{
		appendBinaryStringInfo(out, utf8, len);
		return;
	}
	proc = IsTransactionState() ? FindDefaultConversionProc(PG_UTF8, encoding)
								: InvalidOid;
	if (OidIsValid(proc) &&
		pg_do_encoding_conversion_buf(proc,
									  PG_UTF8,
									  encoding,
									  (unsigned char *) unconstify(char *, utf8),
									  len,
									  converted,
									  sizeof(converted),
									  true) == len)
		appendStringInfoString(out, (char *) converted);
	else
		appendStringInfoChar(out, '?');
}

/*
 * Append foreign UTF-8 in the server's encoding. Never throws over its bytes:
 * the error that is being reported must not turn into another one, as it
 * would with pg_any_to_server.
 */
static void
append_foreign(StringInfo out, const char *utf8, int len)
{
	while (len > 0)
	{
		int charlen = pg_encoding_verifymbchar(PG_UTF8, utf8, len);

		if (charlen > 1)
			append_multibyte(out, utf8, charlen);
		else if (charlen < 1)
			appendStringInfoChar(out, '?');
		else if ((unsigned char) *utf8 < ' ' || *utf8 == 0x7f)
			appendStringInfoChar(out, ' ');
		else
			appendStringInfoChar(out, *utf8);

		charlen = Max(charlen, 1);
		utf8 += charlen;
		len -= charlen;
	}
}

char *
ddb_report_foreign(const char *utf8)
{
	StringInfoData out;

	initStringInfo(&out);
	append_foreign(&out, utf8, strlen(utf8));
	return out.data;
}

/* "Query on table "cruddur-messages"", as much of it as is known. */
static char *
request_name(const DdbReportContext *context)
{
	const char *operation =
		context->operation ? context->operation : "the request";

	if (context->table == NULL)
		return pstrdup(operation);
	return psprintf("%s on table \"%s\"",
					operation,
					ddb_report_foreign(context->table));
}

/*
 * The length of a message without what a bad signature's goes on with: the
 * canonical request, in which the session token stands, or our header.
 */
static int
tellable_len(const char *message)
{
	static const char *const ends[] = {"The Canonical String", "Authorization="};
	int len = strlen(message);

	for (size_t i = 0; i < lengthof(ends); i++)
	{
		const char *end = strstr(message, ends[i]);

		if (end != NULL && end - message < len)
			len = end - message;
	}
	while (len > 0 && isspace((unsigned char) message[len - 1]))
		len--;
	return len;
}

/* "Exception: words (request id X)", as much as is there. */
static void
append_remote_words(StringInfo words, const DdbStatus *status)
{
	int len = tellable_len(status->message);
	int start = words->len;

	append_foreign(words, status->exception, strlen(status->exception));
	if (words->len > start && len > 0)
		appendStringInfoString(words, ": ");
	append_foreign(words, status->message, len);
	if (status->request_id[0] != '\0')
	{
		appendStringInfoString(words, words->len > start ? " (" : "(");
		appendStringInfoString(words, "request id ");
		append_foreign(words, status->request_id, strlen(status->request_id));
		appendStringInfoChar(words, ')');
	}
}

/* "Key {"pk":{"S":"a"}} already exists." on a line of its own. */
static void
append_key(StringInfo words, const DdbReportContext *context)
{
	int len = (int) context->key_len;
	int shown = pg_encoding_mbcliplen(PG_UTF8, context->key, len, SHOWN_KEY_LEN);

	appendStringInfoString(words, "Key ");
	append_foreign(words, context->key, shown);
	if (shown < len)
		appendStringInfoString(words, "...");
	if (context->refusal == DDB_REFUSAL_EXISTS ||
		context->refusal == DDB_REFUSAL_RACE)
		appendStringInfoString(words, " already exists");
	appendStringInfoChar(words, '.');
	if (context->refusal == DDB_REFUSAL_UNKNOWN)
		appendStringInfoString(words,
							   " No answer came to the first attempt, and "
							   "another was refused: the item is not as it was "
							   "read.");
}

/* NULL if there is nothing to say. */
static char *
detail(const DdbStatus *status, const DdbReportContext *context)
{
	StringInfoData words;
	int key_len;

	initStringInfo(&words);
	if (context->key != NULL)
	{
		append_key(&words, context);
		appendStringInfoChar(&words, '\n');
	}
	key_len = words.len;
	append_remote_words(&words, status);
	if (key_len > 0 && words.len == key_len)
		words.data[--words.len] = '\0';
	return words.len > 0 ? words.data : NULL;
}

/* The request may have been applied although there is no good answer to it. */
static bool
outcome_unknown(const DdbStatus *status, const char *operation)
{
	return status->maybe_applied && operation != NULL &&
		   !ddb_client_is_read(operation);
}

/* NULL if there is nothing to advise. */
static char *
advice(const ReportRule *rule, const DdbStatus *status,
	   const DdbReportContext *context)
{
	StringInfoData hint;

	initStringInfo(&hint);
	if (rule->hint != NULL)
	{
		char *server = context->server
						   ? psprintf("server \"%s\"", context->server)
						   : pstrdup("the foreign server");

		appendStringInfo(&hint, rule->hint, server);
	}
	if (outcome_unknown(status, context->operation))
		appendStringInfo(&hint,
						 "%sThe write may have been applied: look before "
						 "repeating it.",
						 hint.len > 0 ? " " : "");
	return hint.len > 0 ? hint.data : NULL;
}

/* What is written about, for the rule's message. */
static char *
subject_of(const DdbReportContext *context)
{
	return context->refusal != DDB_REFUSAL_NONE
			   ? ddb_report_foreign(context->table)
			   : request_name(context);
}

char *
ddb_report_text(const DdbStatus *status, const DdbReportContext *context,
				int *sqlstate)
{
	const ReportRule *rule = rule_for(status, context);
	StringInfoData text;
	char *words = detail(status, context);

	*sqlstate = rule->sqlstate;
	initStringInfo(&text);
	appendStringInfo(&text, rule->message, subject_of(context));
	if (words != NULL)
		appendStringInfo(&text, ": %s", words);
	return text.data;
}

void
ddb_report_status(const DdbStatus *status, const DdbReportContext *context)
{
	static const DdbReportContext nothing_known = {0};
	const ReportRule *rule;
	char *subject;
	char *words;
	char *hint;

	if (context == NULL)
		context = &nothing_known;
	rule = rule_for(status, context);
	subject = subject_of(context);
	words = detail(status, context);
	hint = advice(rule, status, context);

	ereport(ERROR,
			(errcode(rule->sqlstate),
			 errmsg(rule->message, subject),
			 words ? errdetail_internal("%s", words) : 0,
			 hint ? errhint("%s", hint) : 0));
}
