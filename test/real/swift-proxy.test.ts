import { proxyContract } from "../contract/proxy.ts";
import { startSwift } from "../peers/swift.ts";

proxyContract("Swift", startSwift);
