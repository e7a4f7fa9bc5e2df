import { proxyContract } from "../contract/proxy.ts";
import { startRgw } from "../peers/rgw.ts";

proxyContract("Ceph RGW", startRgw);
