import { serviceContract } from "../contract/service.ts";
import { startEjabberd } from "../peers/ejabberd.ts";

serviceContract("ejabberd", startEjabberd);
