/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are taken for CSV text, since they are of no other format, but are something else that is well known. */
#ifndef AEPRED_FOREIGN_FILE_H
#define AEPRED_FOREIGN_FILE_H

#include "stream.h"

/* Is it such a file, by its first bytes? Says what it is and what to do. */
bool foreign_file_refused(const stream *in);

#endif
