/*
 * deputy.c
 *		What a function may do that lends its owner's rights to its caller.
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "compat.h"
#include "deputy.h"

/*
 * Who may act as the user anyway, or the user itself. What ALTER ROLE has set
 * counts as chosen by nobody: everyone may alter their own role.
 */
static bool
chosen_by(Oid user)
{
	struct config_generic *setting = ddb_compat_setting("cruddur_ddb.server");

	return setting->source >= PGC_S_INTERACTIVE &&
		   is_member_of_role(setting->srole, user);
}

void
ddb_deputy_check_server(Oid server_oid)
{
	Oid user = GetUserId();
	ForeignServer *server;

	if (!InLocalUserIdChange())
		return;
	server = GetForeignServer(server_oid);
	if (superuser_arg(server->owner) ||
		is_member_of_role_nosuper(user, server->owner) || chosen_by(user))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("server \"%s\" cannot be used with the rights of \"%s\"",
					server->servername,
					GetUserNameFromId(user, false)),
			 errdetail("Its owner \"%s\" is neither a superuser nor a role of "
					   "\"%s\", and a function with the rights of its owner "
					   "uses the server that its caller has set.",
					   GetUserNameFromId(server->owner, false),
					   GetUserNameFromId(user, false)),
			 errhint("Name the server that the function is to use by ALTER "
					 "FUNCTION ... SET cruddur_ddb.server.")));
}
