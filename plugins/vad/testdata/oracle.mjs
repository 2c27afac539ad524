// What ONNX Runtime says to audio, frame by frame: node oracle.mjs MODEL.onnx <SAMPLES >ANSWERS
//
// SAMPLES are 16-bit, 16 kHz, mono. ANSWERS has for each whole frame of 512 samples 257 f32: the probability, and the state after
// it, which starts as zeros. A frame goes in behind the last 64 samples before it. One thread. The last line on standard
// error is the median time of a run in microseconds.
import { createRequire } from 'node:module'
import { readFileSync, writeSync } from 'node:fs'

const model = process.argv[2]
const require = createRequire(model) // onnxruntime-node is installed beside the model's package
const ort = require('onnxruntime-node')

const frame = 512, context = 64, states = 2 * 1 * 128
const bytes = readFileSync(0)
const samples = Float32Array.from(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1), v => v / 32768)

const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const sr = new ort.Tensor('int64', BigInt64Array.of(16000n), [])
let state = new ort.Tensor('float32', new Float32Array(states), [2, 1, 128])
const frames = Math.floor(samples.length / frame)
const answers = new Float32Array(frames * (1 + states))
const times = []
for (let i = 0; i < frames; i++) {
  const x = new Float32Array(context + frame)
  const from = i * frame - context
  x.set(samples.subarray(Math.max(from, 0), from + context + frame), Math.max(-from, 0))
  const start = process.hrtime.bigint()
  const out = await session.run({ input: new ort.Tensor('float32', x, [1, context + frame]), state, sr })
  times.push(Number(process.hrtime.bigint() - start) / 1000)
  state = out.stateN
  answers[i * (1 + states)] = out.output.data[0]
  answers.set(state.data, i * (1 + states) + 1)
}
const all = Buffer.from(answers.buffer)
for (let at = 0; at < all.length;) at += writeSync(1, all, at)
times.sort((a, b) => a - b)
console.error(times.length ? times[times.length >> 1].toFixed(1) : 'no frame')
