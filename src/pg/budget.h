/*
 * budget.h
 *		How many read units a statement may use, and how fast units are used.
 *
 * A statement is what the client sent: what its functions read counts, too.
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
 * May one more request be sent beside so many unanswered ones, each of them
 * taken for as dear as a page can be? So a reader ahead of its caller does not
 * go beyond cruddur_ddb.max_read_units by more than one without one.
 */
extern bool ddb_budget_allows(int unanswered);

/*
 * Before a whole table is scanned: error 54000 or a warning, as
 * cruddur_ddb.full_scan says. name: the relation's or table's, for the message.
 */
extern void ddb_budget_check_scan(const char *name);

/* What is read of one table on one server shares a rate in this backend; so does
 * what is written to it. */
typedef struct DdbRate
{
	const char *server;   /* the foreign server's name */
	const char *table;    /* DynamoDB's name of it */
	int units_per_second; /* 0: no limit */
	bool writes;
} DdbRate;

/* How long the next request has to wait for what has been used so far. */
extern int ddb_budget_delay_ms(const DdbRate *rate);

/* A request of that table has cost so much. */
extern void ddb_budget_pay(const DdbRate *rate, double units);

#endif /* DDB_BUDGET_H */
