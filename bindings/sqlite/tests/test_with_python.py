# SPDX-License-Identifier: BSD-2-Clause
"""A model that SQL has trained scores in Python as it does in SQL, bit for bit, and the other way round."""
import json
import unittest

import aepred
import numpy as np

from shell import Case, machine_rows, single, table

TRAIN = "aep_train('epochs=3 encoder=8,2 columns=speed,flow,mode', speed, flow, mode)"
SCORE = "printf('%!.17g,%!.17g,%d', aep_score(model, speed, flow, mode), aep_pvalue(model, speed, flow, mode), " \
        'aep_is_anomaly(model, speed, flow, mode)), aep_explain(model, speed, flow, mode)'


class WithPython(Case):
    def check(self, model, lines, rows):
        self.assertEqual(len(lines), len(rows))
        scores = model.score(rows)
        shares = model.explain(rows)
        for i, line in enumerate(lines):
            figures, explanation = line.split('|')
            score, pvalue, anomaly = figures.split(',')
            self.assertEqual(np.float32(score), scores[i])
            self.assertEqual(np.float32(pvalue), model.pvalue(scores)[i])
            self.assertEqual(int(anomaly), model.predict(scores)[i])
            named = {name: single(share) for name, share in json.loads(explanation).items()}
            self.assertEqual([named[name] for name in ('speed', 'flow', 'mode')], shares[i].tolist())

    def test_model_of_sql_in_python(self):
        test = machine_rows(40, seed=2) + machine_rows(10, seed=3, fault=True)
        lines = self.sql(table(machine_rows(300)) + table(test, 'today') + f"""
            CREATE TABLE models AS SELECT {TRAIN} AS model FROM readings;
            SELECT writefile('m.aep', model) > 0 FROM models;
            SELECT {SCORE} FROM models CROSS JOIN today ORDER BY id;""")
        model = aepred.Model.load(self.path('m.aep'))
        self.check(model, lines[1:], [[float(row[0]), float(row[1]), row[2]] for row in test])

    def test_model_of_python_in_sql(self):
        rows = [[float(row[0]), float(row[1]), row[2]] for row in machine_rows(300)]
        test = machine_rows(40, seed=2) + machine_rows(10, seed=3, fault=True)
        model = aepred.Model(columns=['speed', 'flow', aepred.Column('mode', ['slow', 'fast'])], epochs=3, missing='impute', score='joint')
        model.fit(rows[:200])
        model.calibrate(rows[200:])
        model.save(self.path('m.aep'))
        lines = self.sql(table(test, 'today') + f"""CREATE TABLE models AS SELECT readfile('m.aep') AS model;
            SELECT {SCORE} FROM models CROSS JOIN today ORDER BY id;""")
        self.check(model, lines, [[float(row[0]), float(row[1]), row[2]] for row in test])


if __name__ == '__main__':
    unittest.main()
