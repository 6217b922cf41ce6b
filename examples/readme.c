/* SPDX-License-Identifier: BSD-2-Clause */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    static float rows[2000 * 2]; /* speed and flow of a pump that is well */
    for (int i = 0; i < 2000; i++) {
        rows[2 * i] = (float)(rand() % 1000) / 1000;
        rows[2 * i + 1] = 5 * rows[2 * i] + (float)(rand() % 100) / 1000;
    }
    const float leaking[2] = {0.8f, 2.5f}; /* such a flow is normal, but not at that speed */
    float score, p_value = 1;
    aep_model *model;
    int status;
    if ((status = aep_model_new(&model, NULL, 2)) || (status = aep_fit(model, rows, 1500, 2, NULL, NULL)) ||
        (status = aep_calibrate(model, rows + 1500 * 2, 500, 2)) ||
        (status = aep_score(&score, model, NULL, leaking, 1, 2)) || (status = aep_pvalue(&p_value, model, &score, 1)))
        fprintf(stderr, "%s\n", aep_status_str(status));
    else
        printf("score %g, p-value %g: %s\n", score, p_value, p_value < 0.01f ? "anomaly" : "normal");
    aep_model_free(model);
    return p_value < 0.01f ? 0 : 1;
}
