import { expect, test } from "bun:test";
import { carryOut } from "../attack/attack.ts";
import { attacks } from "../attack/attacks.ts";

const alone = attacks.filter(({ needs }) => needs.length === 0);

test.each(alone.map((attack) => [attack.name, attack] as const))(
  "%s: the short form keeps every budget",
  async (_, attack) => expect(await carryOut(attack, 363, true)).toEqual([]),
  60_000,
);
