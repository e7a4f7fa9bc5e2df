import { expect, test } from "bun:test";
import { readRange } from "../../../../src/http/download/range.ts";

test.each([
  [undefined, 10, "whole"],
  ["bytes=0-0", 10, "0-0"],
  ["bytes=0-", 10, "0-9"],
  ["bytes=2-4", 10, "2-4"],
  ["Bytes=2-4", 10, "2-4"],
  ["bytes=9-9", 10, "9-9"],
  ["bytes=5-99999999999999999999", 10, "5-9"],
  ["bytes=-3", 10, "7-9"],
  ["bytes=-10", 10, "0-9"],
  ["bytes=-99", 10, "0-9"],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=10-20", 10, "unsatisfiable"],
  ["bytes=99999999999999999999-", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=0-0, 2-3", 10, "whole"],
  ["bytes=0-0,", 10, "whole"],
  ["bytes=4-2", 10, "whole"],
  ["bytes=-", 10, "whole"],
  ["bytes=", 10, "whole"],
  ["bytes=a-b", 10, "whole"],
  ["bytes=1-2x", 10, "whole"],
  ["bytes=+1-2", 10, "whole"],
  ["bytes 1-2", 10, "whole"],
  ["items=0-1", 10, "whole"],
  ["", 10, "whole"],
] as const)("a Range of %j on %d bytes is %s", (header, size, expected) => {
  const range = readRange(header, size);
  expect(range.kind === "part" ? `${range.first}-${range.last}` : range.kind).toBe(expected);
});
