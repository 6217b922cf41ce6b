// SPDX-License-Identifier: BSD-2-Clause
// What peer_onnx.c measures, from JavaScript: what its binding costs beside the C API.
//   node peer_onnx.mjs ONNXRUNTIME FOLDER
// ONNXRUNTIME is where npm installed onnxruntime-node; FOLDER has the files of export_onnx.py. Compares the scores with
// those of PyTorch, then serves as bench.h describes. Tensors are made beforehand and reused.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const COLUMNS = 118, ROWS = 4096, SECONDS_A_REPEAT = 0.1;
const MEASURES = { score_1: 1, score_64: 64, score_4096: 4096 };
const [onnxruntime, folder] = process.argv.slice(2);
const ort = createRequire(path.resolve(onnxruntime, 'package.json'))('onnxruntime-node');

function readFloats(name, n) {
  return new Float32Array(new Uint8Array(fs.readFileSync(path.join(folder, name))).buffer, 0, n);
}

/** Rows per second of batches of one size. */
class Measure {
  constructor(session, rows, batch) {
    const scores = new ort.Tensor('float32', new Float32Array(batch), [batch]);
    Object.assign(this, { session, batch, calls: 0, next: 0, fetches: { scores } });
    this.feeds = Array.from({ length: ROWS / batch }, (_, i) => {
      const values = rows.subarray(i * batch * COLUMNS, (i + 1) * batch * COLUMNS);
      return { rows: new ort.Tensor('float32', values, [batch, COLUMNS]) };
    });
  }

  async score() {
    await this.session.run(this.feeds[this.next], this.fetches);
    this.next = (this.next + 1) % this.feeds.length;
    return this.fetches.scores.data;
  }

  async check(expected) {
    for (let row = 0; row < ROWS; row += this.batch) {
      this.fetches.scores.data.fill(0);
      for (const [i, score] of (await this.score()).entries())
        if (!(Math.abs(score - expected[row + i]) <= 1e-4))
          throw new Error(`row ${row + i}: ONNX Runtime scores ${score}, PyTorch ${expected[row + i]}`);
    }
  }

  async run(calls) {
    const start = performance.now();
    for (let i = 0; i < calls; i++)
      await this.score();
    return (performance.now() - start) / 1000;
  }

  async repeat() {
    if (!this.calls)
      for (this.calls = 1; await this.run(this.calls) < SECONDS_A_REPEAT;)
        this.calls *= 2;
    return this.calls * this.batch / await this.run(this.calls);
  }
}

async function main() {
  const session = await ort.InferenceSession.create(path.join(folder, 'dense.onnx'), {
    intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
  });
  const rows = readFloats('dense.rows', ROWS * COLUMNS), expected = readFloats('dense.scores', ROWS);
  const measures = {};
  for (const [name, batch] of Object.entries(MEASURES)) {
    measures[name] = new Measure(session, rows, batch);
    await measures[name].check(expected);
  }
  const name = `ONNX Runtime ${ort.env.versions.node} from JavaScript, Node ${process.versions.node}`;
  console.log(JSON.stringify({ name, measures: Object.keys(MEASURES) }));
  for await (const line of readline.createInterface({ input: process.stdin }))
    console.log((await measures[line.trim()].repeat()).toFixed(1));
}

await main();
