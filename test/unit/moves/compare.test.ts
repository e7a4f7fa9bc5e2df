import { expect, test } from "bun:test";
import type { FormerKindName } from "../../../src/address/former-kinds.ts";
import { dispositionOf, type Question, type Said, type Variant } from "../../moves/ask.ts";
import { type Comparison, judge } from "../../moves/compare.ts";
import { brokenOf, tableOf } from "../../moves/table.ts";

const file: Said = {
  status: 200,
  sha256: "a",
  type: "image/jpeg",
  disposition: { kind: "inline", filename: "a.jpg" },
};
const missing: Said = { status: 404, sha256: undefined, type: undefined, disposition: undefined };

interface Planted {
  readonly kind?: FormerKindName;
  readonly variant?: Variant;
  readonly filename?: string;
  readonly before?: Partial<Said>;
  readonly after?: Partial<Said>;
}

function planted({ kind = "prosody", variant, filename, before, after }: Planted): Comparison {
  const question: Question = {
    kind,
    variant: variant ?? "as handed out",
    upload: {
      getUrl: "https://a.test/x/a.jpg",
      owner: "",
      filename: filename ?? "a.jpg",
      content: undefined,
    },
    method: "GET",
    url: "https://a.test/x/a.jpg",
    headers: {},
  };
  return { kind, question, uploaded: "a", before: { ...file, ...before }, after: { ...file, ...after } };
}

const verdict = (changes: Planted) => judge(planted(changes)).kind;

test("the same answer is the same", () => {
  expect(verdict({})).toBe("same");
});

test.each<readonly [string, Planted]>([
  ["a link that does not answer any more", { after: missing }],
  ["a link that answers now", { before: missing }],
  ["other bytes than were uploaded", { after: { sha256: "b" } }],
  ["another type", { after: { type: "image/png" } }],
  ["another name", { after: { disposition: { kind: "inline", filename: "b.jpg" } } }],
  ["no name any more", { after: { disposition: undefined } }],
  [
    "a page that is shown",
    {
      before: { type: "text/html", disposition: { kind: "attachment", filename: "a.jpg" } },
      after: { type: "text/html" },
    },
  ],
  ["410 that became 404", { before: { ...missing, status: 410 }, after: missing }],
  ["an encoding in the name does not excuse other services", { filename: "%20", before: missing }],
])("%s is found", (_, changes) => {
  expect(verdict(changes)).toBe("broken");
  expect(brokenOf([planted(changes)])).toHaveLength(1);
  expect(tableOf([planted(changes)])).toContain("BROKEN");
});

test.each<readonly [string, Planted]>([
  ["ranges", { variant: "bytes=0-9", after: { status: 206, sha256: "b" } }],
  ["names with an encoding", { kind: "prosody-http-upload", filename: "a%20b", before: missing }],
  ["no disposition before", { before: { disposition: undefined } }],
])("%s may differ, with a reason", (_, changes) => {
  expect(verdict(changes)).toBe("known");
  expect(brokenOf([planted(changes)])).toEqual([]);
});

test.each([
  ["inline; filename*=UTF-8''tr%c3%a8s%20cool.jpg", "très cool.jpg"],
  [`attachment; filename="a \\"b\\".txt"; filename*=UTF-8''c.txt`, "c.txt"],
  [`attachment; filename="a \\"b\\".txt"`, 'a "b".txt'],
  ["inline", undefined],
])("the filename of %s", (header, filename) => {
  expect(dispositionOf(header)?.filename).toBe(filename);
});
