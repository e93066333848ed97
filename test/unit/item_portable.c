/*
 * item_portable.c
 *		The page reader once more, as it is without vector instructions.
 */
#define DDB_JSON_PORTABLE

#include "../../src/client/json.c"
#include "../../src/client/value.c"
#include "../../src/client/item.c"

#include "item.c"
