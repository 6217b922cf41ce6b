/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the SQLite extension share. Each includes this header, declares SQLite's table of functions with
 * SQLITE_EXTENSION_INIT3, and takes all memory from SQLite.
 */
#ifndef AEPRED_SQLITE_EXTENSION_H
#define AEPRED_SQLITE_EXTENSION_H

#include "../sql/levels.h"

#include <aepred.h>
#include <sqlite3ext.h>
#include <stdbool.h>
#include <stddef.h>

/* ----------------------------------------------------------------------------------------------- memory, errors */

/* SQLite's memory, aligned for any type, which that of SQLite alone is not. */
extern const aep_allocator sql_memory;

enum { MESSAGE_SIZE = 512 };

/* The last error of an object of the library. */
typedef struct sql_log {
    const char *function; /* of SQL, for warnings */
    char message[MESSAGE_SIZE];
} sql_log;

/* An aep_log_fn with a sql_log: keeps errors, and hands warnings to sqlite3_log. */
void sql_log_take(int level, const char *message, void *log);

/* End a function of SQL with an error; the format is that of sqlite3_mprintf. */
void sql_fail(sqlite3_context *context, const char *function, const char *format, ...);

/* The same for a status of the library, with its message, if it logged one. */
void sql_fail_status(sqlite3_context *context, const char *function, int status, const char *message);

/* A function whose results are JSON says so from SQLite 3.45 on. */
#ifdef SQLITE_RESULT_SUBTYPE
enum { JSON_FLAG = SQLITE_RESULT_SUBTYPE };
#else
enum { JSON_FLAG = 0 };
#endif

/* End a function with JSON. */
void sql_result_json(sqlite3_context *context, sqlite3_str *text);

/* A string of JSON. */
void sql_json_text(sqlite3_str *to, const char *text);

/* ------------------------------------------------------------------------------------------------------- values */

enum { NUMBER_SIZE = 32 };

/* The bytes of a value as a level's name: text as it is, numbers in their shortest form, 3.0 as 3. */
const char *sql_level_text(size_t *length, char number[NUMBER_SIZE], sqlite3_value *value);

/* A row in one value: single precision, little-endian. */
void sql_floats_read(float *row, const void *bytes, size_t n);

/* ------------------------------------------------------------------------------------------------------ options */

typedef struct sql_column {
    char *name; /* or NULL */
    enum { COLUMN_UNKNOWN, COLUMN_NUMBERS, COLUMN_LEVELS } kind;
    bool declared; /* the levels are all there are */
    sql_levels levels;
} sql_column;

/* What the text of options says. */
typedef struct sql_options {
    aep_options *options;
    double calibration; /* share of the rows held out */
    size_t most_levels, n_threads;
    sql_column *columns; /* (n_columns), of the call */
    size_t n_columns;
} sql_options;

/* false: an error is set. To be freed in any case. */
bool sql_options_read(sql_options *o, sqlite3_context *context, const char *function, const char *text,
                      size_t n_columns, sql_log *log);
void sql_options_free(sql_options *o);

/* ------------------------------------------------------------------------------------------------------- models */

/* A model that was parsed, with what it takes to score a row. */
typedef struct sql_model {
    size_t n_references;
    void *bytes; /* what it was parsed from */
    size_t size;
    aep_model *model;
    aep_workspace *workspace;
    size_t n_columns;
    sql_levels *levels; /* (n_columns), of named levels */
    bool missing_allowed, unseen_allowed;
    float *row, *shares; /* (n_columns) */
    float *scored;       /* (n_columns): the row of `score`, if has_score */
    float score;
    bool has_score;
    sql_log log;
} sql_model;

/* What the functions of one connection share: the models that it used last. It goes with the last function. */
typedef struct sql_connection sql_connection;

sql_connection *sql_connection_new(void);
void sql_connection_hold(sql_connection *c);
void sql_connection_release(void *c);

/* How many models were parsed. */
sqlite3_int64 sql_connection_parsed(const sql_connection *c);

/* The model in the first argument of a function, parsed if it is not one of the last; NULL: an error is set. */
sql_model *sql_model_of(sqlite3_context *context, const char *function, sqlite3_value *value);

/* ---------------------------------------------------------------------------------------------------- functions */

int sql_register_train(sqlite3 *db);
int sql_register_score(sqlite3 *db, sql_connection *connection);
int sql_register_describe(sqlite3 *db, sql_connection *connection);

#endif
