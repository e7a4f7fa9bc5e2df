import { serviceContract } from "../contract/service.ts";
import { startProsody } from "../peers/prosody.ts";

serviceContract("Prosody", startProsody);
