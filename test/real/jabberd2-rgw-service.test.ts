import { serviceContract } from "../contract/service.ts";
import { startJabberd2 } from "../peers/servers/jabberd2.ts";

serviceContract("jabberd2", startJabberd2, { hasOneSecret: true });
