/*
 * json_portable.c
 *		The JSON reader once more, as it is without vector instructions.
 */
#define DDB_JSON_PORTABLE

#include "../../src/client/json.c"

#include "json.c"
