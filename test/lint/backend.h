/*
 * backend.h
 *		What cppcheck must know of PostgreSQL's macros, whose headers it does
 *		not read: above all, that an error ends the function.
 */
#ifndef LINT_BACKEND_H
#define LINT_BACKEND_H

#include <stdlib.h>

#define LOG 15
#define NOTICE 18
#define WARNING 19
#define ERROR 21

#define ereport(level, ...)                                                    \
	do                                                                         \
	{                                                                          \
		__VA_ARGS__;                                                           \
		if ((level) >= ERROR)                                                  \
			abort();                                                           \
	} while (0)

#define pg_attribute_noreturn() __attribute__((noreturn))
#define pg_unreachable() abort()

#define PG_FUNCTION_ARGS FunctionCallInfo fcinfo
#define PG_FUNCTION_INFO_V1(name) extern int name##_is_callable
#define PG_MODULE_MAGIC_EXT(...) extern int module_has_magic
#define foreach(cell, list)                                                    \
	for ((cell) = list_head(list); (cell) != NULL; (cell) = lnext(list, cell))
#define forboth(cell1, list1, cell2, list2)                                    \
	for ((cell1) = list_head(list1), (cell2) = list_head(list2);               \
		 (cell1) != NULL && (cell2) != NULL;                                   \
		 (cell1) = lnext(list1, cell1), (cell2) = lnext(list2, cell2))

#define PG_TRY()
#define PG_CATCH()
#define PG_FINALLY()
#define PG_END_TRY()

#endif /* LINT_BACKEND_H */
