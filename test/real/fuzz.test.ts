import { test } from "bun:test";
import { fuzz } from "../fuzz/fuzz.ts";
import { fuzzTargets } from "../fuzz/targets.ts";

test.each(fuzzTargets.map((target) => [target.name, target.inputs, target] as const))(
  "%s: %d inputs of one seed break no promise",
  (_, inputs, target) => fuzz(target, 363, inputs),
  240_000,
);
