import { expect, test } from "bun:test";
import { fuzzHttp, fuzzPresigned } from "../../peers/clients/http-fuzz.ts";
import { startFixture } from "./http-fixture.ts";

// The long run: npm run test:fuzz:http

test("changed requests never break the bucket, give a file away or leave one behind", async () => {
  const { inputs, statuses } = await fuzzHttp(3000, 9110);
  expect(inputs).toBe(3000);
  for (const status of ["200", "201", "400", "403", "404"]) expect(statuses[status]).toBeGreaterThan(0);
}, 30_000);

test("no changed query of a slot lets an upload begin", async () => {
  const fixture = await startFixture();
  try {
    const { statuses } = fuzzPresigned(5000, 4, fixture);
    expect(statuses["bad-signature"]).toBeGreaterThan(3000);
  } finally {
    await fixture.stop();
  }
}, 30_000);
