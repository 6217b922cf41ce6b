/* SPDX-License-Identifier: BSD-2-Clause */
#include <aepred.h>

#define TEXT(x)    #x
#define TEXT_OF(x) TEXT(x)

const char *aep_version(void)
{
    return TEXT_OF(AEP_VERSION_MAJOR) "." TEXT_OF(AEP_VERSION_MINOR) "." TEXT_OF(AEP_VERSION_PATCH);
}

int aep_version_number(void) { return AEP_VERSION_NUMBER; }

const char *aep_status_str(int status)
{
    switch (status) {
    case AEP_OK:
        return "the call succeeded";
    case AEP_E_ARGUMENT:
        return "a pointer is NULL where one is needed, or an argument has no meaning";
    case AEP_E_MEMORY:
        return "there is not enough memory";
    case AEP_E_OPTION:
        return "there is no option, choice, statistic or part of that number or name";
    case AEP_E_RANGE:
        return "a value is out of bounds or not a number";
    case AEP_E_COLUMNS:
        return "the rows have another number of columns than the model";
    case AEP_E_ROWS:
        return "there are too few rows";
    case AEP_E_NOT_FINITE:
        return "a value is NaN or infinite";
    case AEP_E_LEVEL:
        return "a categorical value is not one of its column's levels";
    case AEP_E_STATE:
        return "the model is not ready for this call, or past it";
    case AEP_E_DIVERGED:
        return "training diverged and was undone";
    case AEP_E_CANCELLED:
        return "training was cancelled; the model is usable";
    case AEP_E_FORMAT:
        return "the data is not a well-formed model";
    case AEP_E_VERSION:
        return "the model was saved by a newer version of the library";
    case AEP_E_CHECKSUM:
        return "the model is damaged or cut short";
    case AEP_E_IO:
        return "the file could not be opened, read, written or renamed";
    case AEP_E_BUFFER:
        return "the buffer is too small";
    case AEP_E_WORKSPACE:
        return "the workspace was made for a model of another shape";
    case AEP_E_LIMIT:
        return "a size is past its limit";
    default:
        return "this status code is unknown";
    }
}
