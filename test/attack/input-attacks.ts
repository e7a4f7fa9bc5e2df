import type { Attack } from "./attack.ts";
import { forgedLinesAttack } from "./forged-lines.ts";
import { serviceVariablesAttack } from "./service-variables.ts";

export const inputAttacks: readonly Attack[] = [forgedLinesAttack, serviceVariablesAttack];
