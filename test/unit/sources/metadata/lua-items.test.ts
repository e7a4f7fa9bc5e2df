import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type LuaItem,
  luaItems,
  maxItemLength,
  type Pull,
} from "../../../../src/sources/metadata/lua-items.ts";
import type { LuaTable, LuaValue } from "../../../../src/sources/metadata/lua-table.ts";
import { anyText } from "../any-text.ts";
import { type Plain, record } from "./write-list.ts";

/** The bytes of a list, in pieces of this size. */
function pullFrom(bytes: Uint8Array, piece = 128 * 1024): Pull {
  let at = 0;
  return (target) => {
    const part = bytes.subarray(at, at + Math.min(piece, target.length));
    target.set(part);
    at += part.length;
    return part.length;
  };
}

function read(list: string | Uint8Array, piece?: number): LuaItem[] {
  const bytes = typeof list === "string" ? Buffer.from(list) : list;
  return [...luaItems(pullFrom(bytes, piece))].filter((item) => item !== undefined);
}

/** As a plain object. */
function plain(value: LuaValue): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
}

function values(items: readonly LuaItem[]): unknown[] {
  return items.flatMap((item) => (item.kind === "item" ? [plain(item.value)] : []));
}

const key = anyText.filter((any) => any !== "__proto__");
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((any) => (any === 0 ? 0 : any));
const leaf = fc.oneof(anyText, number, fc.integer(), fc.boolean());
const table = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 5 })), { maxKeys: 6 });

describe("a list of Prosody's", () => {
  test("is read as it was written, wherever its pieces end", () => {
    fc.assert(
      fc.property(fc.array(table, { maxLength: 8 }), fc.integer({ min: 1, max: 300 }), (tables, piece) => {
        const list = tables.map((value) => record(value as Plain)).join("");
        expect(values(read(list, piece))).toEqual(tables);
      }),
    );
  });

  test("is read as Prosody's own serializer wrote it", () => {
    const list = String.raw`item({
	["f"] = true;
	["g"] = {
		["x"] = "\195\169";
		["y"] = {
			["z"] = "1";
		};
	};
	["d"] = -0.5;
	["k y"] = 1.23456789012345672e+19;
	["b"] = "\000\006\a\b\t\n\v\f\r\014 !\"#$%&\'()\\]~\127";
});
item({
	"x";
	"y";
	[5] = 3;
	["n"] = 0.333333333333333315;
});
`;
    expect(values(read(list))).toEqual([
      {
        f: true,
        g: { x: "é", y: { z: "1" } },
        d: -0.5,
        "k y": 12345678901234567000,
        b: "\0\x06\x07\b\t\n\v\f\r\x0e !\"#$%&'()\\]~\x7f",
      },
      { n: 1 / 3 },
    ]);
  });

  test("has every byte that Lua can write in a string", () => {
    const bytes = Array.from({ length: 128 }, (_, byte) => String.fromCharCode(byte)).join("");
    expect(values(read(record({ text: `${bytes}é😀` })))).toEqual([{ text: `${bytes}é😀` }]);
  });

  test("may have spaces in place of a record, and no semicolon after the last one", () => {
    const list = `${record({ a: 1 })}${" ".repeat(300_000)}${record({ b: "2" })}item({["c"]=3e0,})`;
    expect(values(read(list))).toEqual([{ a: 1 }, { b: "2" }, { c: 3 }]);
  });

  test("keeps a string that is not UTF-8 for none, and its record", () => {
    expect(values(read('item({ ["a"] = "\\255"; ["b"] = "c" });'))).toEqual([{ a: undefined, b: "c" }]);
  });

  test("goes on behind a record that was cut off", () => {
    fc.assert(
      fc.property(table, fc.array(table, { minLength: 1, maxLength: 3 }), fc.nat(), (torn, others, cut) => {
        const whole = record(torn as Plain);
        const list =
          whole.slice(0, 1 + (cut % (whole.length - 4))) + others.map((any) => record(any as Plain)).join("");
        const found = values(read(list));
        expect(found.slice(-others.length)).toEqual(others);
      }),
    );
  });

  test("does not take what a filename says for a record", () => {
    const name = 'item({ ["key"] = "forged"; ["with"] = "root@example.org" });';
    const torn = `item({ ["key"] = 'x; `;
    expect(values(read(torn + record({ key: "real", filename: name })))).toEqual([
      { key: "real", filename: name },
    ]);
  });

  test.each([
    ["os.execute", 'item({ ["a"] = os.execute("touch /tmp/x") });'],
    ["a function", "item({ (function() while true do end end)() });"],
    ["a long string", "item({ [[a]] });"],
    ["an operator", 'item({ ["a"] = "b" .. "c" });'],
    ["an escape of Lua 5.2", 'item({ ["a"] = "\\x41" });'],
    ["a byte over 255", 'item({ ["a"] = "\\256" });'],
    ["nothing", "item();"],
    ["another call", "os.exit();"],
    ["a number without an end", `item({ ["a"] = ${"9".repeat(41)} });`],
    ["tables nested nine deep", `item(${"{".repeat(9)}${"}".repeat(9)});`],
    ["a record over 64 KiB", record({ a: "x".repeat(maxItemLength) })],
  ])("never runs what it holds, and reports it: %s", (_, list) => {
    const items = read(`${list}\n${record({ after: true })}`);
    expect(items[0]).toEqual({ kind: "damage", at: 0 });
    expect(values(items).at(-1)).toEqual({ after: true });
  });

  test("does not reach the prototype of objects", () => {
    const [item] = read('item({ ["__proto__"] = { ["isAdmin"] = true }; ["constructor"] = 1 });');
    expect((item as { value: LuaTable }).value.get("__proto__")).toBeInstanceOf(Map);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe("hostile lists", () => {
  const length = 1024 * 1024;
  const repeated = (part: string): Uint8Array => Buffer.alloc(length, part);

  test.each<readonly [string, Uint8Array]>([
    ["tables without an end", Buffer.concat([Buffer.from("item("), repeated("{")])],
    ["a string without an end", Buffer.concat([Buffer.from('item({ ["a"] = "'), repeated("x")])],
    ["escapes without an end", Buffer.concat([Buffer.from('item({ ["a"] = "'), repeated("\\255")])],
    ["a record without an end", Buffer.concat([Buffer.from("item({"), repeated('["a"]=1;')])],
    ["a number without an end", Buffer.concat([Buffer.from("item({"), repeated("9")])],
    ["beginnings of records", repeated("item(")],
    ["beginnings of tables", repeated("item({")],
    ["records in strings", repeated('item({["a"]="item({[\\"a\\"]=')],
    ["values up to the next record", repeated(`item({${"1;".repeat(2_000)}"`)],
    ["records of the greatest length without an end", repeated(`item({["a"]="${"x".repeat(maxItemLength)}`)],
    ["tables of empty records", repeated("item({{},{},{}});")],
    ["NULs", repeated("\0")],
    ["spaces", repeated(" ")],
    ["line breaks", repeated("\n")],
  ])("of 1 MiB take time for their bytes alone: %s", (_, bytes) => {
    let damaged = 0;
    let longest = 0;
    const began = performance.now();
    let last = began;
    for (const item of luaItems(pullFrom(bytes))) {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (item?.kind === "damage") damaged += 1;
    }
    // Linear time is below 1 s; to look at a record again for each of its bytes would be hours.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(longest).toBeLessThan(1_000);
    expect(damaged).toBeLessThanOrEqual(length / 5);
  });

  function held(): number {
    Bun.gc(true);
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  test("of endless length are read in the memory of a record", () => {
    const part = Buffer.from(record({ key: "x".repeat(1_000), filename: "y".repeat(900) }).repeat(100));
    const times = 600;
    let at = 0;
    const pull = (target: Uint8Array): number => {
      const rest = at < times * part.length ? part.subarray(at % part.length).subarray(0, target.length) : [];
      target.set(rest);
      at += rest.length;
      return rest.length;
    };
    let records = 0;
    let before = 0;
    for (const item of luaItems(pull)) {
      if (item !== undefined) records += 1;
      if (item !== undefined && records === 20_000) before = held();
    }
    expect(records).toBe(100 * times);
    // The rest of the list has 80 MB.
    expect(held() - before).toBeLessThan(8e6);
  });

  test("never throw, whatever is in them", () => {
    const pieces = [
      "item(",
      "{",
      "}",
      ");",
      '"',
      "\\",
      '["a"] = ',
      "1e9",
      ";",
      "\n",
      "é",
      "\\195",
      "nil",
      "true",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        (parts, piece) => {
          const items = read(parts.join(""), piece);
          expect(items.length).toBeLessThanOrEqual(parts.length + 1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
