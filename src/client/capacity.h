/*
 * capacity.h
 *		ConsumedCapacity: what a request has cost.
 */
#ifndef DDB_CAPACITY_H
#define DDB_CAPACITY_H

#include "json.h"

/*
 * Read the value of ConsumedCapacity, one object or a list of them, and add
 * their CapacityUnits to *units. depth: brackets open around it. False with
 * json->fault set where it is malformed.
 */
extern bool ddb_capacity_read(DdbJson *json, int depth, double *units);

#endif /* DDB_CAPACITY_H */
