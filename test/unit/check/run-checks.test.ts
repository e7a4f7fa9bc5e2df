import { expect, test } from "bun:test";
import { type Finding, ok, wrong } from "../../../src/check/finding.ts";
import { type Check, type CheckRun, type Result, runChecks } from "../../../src/check/run-checks.ts";

function fakeRun(changes: Partial<CheckRun> = {}) {
  const told: string[] = [];
  const run: CheckRun = {
    scope: "a scope",
    isFixing: false,
    signal: new AbortController().signal,
    pause: async () => void told.push("pause"),
    tell: ({ check, finding }) => void told.push(`${check} ${finding.level}`),
    tellFix: (_, fix) => void told.push(`fix ${fix.shown}`),
    ...changes,
  };
  return { run, told };
}

function check(name: string, needs: readonly string[], run: () => Finding): Check<undefined> {
  return { name, needs, run: async () => run() };
}

const bad = () => wrong("It is broken.", "Correct it.");

test("skips what needs something wrong, and what needs that in turn, and goes on with the rest", async () => {
  const { run, told } = fakeRun();
  const results = await runChecks(
    [
      check("a", [], bad),
      check("b", ["a"], () => ok("b")),
      check("c", ["b"], () => ok("c")),
      check("d", [], () => ok("d")),
    ],
    undefined,
    run,
  );
  expect(told).toEqual(["a wrong", "b skipped", "c skipped", "d ok"]);
  expect(results.map(({ skippedFor }) => skippedFor)).toEqual([undefined, "a", "b", undefined]);
});

test("makes a finding of what a check throws", async () => {
  const { run } = fakeRun();
  const failing = check("a", [], () => {
    throw new Error("It fell over.");
  });
  const [result] = await runChecks([failing, check("b", [], () => ok("b"))], undefined, run);
  expect(result?.finding).toMatchObject({ level: "wrong", text: "It fell over." });
});

test("begins no further check after the signal", async () => {
  const stop = new AbortController();
  const { run, told } = fakeRun({ signal: stop.signal });
  const stopping = check("a", [], () => {
    stop.abort();
    return ok("a");
  });
  await runChecks([stopping, check("b", [], () => ok("b"))], undefined, run);
  expect(told).toEqual([]);
});

/** Something that is in force only some looks after it was put. */
function slowlyFixed(looksUntil: number, apply: () => void = () => undefined): Check<undefined> {
  let isPut = false;
  let looks = 0;
  return check("a", [], () => {
    if (isPut && ++looks > looksUntil) return ok("It works.");
    return wrong("It is broken.", "Correct it.", {
      fix: {
        what: "a advice",
        shown: "<advice/>",
        apply: async () => {
          apply();
          isPut = true;
        },
      },
    });
  });
}

test("leaves things as they are unless it is to fix them", async () => {
  const { run, told } = fakeRun();
  const never = () => {
    throw new Error("never to be called");
  };
  const [result] = await runChecks([slowlyFixed(0, never)], undefined, run);
  expect(told).toEqual(["a wrong"]);
  expect(result).toMatchObject({ isFixed: false });
});

test("shows what it puts, puts it, and looks until it is in force", async () => {
  const { run, told } = fakeRun({ isFixing: true });
  const [result] = await runChecks([slowlyFixed(2)], undefined, run);
  expect(told).toEqual(["fix <advice/>", "pause", "pause", "a ok"]);
  expect(result).toMatchObject({ isFixed: true });
});

test("says so when what it put does not help", async () => {
  const { run, told } = fakeRun({ isFixing: true });
  const [result] = await runChecks([slowlyFixed(100)], undefined, run);
  expect(told.at(-1)).toBe("a wrong");
  expect(result?.finding.text).toBe("It is broken. The problem remains after --fix.");
});

test("says why it could not be put", async () => {
  const { run } = fakeRun({ isFixing: true });
  const refused = slowlyFixed(0, () => {
    throw new Error("the store answered 403 AccessDenied");
  });
  const [result]: readonly Result[] = await runChecks([refused], undefined, run);
  expect(result?.finding.text).toBe("It is broken. --fix failed: the store answered 403 AccessDenied");
});
