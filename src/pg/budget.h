/*
 * budget.h
 *		How many read units a statement may use, and how fast.
 */
#ifndef DDB_BUDGET_H
#define DDB_BUDGET_H

#include "postgres.h"

/* Read units that the current statement has used, by whatever it has called. */
extern void ddb_budget_charge(double read_units);

/*
 * Before a request that reads: error 54000 if the statement has used
 * cruddur_ddb.max_read_units.
 */
extern void ddb_budget_check(void);

/*
 * Before a whole table is scanned: error 54000 or a warning, as
 * cruddur_ddb.full_scan says. name: the relation's or table's, for the message.
 */
extern void ddb_budget_check_scan(const char *name);

#endif /* DDB_BUDGET_H */
