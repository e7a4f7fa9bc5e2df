import { describe, expect, test } from "bun:test";
import { clientAddress, clientKey, parseProxies } from "../../../src/http/client-address.ts";

const proxies = parseProxies(["127.0.0.0/8", "::1", "10.0.0.0/8", "2001:db8:1::/48"])!;

describe("the address of a client", () => {
  test.each([
    ["of a direct connection is its own, whatever it says", "192.0.2.1", "198.51.100.7", "192.0.2.1"],
    ["behind a proxy is what the proxy saw", "127.0.0.1", "192.0.2.1", "192.0.2.1"],
    ["is not what the client wrote before that", "127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"],
    ["is behind several proxies", "::1", "6.6.6.6, 192.0.2.1, 10.1.1.1, 10.2.2.2", "192.0.2.1"],
    ["is read from a mapped address", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"],
    ["may be IPv6", "2001:db8:1::5", "2001:db8::7", "2001:db8::7"],
    ["may have a port", "127.0.0.1", "192.0.2.1:4711", "192.0.2.1"],
    ["may be IPv6 with a port", "127.0.0.1", '"[2001:db8::7]:4711"', "2001:db8::7"],
    ["behind a Unix socket is what the proxy saw", "unix", "192.0.2.1", "192.0.2.1"],
    ["behind a Unix socket without a word is unknown", "unix", undefined, "unix"],
    ["of a closed connection is not what it says", "unknown", "192.0.2.1", "unknown"],
    ["is the proxy's where it says nonsense", "127.0.0.1", "6.6.6.6, unknown", "127.0.0.1"],
    ["is the proxy's where it says nothing", "127.0.0.1", undefined, "127.0.0.1"],
    ["is the first of all where all are proxies", "127.0.0.1", "10.9.9.9, 10.1.1.1", "10.9.9.9"],
  ] as const)("%s", (_, peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, proxies)).toBe(expected);
  });

  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:0:7:1:2:3:4", "2001:db8:0:7::/64"],
    ["2001:db8::4", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:DB8:0:0007::", "2001:db8:0:7::/64"],
  ])("%s counts as %s", (address, key) => {
    expect(clientKey(address)).toBe(key);
  });

  test.each(["10.0.0.0/33", "x", "::1/129", "1.2.3.4/8/8", "1.2.3.4/"])("%s is no network", (text) => {
    expect(parseProxies([text])).toBeUndefined();
  });
});
