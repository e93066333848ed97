/*
 * deputy.h
 *		What a function may do that lends its owner's rights to its caller.
 */
#ifndef DDB_DEPUTY_H
#define DDB_DEPUTY_H

#include "postgres.h"

/*
 * In a SECURITY DEFINER function the setting cruddur_ddb.server may be the
 * caller's, and so may the server that it names, with a relation of users whose
 * functions would run with the rights of the function's owner. Refuses (42501) a
 * server of someone whom the current user need not trust, unless it was the
 * current user who chose it.
 */
extern void ddb_deputy_check_server(Oid server);

#endif /* DDB_DEPUTY_H */
