import { expect, test } from "bun:test";
import { type Finding, ok, warn, wrong } from "../../../src/check/finding.ts";
import { jsonReport, TextReport } from "../../../src/check/report.ts";
import type { Result } from "../../../src/check/run-checks.ts";

const result = (scope: string, check: string, finding: Finding, more: Partial<Result> = {}): Result => ({
  ...{ scope, check, finding, isFixed: false },
  ...more,
});

const results: readonly Result[] = [
  result("XMPP", "handshake", ok("The server lets us in.")),
  result(
    "S3",
    "upload",
    wrong("It is refused.", "Correct it.", { paste: [{ title: "Paste", text: "a\nb" }] }),
  ),
  result("S3", "range", { level: "skipped", text: "Not checked." }, { skippedFor: "upload" }),
  result("S3", "cors", { level: "skipped", text: "Not checked." }, { skippedFor: "upload" }),
  result("Disk", "space", warn("Little is left.", "Free some."), { isFixed: true }),
];

test("for people: a heading for each scope, the advice beneath, what is skipped in one line", () => {
  let text = "";
  const report = new TextReport((more) => {
    text += more;
  });
  for (const each of results) report.tell(each);
  report.end(results);
  expect(text).toBe(`XMPP
  ok      handshake: The server lets us in.

S3
  WRONG   upload: It is refused.
          -> Correct it.
          Paste:
              a
              b
  -       not checked until this is fixed: range, cors.

Disk
  WARNING space: fixed. Little is left.
          -> Free some.

1 problem, 1 warning.
`);
});

test("for programs: the same data", () => {
  const { ok: isOk, findings } = JSON.parse(jsonReport(results));
  expect(isOk).toBe(false);
  expect(findings[1]).toEqual({
    ...{ scope: "S3", check: "upload", level: "wrong", text: "It is refused.", advice: "Correct it." },
    paste: [{ title: "Paste", text: "a\nb" }],
  });
  expect(findings[4].fixed).toBe(true);
});

test("what a server says does not steer the terminal", () => {
  let text = "";
  const report = new TextReport((more) => {
    text += more;
  });
  report.tell(result("S3", "upload", ok("\x1b[31mred\x07")));
  expect(text).toContain("upload: \uFFFD[31mred\uFFFD\n");
});
