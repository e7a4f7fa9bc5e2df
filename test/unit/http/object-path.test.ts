import { describe, expect, test } from "bun:test";
import { readObjectPath } from "../../../src/http/object-path.ts";

const token = "0123456789abcdef";
const prefixes = new Set(["", "/files", "/files/more"]);

describe("the path of an object", () => {
  test.each([
    [`/${token}/a.txt`, "a.txt"],
    [`/${token}/tr%C3%A8s%20cool.jpg`, "très cool.jpg"],
    [`/${token}/a%2541+b`, "a%41+b"],
    [`/${token}/...`, "..."],
    [`/files/${token}/a.txt`, "a.txt"],
    [`/files/more/${token}/a.txt`, "a.txt"],
    [`/${token}/${"%C3%A9".repeat(127)}x`, `${"é".repeat(127)}x`],
  ])("%s names an object", (path, filename) => {
    expect(readObjectPath(path, prefixes)).toEqual({
      token,
      filename,
      prefix: path.slice(0, path.indexOf(`/${token}`)),
      suffix: path.slice(path.indexOf(`/${token}`)),
    });
  });

  test("may carry the time at which it expires", () => {
    expect(readObjectPath(`/files/${token}-1893553445/a.txt`, prefixes)).toMatchObject({
      token: `${token}-1893553445`,
      suffix: `/${token}-1893553445/a.txt`,
    });
  });

  test.each([
    ["/", "bad-request"],
    ["", "bad-request"],
    [`/${token}`, "bad-request"],
    [`/${token}/`, "bad-request"],
    [`/${token}/a/b`, "bad-request"],
    [`/${token}//a`, "bad-request"],
    [`//${token}/a`, "bad-request"],
    [`/${token}/a/../b`, "bad-request"],
    [`/../${token}/a`, "bad-request"],
    [`/other/${token}/a`, "bad-request"],
    [`/files2/${token}/a`, "bad-request"],
    [`/${token.toUpperCase()}/a`, "bad-request"],
    [`/${token.slice(1)}/a`, "bad-request"],
    [`/%30${token}/a`, "bad-request"],
    [`/${token}-/a`, "bad-request"],
    [`/${token}-1-2/a`, "bad-request"],
    [`/../a`, "bad-request"],
    [`/${token}/%`, "bad-request"],
    [`/${token}/%zz`, "bad-request"],
    [`/${token}/%ff`, "bad-request"],
    [`/${token}/%C0%AE`, "bad-request"],
    [`/${token}/%ED%A0%80`, "bad-request"],
    [`/${token}/.`, "bad-filename"],
    [`/${token}/..`, "bad-filename"],
    [`/${token}/%2e%2E`, "bad-filename"],
    [`/${token}/a%2Fb`, "bad-filename"],
    [`/${token}/..%2f..%2fetc%2fpasswd`, "bad-filename"],
    [`/${token}/a%5Cb`, "bad-filename"],
    [`/${token}/a\\b`, "bad-filename"],
    [`/${token}/a%00`, "bad-filename"],
    [`/${token}/a%0D%0Ab`, "bad-filename"],
    [`/${token}/a%7F`, "bad-filename"],
    [`/${token}/${"%C3%A9".repeat(128)}`, "bad-filename"],
  ])("%s is refused", (path, kind) => {
    expect(readObjectPath(path, prefixes)).toMatchObject({ kind });
  });
});
