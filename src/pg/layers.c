/*
 * layers.c
 *		The items of a scan: DynamoDB's pages, and what the transaction has
 *		written laid over them.
 *
 * Not here: whether a written item meets the conditions of the scan. That takes
 * rows, so it is for the scan to say.
 */
#include "postgres.h"

#include "itemkey.h"
#include "keyorder.h"
#include "layers.h"
#include "own.h"
#include "session.h"
#include "text.h"

/* An item that the transaction has written. */
typedef struct Candidate
{
	int item;
	DdbValue sort; /* its place in the order, where there is one */
} Candidate;

struct DdbWritten
{
	const DdbOverlay *overlay;
	const DdbPlan *plan;
	int key_cells[2]; /* of the table */
	int sort_cell;
	const DdbPage *page;
	Candidate *candidates; /* in the plan's order */
	int ncandidates;
	const Candidate **allowed; /* in this run */
	int nallowed;
};

static void
free_text(void *text)
{
	free(((DdbText *) text)->data);
}

static DdbText *
create_text(void)
{
	DdbText *text = palloc0(sizeof(DdbText));

	return ddb_own_set(ddb_own_register(CurrentMemoryContext, free_text), text);
}

static bool
is_projected(const DdbPlan *plan, const char *attribute)
{
	ListCell *cell;

	foreach(cell, plan->projected)
	{
		if (strcmp(strVal(lfirst(cell)), attribute) == 0)
			return true;
	}
	return false;
}

/* Append what the index has of an item. */
static void
add_projected(DdbText *text, const DdbPlan *plan, const DdbPage *page,
			  const DdbSpan *span)
{
	const DdbImage *image =
		ddb_itemkey_parse(page->body + span->offset, span->len);
	DdbItemAttribute *attributes =
		palloc_array(DdbItemAttribute, image->nattributes);
	int nattributes = 0;

	for (int i = 0; i < image->nattributes; i++)
	{
		if (is_projected(plan, image->attributes[i].name))
			attributes[nattributes++] = image->attributes[i];
	}
	ddb_image_write(text, attributes, nattributes);
}

/* The overlay's items as the index has them, as a page. */
static const DdbPage *
project(DdbOverlay *overlay, const DdbPlan *plan, const DdbWanted *wanted)
{
	static DdbWanted *whole_item = NULL;
	const DdbPage *whole =
		ddb_overlay_page(overlay, ddb_session_wanted(&whole_item, NULL, 0, true));
	DdbText *text = create_text();
	DdbPage *page = ddb_session_create_page(CurrentMemoryContext);
	DdbStatus status;

	ddb_text_add_str(text, "{\"Items\":[");
	for (int i = 0; i < whole->nitems; i++)
	{
		if (i > 0)
			ddb_text_add_char(text, ',');
		add_projected(text, plan, whole, &whole->items[i]);
	}
	ddb_text_add_str(text, "]}");
	ddb_status_clear(&status);
	/* What else than memory could fail was parsed before. */
	if (text->failed ||
		!ddb_page_decode(page, text->data, text->len, wanted, &status))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return page;
}

/* An index has only the items that have its keys, in the types of its keys. */
static bool
is_in_index(const DdbWritten *written, const DdbWanted *wanted, int item)
{
	const DdbPlan *plan = written->plan;

	for (int i = 0; plan->index != NULL && i < 2 && plan->key_names[i] != NULL;
		 i++)
	{
		int cell = ddb_session_find_cell(wanted, plan->key_names[i]);

		if (ddb_page_cell(written->page, item, cell)->type != plan->key_types[i])
			return false;
	}
	return true;
}

/* A callback of qsort_arg, of two candidates. */
static int
compare_candidates(const void *a, const void *b, void *arg)
{
	const DdbPlan *plan = arg;
	int order = ddb_keyorder_compare(&((const Candidate *) a)->sort,
									 &((const Candidate *) b)->sort,
									 plan->key_types[1]);

	return plan->backward ? -order : order;
}

static void
find_candidates(DdbWritten *written, const DdbWanted *wanted)
{
	const DdbPlan *plan = written->plan;

	for (int i = 0; i < written->page->nitems; i++)
	{
		Candidate candidate = {.item = i};

		if (!is_in_index(written, wanted, i))
			continue;
		if (plan->ordered)
			(void) ddb_keyorder_read(written->page,
									 i,
									 written->sort_cell,
									 plan->key_types[1],
									 &candidate.sort);
		written->candidates[written->ncandidates++] = candidate;
	}
	if (plan->ordered)
		qsort_arg(written->candidates,
				  written->ncandidates,
				  sizeof(Candidate),
				  compare_candidates,
				  unconstify(DdbPlan *, plan));
}

DdbWritten *
ddb_written_create(DdbOverlay *overlay, const DdbPlan *plan,
				   const DdbRowReader *reader)
{
	DdbWritten *written = palloc0(sizeof(DdbWritten));
	const char *const *key_names = ddb_overlay_key_names(overlay);

	written->overlay = overlay;
	written->plan = plan;
	for (int i = 0; i < 2; i++)
		written->key_cells[i] =
			ddb_session_find_cell(reader->wanted, key_names[i]);
	written->sort_cell =
		ddb_session_find_cell(reader->wanted, plan->key_names[1]);
	written->page = plan->projected == NIL
						? ddb_overlay_page(overlay, reader->wanted)
						: project(overlay, plan, reader->wanted);
	written->candidates = palloc_array(Candidate, written->page->nitems);
	written->allowed = palloc_array(const Candidate *, written->page->nitems);
	find_candidates(written, reader->wanted);
	return written;
}

void
ddb_layers_choose(DdbLayers *layers,
				  bool (*is_allowed)(const DdbPlace *place, void *arg), void *arg)
{
	DdbWritten *written = layers->written;

	written->nallowed = 0;
	for (int i = 0; i < written->ncandidates; i++)
	{
		const Candidate *candidate = &written->candidates[i];
		DdbPlace place = {.page = written->page, .item = candidate->item};

		if (is_allowed(&place, arg))
			written->allowed[written->nallowed++] = candidate;
	}
}

bool
ddb_layers_turn(DdbLayers *layers)
{
	int read;

	layers->pending = layers->impatient && !ddb_fetch_ready(layers->fetch);
	if (layers->pending)
		return false;
	layers->at.page = ddb_fetch_next(layers->fetch, &read);
	return layers->at.page != NULL;
}

/* Go to DynamoDB's next item. */
static bool
next_of_pages(DdbLayers *layers)
{
	DdbPlace *stored = &layers->stored;

	if (layers->fetch == NULL)
	{
		*stored = layers->given;
		layers->given.page = NULL;
		return stored->page != NULL;
	}
	stored->item++;
	while (stored->page == NULL || stored->item == stored->page->nitems)
	{
		stored->page = NULL;
		if (!ddb_layers_turn(layers))
			return false;
		stored->page = layers->at.page;
		stored->item = 0;
	}
	return true;
}

/* To the next that the transaction has not written. */
static bool
next_stored(DdbLayers *layers)
{
	const DdbWritten *written = layers->written;

	while (next_of_pages(layers))
	{
		if (written == NULL || !ddb_overlay_hides(written->overlay,
												  layers->stored.page,
												  layers->stored.item,
												  written->key_cells))
			return true;
	}
	return false;
}

/* Does the next written item come before DynamoDB's? */
static bool
is_written_next(const DdbLayers *layers)
{
	const DdbWritten *written = layers->written;
	const DdbPlan *plan;
	DdbValue sort;
	int order;

	if (written == NULL || layers->next_written == written->nallowed)
		return false;
	plan = written->plan;
	if (!layers->has_stored)
		return true;
	if (!plan->ordered || !ddb_keyorder_read(layers->stored.page,
											 layers->stored.item,
											 written->sort_cell,
											 plan->key_types[1],
											 &sort))
		return false;
	order = ddb_keyorder_compare(&written->allowed[layers->next_written]->sort,
								 &sort,
								 plan->key_types[1]);
	return plan->backward ? order > 0 : order < 0;
}

bool
ddb_layers_next(DdbLayers *layers)
{
	const DdbWritten *written = layers->written;

	if (!layers->has_stored)
		layers->has_stored = next_stored(layers);
	if (!layers->has_stored && layers->pending)
		return false;
	layers->at_written = is_written_next(layers);
	if (layers->at_written)
	{
		layers->at.page = written->page;
		layers->at.item = written->allowed[layers->next_written++]->item;
		return true;
	}
	layers->at = layers->stored;
	if (!layers->has_stored)
		return false;
	layers->has_stored = false;
	return true;
}

void
ddb_layers_reset(DdbLayers *layers)
{
	*layers =
		(DdbLayers){.written = layers->written, .impatient = layers->impatient};
}
