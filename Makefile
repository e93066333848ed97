EXTENSION = cruddur_ddb
MODULE_big = $(EXTENSION)
PGFILEDESC = "cruddur_ddb - SQL over DynamoDB"

# The order is the architecture: an object calls only objects above it, and
# "make lint" proves that.  src/README.md tells why.
CLIENT = \
	src/client/secret.o \
	src/client/status.o \
	src/client/timestamp.o \
	src/client/content.o \
	src/client/retry.o \
	src/client/skew.o \
	src/client/keys.o \
	src/client/text.o \
	src/client/canonical.o \
	src/client/sigv4.o \
	src/client/host.o \
	src/client/part.o \
	src/client/profile_parse.o \
	src/client/profile.o \
	src/client/chain.o \
	src/client/origin.o \
	src/client/chain_resolve.o \
	src/client/url.o \
	src/client/endpoint.o \
	src/client/json.o \
	src/client/writer.o \
	src/client/number.o \
	src/client/value.o \
	src/client/capacity.o \
	src/client/wanted.o \
	src/client/document.o \
	src/client/image.o \
	src/client/image_same.o \
	src/client/action.o \
	src/client/item.o \
	src/client/tableinfo.o \
	src/client/jitter.o \
	src/client/draft.o \
	src/client/issued.o \
	src/client/sts.o \
	src/client/metadata.o \
	src/client/round.o \
	src/client/provider.o \
	src/client/peer.o \
	src/client/exchange.o \
	src/client/http.o \
	src/client/credentials.o \
	src/client/envelope.o \
	src/client/call.o \
	src/client/pump.o \
	src/client/client.o \
	src/client/streams.o \
	src/client/streams_answer.o \
	src/client/userpool.o

OBJS = $(CLIENT) \
	src/pg/own.o \
	src/pg/report.o \
	src/pg/guc.o \
	src/pg/wakeup.o \
	src/pg/tally.o \
	src/pg/convert.o \
	src/pg/path.o \
	src/pg/optionspec.o \
	src/pg/options.o \
	src/pg/stats.o \
	src/pg/budget.o \
	src/pg/decimal.o \
	src/pg/moment.o \
	src/pg/datum.o \
	src/pg/input.o \
	src/pg/mint.o \
	src/pg/deputy.o \
	src/pg/network.o \
	src/pg/identity.o \
	src/pg/session.o \
	src/pg/describe.o \
	src/pg/itemkey.o \
	src/pg/difference.o \
	src/pg/version.o \
	src/pg/writeset.o \
	src/pg/send.o \
	src/pg/verdict.o \
	src/pg/sender.o \
	src/pg/sendtext.o \
	src/pg/outboxtable.o \
	src/pg/deposit.o \
	src/pg/commit.o \
	src/pg/overlay.o \
	src/pg/pages.o \
	src/pg/fetch.o \
	src/pg/keyorder.o \
	src/pg/relation.o \
	src/pg/description.o \
	src/pg/column.o \
	src/pg/scalar.o \
	src/pg/docwriter.o \
	src/pg/encoder.o \
	src/pg/itemtree.o \
	src/pg/itemwriter.o \
	src/pg/operand.o \
	src/pg/expression.o \
	src/pg/condition.o \
	src/pg/keyset.o \
	src/pg/filter.o \
	src/pg/plan.o \
	src/pg/bind.o \
	src/pg/rowreader.o \
	src/pg/extras.o \
	src/pg/layers.o \
	src/pg/prefetch.o \
	src/pg/users.o \
	src/pg/membership.o \
	src/pg/timeline.o \
	src/pg/changes.o \
	src/pg/messageitem.o \
	src/pg/messages.o \
	src/pg/seed.o \
	src/pg/delivery.o \
	src/pg/cutoff.o \
	src/pg/queue.o \
	src/pg/outbox.o \
	src/pg/outboxfn.o \
	src/pg/cognito.o \
	src/pg/request.o \
	src/pg/schema.o \
	src/pg/scan.o \
	src/pg/connections.o \
	src/pg/itemtext.o \
	src/pg/grouprow.o \
	src/pg/mover.o \
	src/pg/streamrecord.o \
	src/pg/checkpoint.o \
	src/pg/announce.o \
	src/pg/batch.o \
	src/pg/shardreader.o \
	src/pg/lineage.o \
	src/pg/stream.o \
	src/pg/streamfn.o \
	src/pg/quals.o \
	src/pg/access.o \
	src/pg/planning.o \
	src/pg/fdw_paths.o \
	src/pg/fdw_count.o \
	src/pg/prefetch_path.o \
	src/pg/fdw_plan.o \
	src/pg/fdw_scan.o \
	src/pg/writetarget.o \
	src/pg/newrow.o \
	src/pg/rowchange.o \
	src/pg/spool.o \
	src/pg/modify_plan.o \
	src/pg/fdw_modify.o \
	src/pg/fdw_truncate.o \
	src/pg/fdw_explain.o \
	src/pg/fdw_async.o \
	src/pg/attributes.o \
	src/pg/definition.o \
	src/pg/fdw_import.o \
	src/pg/fdw_analyze.o \
	src/pg/fdw.o \
	src/pg/streamtask.o \
	src/pg/outboxtask.o \
	src/pg/workplace.o \
	src/pg/worker.o \
	src/pg/module.o

DATA = $(wildcard sql/$(EXTENSION)--*.sql)

# pg_regress looks for expected output in ./expected first.
REGRESS = $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)
EXTRA_CLEAN = tmp_check/unit tmp_check/regress tmp_check/logs tmp_check/deb \
	$(EXTENSION)-*.zip

CLIENT_LIBS = -lcurl -lcrypto -ljansson -lz -ldeflate
WARNINGS = -std=gnu11 -Wall -Wextra -Wno-declaration-after-statement

# Of the distribution; a running library shows it by pg_get_loaded_modules().
DDB_VERSION := $(shell sed -n "s/^ *\"version\": \"\(.*\)\",*/\1/p" META.json | head -n 1)

PG_CPPFLAGS = -Isrc/client -Isrc/pg -DDDB_VERSION='"$(DDB_VERSION)"'
# PostgreSQL's own headers leave parameters unused.
PG_CFLAGS = $(WARNINGS) -Wno-unused-parameter
SHLIB_LINK = $(CLIENT_LIBS) -Wl,--version-script=src/exports.map

# Debian builds PostgreSQL without dependency tracking and with bitcode.  We
# want the first, and have no use for the second.
override autodepend := yes
override with_llvm := no

PG_CONFIG ?= pg_config

# PGXS has a "check" of its own that prints a message and exits 0.  Goals that
# prepare the machine first must also work where there is no PostgreSQL yet.
# So these leave PGXS out, and other goals beside them start again.
SCRIPTED = check demo bench load
.PHONY: $(SCRIPTED) unit unit-programs lint dist deb

ifneq (,$(filter $(SCRIPTED),$(MAKECMDGOALS)))
.NOTPARALLEL:

check demo:
	@test/$@
bench:
	@test/setup
	@test/bench/run
load:
	@test/setup
	@test/bench/run load
$(filter-out $(SCRIPTED),$(MAKECMDGOALS)):
	$(MAKE) $@

else

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# "make clean" leaves tmp_check: the settings of running stacks are there.
pg_regress_clean_files := $(filter-out tmp_check/,$(pg_regress_clean_files))

$(shlib): src/exports.map
src/pg/module.o: META.json

# Nothing below the wall may as much as include a PostgreSQL header.
$(CLIENT): override CPPFLAGS = -Isrc/client

# The SQL tests ask for the endpoint that they shall use.
installcheck: export DDB_ENDPOINT := $(or $(DDB_ENDPOINT),$(AWS_ENDPOINT_URL))
installcheck: installcheck-endpoint
.PHONY: installcheck-endpoint
installcheck-endpoint:
	@test -n "$(DDB_ENDPOINT)" || { echo "installcheck: set\
	 AWS_ENDPOINT_URL to a DynamoDB endpoint, or use \"make check\"" >&2; \
	 exit 1; }

# Unit tests: the client layer alone, under the sanitizers.
UNIT_DIR = tmp_check/unit
UNIT_SANITIZE = address,undefined
UNIT_CFLAGS = $(WARNINGS) -Werror -O1 -g -fno-omit-frame-pointer \
	-fsanitize=$(UNIT_SANITIZE) -fno-sanitize-recover=undefined
UNIT_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=mmap
UNIT_OBJS = $(CLIENT:src/client/%=$(UNIT_DIR)/client/%)
UNIT = $(patsubst test/unit/%.c,$(UNIT_DIR)/%,$(wildcard test/unit/*.c))

$(UNIT_DIR)/client/%.o: src/client/%.c
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Isrc/client -MMD -MP -c -o $@ $<
$(UNIT_DIR)/libclient.a: $(UNIT_OBJS)
	rm -f $@
	$(AR) rcs $@ $^
$(UNIT): $(UNIT_DIR)/%: test/unit/%.c $(UNIT_DIR)/libclient.a
	$(CC) $(UNIT_CFLAGS) -Isrc/client -MMD -MP -o $@ $< \
		$(UNIT_DIR)/libclient.a $(UNIT_LDFLAGS) $(CLIENT_LIBS)

# A fuzz target over its corpus is a unit test too.  "test/fuzz/run" links the
# same with libFuzzer in place of replay.c.
FUZZ_TARGETS = $(notdir $(wildcard test/fuzz/corpus/*))
FUZZ = $(FUZZ_TARGETS:%=$(UNIT_DIR)/fuzz/%)
FUZZ_MAIN = test/fuzz/replay.c
# What a target compiles besides the client layer.
# PostgreSQL was configured for gcc, whose attributes clang does not know all.
BACKEND_CFLAGS = -Isrc/pg -I$(includedir_server) -Wno-unused-parameter \
	-Wno-ignored-attributes
$(UNIT_DIR)/fuzz/path: FUZZ_CFLAGS = src/pg/path.c $(BACKEND_CFLAGS)
$(UNIT_DIR)/fuzz/path: src/pg/path.c
$(FUZZ): $(UNIT_DIR)/fuzz/%: test/fuzz/%.c test/fuzz/check.h \
		test/fuzz/replay.c $(UNIT_DIR)/libclient.a
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Isrc/client -DCORPUS='"test/fuzz/corpus/$*"' \
		-o $@ $< $(FUZZ_MAIN) $(FUZZ_CFLAGS) $(UNIT_DIR)/libclient.a \
		$(CLIENT_LIBS)

unit-programs: $(UNIT) $(FUZZ)
unit: $(UNIT) $(FUZZ)
	prove --exec '' $(UNIT) $(FUZZ)
-include $(UNIT_OBJS:.o=.d) $(UNIT:=.d)

lint: all
	@OBJS="$(OBJS)" CLIENT="$(CLIENT)" CLIENT_LIBS="$(CLIENT_LIBS)" \
		WARNINGS="$(WARNINGS)" PG_CONFIG="$(PG_CONFIG)" \
		SHLIB="$(shlib)" test/lint/run

dist:
	git archive --format=zip --prefix=$(EXTENSION)-$(DDB_VERSION)/ \
		-o $(EXTENSION)-$(DDB_VERSION).zip HEAD

# A Debian package for each PostgreSQL that there are headers of.
DEB_DIR = tmp_check/deb
deb: export PG_SUPPORTED_VERSIONS := $(or $(PG_SUPPORTED_VERSIONS),installed)
deb:
	rm -rf $(DEB_DIR)
	test/copy $(DEB_DIR)/$(EXTENSION)-$(DDB_VERSION)
	cd $(DEB_DIR)/$(EXTENSION)-$(DDB_VERSION) && \
		pg_buildext updatecontrol && \
		unset MAKEFLAGS MFLAGS MAKELEVEL && dpkg-buildpackage -b -uc -us
	@ls $(DEB_DIR)/*.deb

endif
