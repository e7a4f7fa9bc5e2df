// npm run test:fuzz [-- SEED [FACTOR]]: every target, with its whole number of inputs times FACTOR
import { fuzz } from "./fuzz.ts";
import { fuzzTargets } from "./targets.ts";

const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 32));
const factor = Number(process.argv[3] ?? 1);
for (const target of fuzzTargets) {
  const inputs = Math.round(target.inputs * factor);
  const started = performance.now();
  fuzz(target, seed, inputs);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${target.name}: ${inputs} inputs of seed ${seed} in ${seconds} s, every promise held`);
}
