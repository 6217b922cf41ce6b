/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of floats from standard input; score, p-value and label of each, as floats, to standard output. */
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
float model_score(const float *row);
float model_score_in(const float *row, float *scratch);
float model_pvalue(float score);
int model_is_anomaly(float score);
#ifdef __cplusplus
}
#endif

static float row[COLUMNS], scratch[SCRATCH];

int main(void)
{
    while (fread(row, sizeof *row, COLUMNS, stdin) == COLUMNS) {
        float result[3] = {0, 0, 0};
        result[0] = model_score(row);
        const float other = model_score_in(row, scratch);
        if (other != result[0] && (other == other || result[0] == result[0]))
            return 1;
#ifdef PVALUE
        result[1] = model_pvalue(result[0]);
#endif
#ifdef LABEL
        result[2] = (float)model_is_anomaly(result[0]);
#endif
        if (fwrite(result, sizeof *result, 3, stdout) != 3)
            return 1;
    }
    return fflush(stdout) != 0;
}
