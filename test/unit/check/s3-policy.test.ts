import { expect, test } from "bun:test";
import fc from "fast-check";
import { addStatement, type Statement } from "../../../src/check/s3-policy.ts";

const denial: Statement = {
  Sid: "SlotdNoCopies",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:PutObject",
  Resource: "arn:aws:s3:::uploads/*",
  Condition: { StringLike: { "s3:x-amz-copy-source": "*" } },
};
const added = (policy: unknown) => addStatement(JSON.stringify(policy), denial);

test("a bucket without a policy gets one of one statement", () => {
  expect(addStatement(undefined, denial)).toEqual({ Version: "2012-10-17", Statement: [denial] });
});

test("what is there stays, in its order and with all its fields, and ours comes last", () => {
  const mine = { Sid: "Mine", Effect: "Allow", Principal: { AWS: ["x"] }, NotAction: "s3:*" };
  expect(added({ Version: "2008-10-17", Id: "i", Statement: [mine, { Effect: "Deny" }] })).toEqual({
    ...{ Version: "2008-10-17", Id: "i", Statement: [mine, { Effect: "Deny" }, denial] },
  });
  expect(added({ Statement: mine })).toEqual({ Statement: [mine, denial] });
});

test("its own statement of before gives way, also as a store writes it down", () => {
  const before = { ...denial, Action: ["s3:PutObject"], Resource: [denial.Resource], Condition: {} };
  expect(added({ Statement: [before] })).toEqual({ Statement: [denial] });
  expect(added({ Statement: [{ ...before, Sid: "SlotdNoCopies2" }] })).toEqual({ Statement: [denial] });
});

test("the statement of another slotd of the bucket stays, and ours gets another name", () => {
  const other = { ...denial, Resource: "arn:aws:s3:::uploads/other/*" };
  expect(added({ Statement: [other] })).toEqual({ Statement: [other, { ...denial, Sid: "SlotdNoCopies2" }] });
  const both = { ...denial, Resource: [denial.Resource, other.Resource] };
  expect(added({ Statement: [both] })).toEqual({ Statement: [both, { ...denial, Sid: "SlotdNoCopies2" }] });
  const alike = { ...denial, Sid: "SlotdNoCopiesEver" };
  expect(added({ Statement: [alike] })).toEqual({ Statement: [alike, denial] });
});

test.each([
  "",
  "no policy",
  "[]",
  "null",
  "{}",
  '{"Statement":[1]}',
  '{"Statement":"x"}',
  '{"Statement":null}',
])("%j is not understood, and so nothing is put in its place", (text) => {
  expect(addStatement(text, denial)).toBeUndefined();
});

test("adding twice is adding once, no other statement is touched, and no name is there twice", () => {
  const statement = fc.record({
    Sid: fc.constantFrom("A", "SlotdNoCopies", "SlotdNoCopies2", "SlotdPublicRead"),
    Effect: fc.constantFrom("Allow", "Deny"),
    Resource: fc.constantFrom(denial.Resource, [denial.Resource], "arn:aws:s3:::uploads/a/*"),
  });
  const statements = fc.uniqueArray(statement, { selector: ({ Sid }) => Sid });
  fc.assert(
    fc.property(statements, (there) => {
      const once = added({ Statement: there }) as { Statement: Record<string, unknown>[] };
      expect(added(once)).toEqual(once);
      const sids = once.Statement.map(({ Sid }) => Sid);
      expect(new Set(sids).size).toBe(sids.length);
      expect(once.Statement.at(-1)).toMatchObject({
        ...denial,
        Sid: expect.stringMatching(/^SlotdNoCopies\d*$/),
      });
      const isOurs = ({ Sid, Resource }: (typeof there)[number]) =>
        Sid.startsWith("SlotdNoCopies") && [Resource].flat().join() === denial.Resource;
      expect(once.Statement.slice(0, -1)).toEqual(there.filter((one) => !isOurs(one)));
    }),
  );
});
