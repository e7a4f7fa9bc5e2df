import { proxyContract } from "../contract/proxy.ts";
import { startSwift } from "../peers/servers/swift.ts";

proxyContract("Swift", startSwift);
