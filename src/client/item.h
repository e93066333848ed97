/*
 * item.h
 *		One pass over a response page: spans into the body, no tree.
 *
 * A page is decoded once, front to back. What comes out is a matrix of cells,
 * items by wanted attributes, each cell a type and a span of the body. Nothing
 * is copied, nothing is unescaped and nothing is allocated per attribute; what
 * is not wanted is checked for well-formedness and passed over.
 */
#ifndef DDB_ITEM_H
#define DDB_ITEM_H

#include "status.h"
#include "value.h"
#include "wanted.h"

/* One attribute of one item; the span is that of DdbValueSpan. */
typedef struct DdbCell
{
	uint32_t offset; /* from the start of the page's body */
	uint32_t len;
	uint8_t type; /* DdbType */
	bool escaped; /* a backslash is in an S or B span */
} DdbCell;

/* A span of the body; len 0: what it stands for was not there. */
typedef struct DdbSpan
{
	uint32_t offset;
	uint32_t len;
} DdbSpan;

/*
 * A decoded page. Borrows the body and owns its arrays; reused from page to
 * page, it keeps the arrays it has grown.
 */
typedef struct DdbPage
{
	const char *body; /* borrowed: must outlive the cells */
	size_t body_len;
	int nitems;
	int nnames;            /* of the wanted */
	DdbCell *cells;        /* nitems * nnames, item by item */
	DdbSpan *items;        /* nitems, only with whole_item: "{...}" */
	DdbSpan rest;          /* what is left to be read, as JSON, "{...}":
								 * LastEvaluatedKey, or UnprocessedKeys or
								 * UnprocessedItems where they are not empty;
								 * len 0: nothing */
	int64_t count;         /* Count, -1 if the page has none */
	int64_t scanned_count; /* ScannedCount, -1 if the page has none */
	double capacity_units; /* ConsumedCapacity.CapacityUnits, summed where
								 * it is a list; 0 if there is none */

	/* private: capacity of the arrays */
	size_t cells_cap;
	size_t items_cap;
} DdbPage;

/* Empty, before the first decode. */
extern void ddb_page_init(DdbPage *page);

/* Frees the arrays, not the body. Safe to repeat. */
extern void ddb_page_free(DdbPage *page);

/*
 * Decode the response of Query or Scan ("Items"), of GetItem ("Item": a page
 * of one, or of none where it is missing), or of BatchGetItem ("Responses", each
 * member the items of one table; that of TransactGetItems is passed over). Members may come in any order;
 * unknown ones are passed over. False with DDB_STATUS_NO_MEMORY; or with
 * DDB_STATUS_PROTOCOL if the body is not well-formed JSON of that shape, is
 * nested deeper than 64, has a member that we read or a wanted attribute of
 * one item twice, or is 4 GiB or longer. The page is empty then.
 */
extern bool ddb_page_decode(DdbPage *page, const char *body, size_t body_len,
							const DdbWanted *wanted, DdbStatus *status);

static inline const DdbCell *
ddb_page_cell(const DdbPage *page, int item, int name)
{
	return &page->cells[(size_t) item * page->nnames + name];
}

static inline const char *
ddb_page_text(const DdbPage *page, const DdbCell *cell)
{
	return page->body + cell->offset;
}

#endif /* DDB_ITEM_H */
