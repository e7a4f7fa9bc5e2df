import { expect, test } from "bun:test";
import { publicPath } from "../../../src/http/public-path.ts";

const path = "/00112233445566778899aabbccddeeff/a.txt";

test.each([
  ["has the prefix that a proxy has taken off", ["https://a.example/up"], "a.example", `/up${path}`],
  [
    "has it too when the proxy has changed the host",
    ["https://a.example/up"],
    "127.0.0.1:5050",
    `/up${path}`,
  ],
  ["has none where there is none", ["https://a.example"], "a.example", path],
  [
    "has that of the host that was asked",
    ["https://a.example/one", "https://b.example/two"],
    "B.example",
    `/two${path}`,
  ],
  [
    "is what came where several are possible",
    ["https://a.example/one", "https://a.example/two"],
    "a.example",
    path,
  ],
])("the path that clients know %s", (_, publicUrls, host, expected) => {
  expect(publicPath(path, host, publicUrls)).toBe(expected);
});

test("a path that came with its prefix stays as it is", () => {
  expect(publicPath(`/up${path}`, "a.example", ["https://a.example/up"])).toBe(`/up${path}`);
});
