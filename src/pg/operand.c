/*
 * operand.c
 *		A Datum -> the scalar that DynamoDB compares attributes with.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "compat.h"
#include "number.h"
#include "operand.h"

/* Developer Guide, "Quotas in Amazon DynamoDB": no item is larger. */
#define MAX_ITEM_LEN (400 * 1024)

/* Room for an int64, or for a double with 17 digits */
#define NUMBER_LEN 32

/* Magnitudes that bounds may have, a bit inside of DynamoDB's own. */
#define SMALLEST 1.1e-130
#define LARGEST 9.9e125

struct DdbOperandMaker
{
	DdbType type;
	Oid source;
	FmgrInfo output; /* S that is no text */
};

DdbOperandMaker *
ddb_operand_maker(DdbType type, Oid source)
{
	DdbOperandMaker *maker = palloc0(sizeof(DdbOperandMaker));

	maker->type = type;
	maker->source = getBaseType(source);
	if (type == DDB_TYPE_S && maker->source != TEXTOID &&
		maker->source != VARCHAROID)
	{
		Oid function;
		bool is_varlena;

		getTypeOutputInfo(maker->source, &function, &is_varlena);
		fmgr_info(function, &maker->output);
	}
	return maker;
}

/* Text in an encoding other than UTF-8 and SQL_ASCII; false: UTF-8 lacks it. */
static bool
recode(const char *text, size_t len, DdbOperand *operand)
{
	int encoding = GetDatabaseEncoding();
	Oid function = FindDefaultConversionProc(encoding, PG_UTF8);
	int utf8_cap = (int) len * MAX_CONVERSION_GROWTH + 1;
	unsigned char *utf8 = palloc(utf8_cap);

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("no conversion from encoding \"%s\" to UTF8",
						pg_encoding_to_char(encoding))));
	if (pg_do_encoding_conversion_buf(function,
									  encoding,
									  PG_UTF8,
									  (unsigned char *) unconstify(char *, text),
									  (int) len,
									  utf8,
									  utf8_cap,
									  true) < (int) len)
		return false;
	operand->bytes = (char *) utf8;
	operand->len = strlen((char *) utf8);
	return true;
}

static bool
make_text(const char *text, size_t len, DdbOperand *operand)
{
	int encoding = GetDatabaseEncoding();

	if (len > MAX_ITEM_LEN)
		return false;
	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		return recode(text, len, operand);
	if (encoding == PG_SQL_ASCII &&
		!pg_verify_mbstr(PG_UTF8, text, (int) len, true))
		return false;
	operand->bytes = pnstrdup(text, len);
	operand->len = len;
	return true;
}

static bool
make_string(DdbOperandMaker *maker, Datum value, DdbOperand *operand)
{
	const char *text;

	if (maker->output.fn_oid == InvalidOid)
	{
		struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

		return make_text(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), operand);
	}
	text = OutputFunctionCall(&maker->output, value);
	return make_text(text, strlen(text), operand);
}

static bool
make_number(Oid source, Datum value, DdbOperand *operand)
{
	char *text;

	if (source == NUMERICOID)
		text = numeric_normalize(DatumGetNumeric(value));
	else
	{
		int64 integer = source == INT2OID   ? DatumGetInt16(value)
						: source == INT4OID ? DatumGetInt32(value)
											: DatumGetInt64(value);

		text = palloc(NUMBER_LEN);
		pg_lltoa(integer, text);
	}
	operand->bytes = text;
	operand->len = strlen(text);
	return ddb_number_check(text, operand->len) == DDB_NUMBER_FITS;
}

static bool
make_bytes(Datum value, DdbOperand *operand)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	size_t len = VARSIZE_ANY_EXHDR(packed);
	char *bytes;

	if (len > MAX_ITEM_LEN)
		return false;
	bytes = palloc(len + 1);
	memcpy(bytes, VARDATA_ANY(packed), len);
	operand->bytes = bytes;
	operand->len = len;
	return true;
}

bool
ddb_operand_make(DdbOperandMaker *maker, Datum value, DdbOperand *operand)
{
	operand->type = maker->type;
	switch (maker->type)
	{
		case DDB_TYPE_S:
			return make_string(maker, value, operand);
		case DDB_TYPE_N:
			return make_number(maker->source, value, operand);
		case DDB_TYPE_B:
			return make_bytes(value, operand);
		case DDB_TYPE_BOOL:
			operand->bytes = DatumGetBool(value) ? "true" : "false";
			operand->len = strlen(operand->bytes);
			return true;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("nothing is compared with values of type %s",
							ddb_value_type_name(maker->type))));
	}
}

bool
ddb_operand_float_bound(double value, bool is_float4, bool upper,
						DdbOperand *operand)
{
	double side = upper ? get_float8_infinity() : -get_float8_infinity();
	double bound = is_float4 ? nextafterf((float) value, (float) side)
							 : nextafter(value, side);
	char *text = palloc(NUMBER_LEN);

	/* Not within: also for NaN */
	if (!(fabs(bound) < LARGEST))
		return false;
	if (bound != 0 && fabs(bound) < SMALLEST)
		bound = (bound > 0) != upper ? 0 : copysign(SMALLEST, bound);
	snprintf(text, NUMBER_LEN, "%.17g", bound);
	operand->type = DDB_TYPE_N;
	operand->bytes = text;
	operand->len = strlen(text);
	return true;
}

int
ddb_operand_compare(const DdbOperand *a, const DdbOperand *b)
{
	int order;

	if (a->type == DDB_TYPE_N)
		return ddb_number_compare(a->bytes, a->len, b->bytes, b->len);
	order = memcmp(a->bytes, b->bytes, Min(a->len, b->len));
	if (order != 0)
		return order < 0 ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

static int
compare_for_sort(const void *a, const void *b)
{
	return ddb_operand_compare(a, b);
}

int
ddb_operand_unique(DdbOperand *operands, int n)
{
	int kept = 0;

	if (n < 2)
		return n;
	qsort(operands, n, sizeof(DdbOperand), compare_for_sort);
	for (int i = 1; i < n; i++)
	{
		if (ddb_operand_compare(&operands[kept], &operands[i]) != 0)
			operands[++kept] = operands[i];
	}
	return kept + 1;
}

int
ddb_operand_intersect(DdbOperand *operands, int n, const DdbOperand *others,
					  int nothers)
{
	int kept = 0;
	int other = 0;

	for (int i = 0; i < n && other < nothers;)
	{
		int order = ddb_operand_compare(&operands[i], &others[other]);

		if (order == 0)
			operands[kept++] = operands[i];
		if (order <= 0)
			i++;
		if (order >= 0)
			other++;
	}
	return kept;
}

void
ddb_operand_value(const DdbOperand *operand, const char *name, DdbValue *value)
{
	value->name = name;
	value->type = operand->type;
	value->text = operand->bytes;
	value->len = operand->len;
	if (operand->type == DDB_TYPE_B)
	{
		int cap = pg_b64_enc_len((int) operand->len) + 1;
		char *text = palloc(cap);
		/* Through void: what the bytes point to differs between versions. */
		int len = pg_b64_encode((const void *) operand->bytes,
								(int) operand->len,
								text,
								cap);

		Assert(len >= 0);
		text[len] = '\0';
		value->text = text;
		value->len = (size_t) len;
	}
}
