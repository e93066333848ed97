/*
 * fdw_modify.h
 *		Execution of INSERT, UPDATE and DELETE of a foreign table, and of COPY
 *		and partition routing into it.
 */
#ifndef DDB_FDW_MODIFY_H
#define DDB_FDW_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern int ddbIsForeignRelUpdatable(Relation rel);
extern void ddbBeginForeignModify(ModifyTableState *mtstate,
								  ResultRelInfo *rinfo, List *fdw_private,
								  int subplan_index, int eflags);
extern void ddbBeginForeignInsert(ModifyTableState *mtstate,
								  ResultRelInfo *rinfo);
extern TupleTableSlot *ddbExecForeignInsert(EState *estate, ResultRelInfo *rinfo,
											TupleTableSlot *slot,
											TupleTableSlot *planSlot);
extern TupleTableSlot **ddbExecForeignBatchInsert(EState *estate,
												  ResultRelInfo *rinfo,
												  TupleTableSlot **slots,
												  TupleTableSlot **planSlots,
												  int *numSlots);
extern int ddbGetForeignModifyBatchSize(ResultRelInfo *rinfo);
extern TupleTableSlot *ddbExecForeignUpdate(EState *estate, ResultRelInfo *rinfo,
											TupleTableSlot *slot,
											TupleTableSlot *planSlot);
extern TupleTableSlot *ddbExecForeignDelete(EState *estate, ResultRelInfo *rinfo,
											TupleTableSlot *slot,
											TupleTableSlot *planSlot);

/* Of what BeginForeignModify has begun, and BeginForeignInsert. */
extern void ddbEndForeignModify(EState *estate, ResultRelInfo *rinfo);

extern void ddbExplainForeignModify(ModifyTableState *mtstate,
									ResultRelInfo *rinfo, List *fdw_private,
									int subplan_index, struct ExplainState *es);

#endif /* DDB_FDW_MODIFY_H */
