# SPDX-License-Identifier: BSD-2-Clause
"""The evaluation of bench/evaluate.py: data sets, protocols, methods, results, tables and figures."""
