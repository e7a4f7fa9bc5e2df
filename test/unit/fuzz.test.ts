import { expect, test } from "bun:test";
import { fuzz } from "../fuzz/fuzz.ts";
import { Random } from "../fuzz/random.ts";
import { fuzzTargets } from "../fuzz/targets.ts";

// npm run test:fuzz gives each its whole number of inputs.
test.each(fuzzTargets.map((target) => [target.name, target] as const))(
  "%s stand a hundredth",
  (_, target) => {
    fuzz(target, 1, target.inputs / 100);
  },
);

test("a broken promise is told with the seed and the input that repeat it", () => {
  const target = {
    name: "numbers",
    inputs: 100,
    make: (random: Random) => String(random.below(10)),
    check: (input: string) => {
      if (input === "7") throw new Error("seven");
    },
  };
  expect(() => fuzz(target, 3, 1000)).toThrow(/^numbers, seed 3, input \d+: "7"\n.*seven/s);
  expect(new Random(5).below(1000)).toBe(new Random(5).below(1000));
});
