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
#define PG_TRY()
#define PG_CATCH()
#define PG_FINALLY()
#define PG_END_TRY()

#endif /* LINT_BACKEND_H */
