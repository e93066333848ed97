/*
 * layers.h
 *		The items of a scan: DynamoDB's pages, and what the transaction has
 *		written laid over them.
 *
 * Of both there is one sequence, in the order of the access where the plan wants
 * that. Where the transaction has written nothing, it is the pages.
 */
#ifndef DDB_LAYERS_H
#define DDB_LAYERS_H

#include "postgres.h"

#include "fetch.h"
#include "overlay.h"
#include "plan.h"
#include "rowreader.h"

/* One item of a page. */
typedef struct DdbPlace
{
	const DdbPage *page; /* NULL: none */
	int item;
} DdbPlace;

typedef struct DdbWritten DdbWritten;

/* Begins as {0}. */
typedef struct DdbLayers
{
	DdbFetch *fetch;     /* of the run; NULL: given is all there is */
	DdbPlace given;      /* the one item that was read ahead */
	bool impatient;      /* is not to wait for a page, */
	bool pending;        /* and had to give up for that */
	DdbWritten *written; /* NULL: nothing */
	DdbPlace at;         /* the item at hand */
	bool at_written;     /* which is one that the transaction has written */

	/* private */
	DdbPlace stored;  /* DynamoDB's item, where the run has come to */
	bool has_stored;  /* and it is not yet given out */
	int next_written; /* of those allowed */
} DdbLayers;

/*
 * What a scan of the plan has of the overlay: items that the plan's index has,
 * with the attributes that it has. In CurrentMemoryContext; what is given is
 * borrowed. reader's pages must have the keys of the table and of the access.
 */
extern DdbWritten *ddb_written_create(DdbOverlay *overlay, const DdbPlan *plan,
									  const DdbRowReader *reader);

/* Of what was written, leave out for this run what is not allowed. */
extern void ddb_layers_choose(DdbLayers *layers,
							  bool (*is_allowed)(const DdbPlace *place, void *arg),
							  void *arg);

/* Go to DynamoDB's next page, at; false: there are no more, or none without
 * waiting. Not for those who ask for items. */
extern bool ddb_layers_turn(DdbLayers *layers);

/* Go to the next item; false likewise. */
extern bool ddb_layers_next(DdbLayers *layers);

/* Ready for another run. */
extern void ddb_layers_reset(DdbLayers *layers);

#endif /* DDB_LAYERS_H */
