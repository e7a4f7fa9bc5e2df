import { afterEach, expect, test } from "bun:test";
import type { UploadObserver } from "../../../../src/http/upload-observer.ts";
import type { Refusal } from "../../../../src/slot/refusal.ts";
import { type Fixture, startFixture, targetOf } from "../http-fixture.ts";

let fixture: Fixture;
let told: string[];
afterEach(() => fixture.stop());

async function startWith(refusal?: Refusal): Promise<void> {
  told = [];
  const observer: UploadObserver = {
    begin(token) {
      told.push(`begin ${token.length}`);
      return () => told.push("over");
    },
    async stored({ size }) {
      told.push(`stored ${size}`);
      return refusal;
    },
  };
  fixture = await startFixture({ observer });
}

const put = (length: number) =>
  `PUT ${targetOf(fixture.slot({ size: 5 }).putUrl)} HTTP/1.1\nContent-Length: ${length}`;

test("an upload's observer is told when it begins, when it is stored, and when it is over", async () => {
  await startWith();
  expect((await fixture.send(put(5), "hello")).status).toBe(201);
  expect(told).toEqual(["begin 64", "stored 5", "over"]);
});

test("an upload that its observer refuses is answered with that refusal", async () => {
  await startWith({ kind: "over-quota", text: "There is no room any more.", retryAt: undefined });
  const { status, body } = await fixture.send(put(5), "hello");
  expect([status, body.toString()]).toEqual([507, expect.stringContaining("There is no room any more.")]);
  expect(await fixture.event("refused")).toMatchObject({ status: 507, reason: "over-quota" });
});

test("an upload whose head is refused is none to its observer", async () => {
  await startWith();
  expect((await fixture.send(put(6), "hello!")).status).toBe(400);
  expect(told).toEqual([]);
});

test("a second upload to a used slot is over for its observer, and not stored", async () => {
  await startWith();
  const head = put(5);
  await fixture.send(head, "hello");
  expect((await fixture.send(head, "hello")).status).toBe(409);
  expect(told.slice(3)).toEqual(["begin 64", "over"]);
});
