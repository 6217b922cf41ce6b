/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Models, parsed once. Each call of a function in a statement keeps the models that it saw last, and looks for the same
 * bytes among them. A model that the table holds out of line is known by its place there, without being fetched.
 *
 * The library gets its memory from a context of PostgreSQL, by a call that gives NULL instead of raising an error: none
 * may jump over the library's code.
 */
#include "extension.h"

#include "access/detoast.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM >= 170000
#define THIS_TRANSACTION (MyProc->vxid.lxid)
#else
#define THIS_TRANSACTION (MyProc->lxid)
#endif

enum { MOST_MODELS = 16, MOST_BYTES = 64 << 20 /* of all that are kept but the last */ };

typedef struct pg_cache {
    pg_model *models[MOST_MODELS]; /* the one used last comes first; NULL behind them */
} pg_cache;

static int64 n_parsed; /* of a session, which is a process with one thread */

int64 pg_models_parsed(void) { return n_parsed; }

/* ---------------------------------------------------------------------------------------------------- memory, errors */

/* MemoryContextAlloc aligns to 8 bytes. In front of what is given out stands the pointer to what is to be freed. */
static void *allocate(size_t size, void *context)
{
    enum { ALIGNMENT = _Alignof(max_align_t), MORE = ALIGNMENT + sizeof(void *) };
    char *whole = NULL, *part;
    if (size <= MaxAllocHugeSize - MORE)
        whole = MemoryContextAllocExtended(context, size + MORE, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
    if (!whole)
        return NULL;
    part = whole + sizeof whole;
    part += (ALIGNMENT - (uintptr_t)part % ALIGNMENT) % ALIGNMENT;
    memcpy(part - sizeof whole, &whole, sizeof whole);
    return part;
}

static void release(void *part, void *context)
{
    char *whole;
    (void)context;
    memcpy(&whole, (char *)part - sizeof whole, sizeof whole);
    pfree(whole);
}

static void take_message(int level, const char *message, void *payload)
{
    pg_model *m = payload;
    if (level == AEP_LOG_ERROR)
        strlcpy(m->message, message, sizeof m->message);
}

void pg_fail(int status, const char *message)
{
    int code = ERRCODE_INVALID_PARAMETER_VALUE;
    if (status == AEP_E_MEMORY)
        ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"), errdetail("A model found none."));
    if (status == AEP_E_FORMAT || status == AEP_E_CHECKSUM || status == AEP_E_VERSION)
        code = ERRCODE_INVALID_BINARY_REPRESENTATION;
    if (status == AEP_E_STATE)
        code = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    ereport(ERROR, errcode(code), errmsg("%s", message && *message ? message : aep_status_str(status)));
    pg_unreachable();
}

/* ------------------------------------------------------------------------------------------------------------- cache */

static pg_cache *cache_of(FunctionCallInfo fcinfo)
{
    FmgrInfo *call = fcinfo->flinfo;
    if (!call->fn_extra)
        call->fn_extra = MemoryContextAllocZero(call->fn_mcxt, sizeof(pg_cache));
    return call->fn_extra;
}

/* Give up models from the i-th on. */
static void forget(pg_cache *c, size_t i)
{
    for (; i < MOST_MODELS && c->models[i]; i++) {
        MemoryContext context = c->models[i]->context;
        c->models[i] = NULL;
        MemoryContextDelete(context);
    }
}

/* Move a model to the front, which is its place or was another's. */
static pg_model *use(pg_cache *c, size_t place, pg_model *m)
{
    memmove(&c->models[1], &c->models[0], place * sizeof *c->models);
    c->models[0] = m;
    return m;
}

static void keep(pg_cache *c, pg_model *m)
{
    size_t bytes = m->size;
    forget(c, MOST_MODELS - 1);
    use(c, MOST_MODELS - 1, m);
    for (size_t i = 1; i < MOST_MODELS && c->models[i]; i++) {
        bytes += c->models[i]->size;
        if (bytes > MOST_BYTES)
            forget(c, i);
    }
}

/* By its place in a table. That is another's only when a later transaction has vacuumed it. */
static pg_model *find_stored(pg_cache *c, const struct varatt_external *stored)
{
    for (size_t i = 0; i < MOST_MODELS && c->models[i]; i++) {
        pg_model *m = c->models[i];
        if (m->is_stored && m->transaction == THIS_TRANSACTION && memcmp(&m->stored, stored, sizeof *stored) == 0)
            return use(c, i, m);
    }
    return NULL;
}

static pg_model *find_bytes(pg_cache *c, const char *bytes, size_t size)
{
    for (size_t i = 0; i < MOST_MODELS && c->models[i]; i++) {
        pg_model *m = c->models[i];
        if (m->size == size && memcmp(m->bytes, bytes, size) == 0)
            return use(c, i, m);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------- parse */

/* What is needed beside the model. */
static int prepare(pg_model *m)
{
    double missing = AEP_MISSING_ERROR, unseen = AEP_UNSEEN_ZERO;
    size_t n = aep_model_n_columns(m->model), size = n * sizeof(float);
    aep_model_get(&missing, m->model, AEP_OPT_MISSING);
    aep_model_get(&unseen, m->model, AEP_OPT_UNSEEN);
    m->missing_allowed = (int)missing == AEP_MISSING_IMPUTE;
    m->unseen_allowed = (int)unseen == AEP_UNSEEN_ZERO;
    aep_model_set_log(m->model, take_message, m);
    m->n_columns = n;
    m->levels = allocate(n * sizeof *m->levels, m->context);
    m->row = allocate(size, m->context);
    m->shares = allocate(size, m->context);
    m->scored = allocate(size, m->context);
    if (!m->levels || !m->row || !m->shares || !m->scored)
        return AEP_E_MEMORY;
    memset(m->levels, 0, n * sizeof *m->levels);
    for (size_t i = 0; i < n; i++)
        if (!sql_levels_add_column(&m->levels[i], m->model, i, &m->memory))
            return AEP_E_MEMORY;
    return aep_workspace_new(&m->workspace, m->model);
}

static int load(pg_model *m, const char *bytes, size_t size)
{
    int status;
    m->bytes = allocate(size ? size : 1, m->context);
    if (!m->bytes)
        return AEP_E_MEMORY;
    memcpy(m->bytes, bytes, size);
    m->size = size;
    status = aep_model_load(&m->model, bytes, size, &m->memory);
    return status == AEP_OK ? prepare(m) : status;
}

/* All that is in the context goes with it, also where an error ends the call. */
static pg_model *parse(FunctionCallInfo fcinfo, const char *bytes, size_t size)
{
    MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "aepred model", ALLOCSET_SMALL_SIZES);
    pg_model *m = MemoryContextAllocZero(context, sizeof *m);
    int status;
    m->context = context;
    m->memory = (aep_allocator){allocate, release, context};
    status = load(m, bytes, size);
    if (status != AEP_OK) {
        MemoryContextDelete(context);
        pg_fail(status, NULL);
    }
    n_parsed++;
    return m;
}

pg_model *pg_model_of(FunctionCallInfo fcinfo)
{
    pg_cache *c = cache_of(fcinfo);
    pg_model *m = NULL;
    struct varlena *argument, *bytes;
    struct varatt_external stored = {0};
    bool is_stored;
    if (PG_ARGISNULL(0))
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the model is NULL"),
                errhint("Does the query that gives it find a row?"));
    argument = (struct varlena *)PG_GETARG_POINTER(0);
    is_stored = VARATT_IS_EXTERNAL_ONDISK(argument);
    if (is_stored) {
        VARATT_EXTERNAL_GET_POINTER(stored, argument);
        m = find_stored(c, &stored);
    }
    if (m)
        return m;
    bytes = pg_detoast_datum_packed(argument);
    m = find_bytes(c, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    if (!m) {
        m = parse(fcinfo, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
        keep(c, m);
    }
    m->is_stored = is_stored;
    if (is_stored) {
        m->stored = stored;
        m->transaction = THIS_TRANSACTION;
    }
    if (bytes != argument)
        pfree(bytes);
    return m;
}
