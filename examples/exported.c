/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program without the library: scores with the model that examples/export.c wrote. The two are compiled together:
 *     cc -std=c99 -O2 exported.c motor_model.c -lm
 */
#include <stdio.h>

/* from the comment of motor_model.c */
float motor_score(const float row[3]);
float motor_pvalue(float score);
int motor_is_anomaly(float score);

int main(void)
{
    static const float rows[2][3] = {{0.5f, 7, 48}, {0.5f, 7, 75}}; /* load, current, temperature */
    float scores[2];
    for (int i = 0; i < 2; i++) {
        scores[i] = motor_score(rows[i]);
        fprintf(stderr, "score %g, p-value %g: %s\n", (double)scores[i], (double)motor_pvalue(scores[i]),
                motor_is_anomaly(scores[i]) ? "anomaly" : "normal");
    }
    printf("%.4g %.4g\n", (double)scores[0], (double)scores[1]);
    return motor_is_anomaly(scores[0]) || !motor_is_anomaly(scores[1]);
}
