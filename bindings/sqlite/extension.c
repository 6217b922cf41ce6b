/* SPDX-License-Identifier: BSD-2-Clause */
/* The entry point of the SQLite extension. */
#include "extension.h"

SQLITE_EXTENSION_INIT1

AEP_API int sqlite3_aepred_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);

/* What is used that is newer than the mechanism itself: 3.31, for SQLITE_INNOCUOUS. */
enum { OLDEST = 3031000 };

int sqlite3_aepred_init(sqlite3 *db, char **error, const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < OLDEST) {
        *error = sqlite3_mprintf("aepred needs SQLite 3.31 or later, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    sql_connection *connection = sql_connection_new();
    if (!connection)
        return SQLITE_NOMEM;
    int status = sql_register_train(db);
    if (status == SQLITE_OK)
        status = sql_register_score(db, connection);
    if (status == SQLITE_OK)
        status = sql_register_describe(db, connection);
    sql_connection_release(connection);
    return status;
}
