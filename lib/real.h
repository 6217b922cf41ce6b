/* SPDX-License-Identifier: BSD-2-Clause */
/* The number type of the network: float, or double where the gradient tests compile the same files again. */
#ifndef AEP_REAL_H
#define AEP_REAL_H

#ifdef AEP_REAL_DOUBLE
typedef double real;
#define AEP_R(name) name
#else
typedef float real;
#define AEP_R(name) name##f /* AEP_R(tanh)(x): the libm function of the type */
#endif

#endif
