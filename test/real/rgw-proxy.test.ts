import { proxyContract } from "../contract/proxy.ts";
import { startRgw } from "../peers/servers/rgw.ts";

proxyContract("Ceph RGW", startRgw);
