# weir. `make` builds bin/, `make demo` shows it, `make test` runs the tests; see CONTRIBUTING.md.
#
#   make CC=clang                another compiler
#   make SAN=1                   address and undefined sanitizers, into build/san (SAN=thread: build/tsan)
#   make WITHOUT="libpq hiredis" leaves optional parts out
#   make V=1                     shows the commands
#   make install PREFIX=/usr DESTDIR=/tmp/package

# --- What there is -------------------------------------------------------------------------------
# A new file needs no line here: all of lib, batch, speed and serve goes into one library, from which
# each bin/<tool>.c takes what it uses.

VERSION  := $(shell sed -n 's/^.define WEIR_VERSION "\(.*\)"/\1/p' lib/base/opts.h)
SOURCES  := $(sort $(foreach dir,lib batch speed serve,$(wildcard $(dir)/*.c $(dir)/*/*.c $(dir)/*/*/*.c)))
TOOLS    := $(sort $(patsubst bin/%.c,%,$(wildcard bin/*.c)))
MANUALS  := $(sort $(wildcard bin/*.1 bin/*.5 bin/*.7))
SHIMS    := $(sort $(wildcard tests/fault/*.c))
FUZZERS  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
PROGRAMS := $(sort $(wildcard tests/unit/*.c tests/law/*.c tests/e2e/*.c tests/bench/*.c))

# --- Optional parts ------------------------------------------------------------------------------
# A part is a pkg-config module. A file named *_<part>.c is compiled when pkg-config knows the module,
# and -DWITH_<part> then tells the table of drivers. Asked only for parts that some file needs.

OPTIONAL := hiredis libcurl libisal liblz4 libmariadb libmicrohttpd libpq lmdb rdkafka rocksdb sqlite3

NEEDED   := $(foreach part,$(OPTIONAL),$(if $(filter %_$(part).c,$(SOURCES)),$(part)))
PARTS    := $(foreach part,$(filter-out $(WITHOUT),$(NEEDED)),$(shell pkg-config --exists $(part) 2>/dev/null && echo $(part)))
SOURCES  := $(filter-out $(foreach part,$(filter-out $(PARTS),$(OPTIONAL)),%_$(part).c),$(SOURCES))
ifneq ($(PARTS),)
PART_FLAGS := $(addprefix -DWITH_,$(PARTS)) $(shell pkg-config --cflags $(PARTS))
PART_LIBS  := $(shell pkg-config --libs $(PARTS))
endif

# --- How it is built -----------------------------------------------------------------------------
# CFLAGS is the user's; what the code needs in any case stands in FLAGS.

CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith
FLAGS   = -std=gnu11 $(WARN) -D_GNU_SOURCE -I. -pthread $(HARDEN) $(SANITIZE) $(PART_FLAGS)
LIBS    = -lcsv -lz $(PART_LIBS)
say     = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@echo '  $1 $@' &&)
LINK    = $(CC) $(CFLAGS) $(FLAGS) $(LINK_FLAGS) $(LDFLAGS) -Wl,--as-needed

ifeq ($(SAN),)
  B   := build
  BIN := bin
  # glibc warns when _FORTIFY_SOURCE meets -O0
  HARDEN     = -fstack-protector-strong -fPIE $(FORTIFY)
  LINK_FLAGS = -pie -Wl,-z,relro -Wl,-z,now
  FORTIFY    = $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
else
  BIN       = $(B)/bin
  SANITIZE  = -fno-omit-frame-pointer
  ifeq ($(SAN),1)
    B        := build/san
    SANITIZE += -fsanitize=address,undefined -fno-sanitize-recover=undefined
    # as shared libraries gcc's runtimes disagree on log_path, by which tests/run finds reports
    LINK_FLAGS = $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
  else ifeq ($(SAN),thread)
    B        := build/tsan
    SANITIZE += -fsanitize=thread
  else ifeq ($(SAN),fuzz)
    # libFuzzer, see `fuzz` below; its main is in the fuzz targets alone
    B        := build/fuzz
    SANITIZE += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
  else ifeq ($(SAN),mutants)
    # safety steps can be left out: the negative controls of the tests, see lib/base/mutant.h
    B        := build/mutants
    SANITIZE += -DWEIR_MUTANTS
  else
    $(error SAN is 1, thread or mutants, not $(SAN))
  endif
endif

LIB := $(B)/libweir.a

# --- Building ------------------------------------------------------------------------------------

.PHONY: all
all: $(TOOLS:%=$(BIN)/%)

$(TOOLS:%=$(BIN)/%): $(BIN)/%: $(B)/bin/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD) $(LINK) -o $@ $< $(LIB) $(LIBS)

$(LIB): $(SOURCES:%.c=$(B)/%.o)
	@rm -f $@
	$(call say,AR) $(AR) rcs $@ $^

$(B)/%.o: %.c $(B)/flags | $(B)/ready
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CFLAGS) $(FLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/base/opts.o: private CPPFLAGS += '-DWEIR_PARTS="$(PARTS)"'

# Everything is built again when the command is another one: CC, CFLAGS, parts.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(LINK) $(CPPFLAGS) $(LIBS)' | cmp -s - $@ || echo '$(LINK) $(CPPFLAGS) $(LIBS)' > $@
.PHONY: FORCE
FORCE:

# Says what is missing before the compiler does.
$(B)/ready:
	@mkdir -p $(@D)
	@command -v $(firstword $(CC)) > /dev/null || { echo '$(firstword $(CC)) is missing: run "make deps"' >&2; exit 1; }
	@for need in libc:stdio.h libcsv:csv.h zlib:zlib.h; do \
		echo "#include <$${need#*:}>" | $(CC) -E - > /dev/null 2>&1 || \
			{ echo "$${need%:*} is missing: run \"make deps\"" >&2; exit 1; }; \
	done
	@touch $@

-include $(SOURCES:%.c=$(B)/%.d) $(TOOLS:%=$(B)/bin/%.d)

# --- Tests ---------------------------------------------------------------------------------------
# tests/run builds what it needs by `make all programs` with and without SAN=1.

.PHONY: test test-all soak check-layers model programs fuzz bench bench-peers bench-callgrind demo deps
test:
	@.ci/deps build test
	@tests/run

test-all:
	@.ci/deps build test
	@tests/run --all

# The loop under load with a kill every five seconds; SOAK=seconds.
SOAK ?= 1800
soak: all
	@.ci/deps build test
	@SOAK=$(SOAK) bats --show-output-of-passing-tests tests/fault/soak.bats

check-layers:
	@tests/check-layers

# The exactly-once protocol, searched by Spin.
model:
	@.ci/deps build test
	@bats tests/model

programs: $(patsubst %.c,$(B)/%,$(PROGRAMS) $(FUZZERS)) $(patsubst %.c,$(B)/%.so,$(SHIMS))

$(patsubst %.c,$(B)/%,$(PROGRAMS)): %: %.o $(LIB)
	$(call say,LD) $(LINK) -o $@ $< $(LIB) $(LIBS)

# A fuzz target is linked with libFuzzer, or with a main that runs it over given files.
ifeq ($(SAN),fuzz)
$(patsubst %.c,$(B)/%,$(FUZZERS)): %: %.o $(LIB)
	$(call say,LD) $(LINK) -fsanitize=fuzzer -o $@ $< $(LIB) $(LIBS)
else
$(patsubst %.c,$(B)/%,$(FUZZERS)): %: %.o $(B)/tests/fuzz/replay.o $(LIB)
	$(call say,LD) $(LINK) -o $@ $< $(B)/tests/fuzz/replay.o $(LIB) $(LIBS)
endif

# Libraries to preload. Without sanitizer: they come before its own.
$(B)/tests/fault/%.so: tests/fault/%.c | $(B)/ready
	@mkdir -p $(@D)
	$(call say,CC) $(CC) -std=gnu11 -O2 -g $(WARN) -D_GNU_SOURCE -fPIC -shared -pthread -o $@ $<

-include $(patsubst %.c,$(B)/%.d,$(PROGRAMS) $(FUZZERS))

# New inputs gather in build/fuzz/corpus; a crash leaves its input in build/fuzz.
FUZZ_TIME ?= 30
fuzz:
	@$(MAKE) --no-print-directory CC=clang SAN=fuzz fuzz-run FUZZ_TIME=$(FUZZ_TIME)

.PHONY: fuzz-run
fuzz-run: $(patsubst %.c,$(B)/%,$(FUZZERS))
	@for f in $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZERS)); do \
		echo "fuzz: $$f, $(FUZZ_TIME) s"; mkdir -p $(B)/corpus/$$f; \
		$(B)/tests/fuzz/fuzz_$$f -max_total_time=$(FUZZ_TIME) -artifact_prefix=$(B)/ -print_final_stats=1 \
			$(B)/corpus/$$f $$(ls -d tests/fuzz/corpus/$$f 2>/dev/null) || exit 1; \
	done

# weir and the peers that are installed side by side; ROWS=10M JOBS="J1 J3" PEERS=duckdb ROUNDS=3 SAVE=1, see tests/bench/run.
bench: all $(B)/tests/bench/generate $(B)/tests/bench/measure
	@tests/bench/run

# Installs peers: packages, and Python's ones into build/peers.
bench-peers:
	@.ci/deps bench
	@python3 -m venv build/peers
	@build/peers/bin/python3 -m pip install -q --upgrade duckdb chdb polars

# Instructions per record of each job; SAVE=1 notes them for the test that compares.
bench-callgrind: all $(B)/tests/bench/generate
	@tests/bench/callgrind

# --- From nothing to something to look at --------------------------------------------------------

deps:
	@.ci/deps build test

demo:
	@.ci/deps build
	@$(MAKE) --no-print-directory
	@examples/shop/run.sh

# --- Installing ----------------------------------------------------------------------------------

BINDIR  := $(PREFIX)/bin
MANDIR  := $(PREFIX)/share/man
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR  := $(PREFIX)/share/zsh/site-functions
FISHDIR := $(PREFIX)/share/fish/vendor_completions.d

INSTALLED := $(TOOLS:%=$(BINDIR)/%) $(foreach page,$(notdir $(MANUALS)),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page)) \
	$(TOOLS:%=$(BASHDIR)/%) $(TOOLS:%=$(ZSHDIR)/_%) $(TOOLS:%=$(FISHDIR)/%.fish)

.PHONY: install uninstall
install: all
	@for dir in $(sort $(dir $(INSTALLED))); do mkdir -p "$(DESTDIR)$$dir" || exit 1; done
	@for page in $(MANUALS); do \
		install -m 644 $$page "$(DESTDIR)$(MANDIR)/man$${page##*.}/" || exit 1; done
	@for tool in $(TOOLS); do \
		install -m 755 $(BIN)/$$tool "$(DESTDIR)$(BINDIR)/" && \
		$(BIN)/$$tool --completions bash > "$(DESTDIR)$(BASHDIR)/$$tool" && \
		$(BIN)/$$tool --completions zsh > "$(DESTDIR)$(ZSHDIR)/_$$tool" && \
		$(BIN)/$$tool --completions fish > "$(DESTDIR)$(FISHDIR)/$$tool.fish" || exit 1; done
	@echo "installed weir $(VERSION) below $(DESTDIR)$(PREFIX)"

uninstall:
	@for file in $(INSTALLED); do rm -f "$(DESTDIR)$$file"; done

# --- A release, and nothing left -----------------------------------------------------------------
# The archive depends on the commit alone: same commit, same bytes.

.PHONY: dist clean
dist:
	@mkdir -p build
	git archive --format=tar --prefix=weir-$(VERSION)/ HEAD | gzip -9n > build/weir-$(VERSION).tar.gz

clean:
	rm -rf build $(TOOLS:%=bin/%)
