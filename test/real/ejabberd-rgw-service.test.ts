import { serviceContract } from "../contract/service.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";

serviceContract("ejabberd", startEjabberd);
