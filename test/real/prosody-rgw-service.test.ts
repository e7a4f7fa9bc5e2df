import { serviceContract } from "../contract/service.ts";
import { startProsody } from "../peers/servers/prosody.ts";

serviceContract("Prosody", startProsody);
