/*
 * origin.h
 *		The host's own sources of keys, one by one.
 *
 * Each looks whether the host has it, and if so writes it into the chain. The
 * order among them is the caller's, and so are profiles.
 */
#ifndef DDB_ORIGIN_H
#define DDB_ORIGIN_H

#include "chain.h"
#include "profile.h"

typedef enum DdbFound
{
	DDB_FOUND_NONE,  /* the host does not have it */
	DDB_FOUND,       /* the chain begins there */
	DDB_FOUND_FAULT, /* it is there and not usable: the status is filled */
} DdbFound;

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN */
extern DdbFound ddb_origin_environment(DdbChain *chain, DdbStatus *status);

/* AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME */
extern DdbFound ddb_origin_web_identity(DdbChain *chain, DdbStatus *status);

/*
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, or ..._FULL_URI: https, or plain http
 * to a loopback address or to one of those that ECS and EKS have for it.
 */
extern DdbFound ddb_origin_container(DdbChain *chain, DdbStatus *status);

/*
 * The instance metadata service, which any host may have that does not say
 * AWS_EC2_METADATA_DISABLED. Its endpoint: AWS_EC2_METADATA_SERVICE_ENDPOINT,
 * then the profile's ec2_metadata_service_endpoint, then by the same of
 * ..._MODE.
 */
extern DdbFound ddb_origin_imds(DdbChain *chain, const DdbProfiles *profiles,
								const char *profile, DdbStatus *status);

#endif /* DDB_ORIGIN_H */
