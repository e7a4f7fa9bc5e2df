import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { SlotScene } from "./slot-scene.ts";

export const serviceVariablesAttack: Attack = {
  name: "service-variables",
  promise: "services of other people in the same namespace keep slotd from nothing",
  needs: [],
  async run({ random }: AttackOptions): Promise<readonly Measure[]> {
    const words = [
      "HTTP",
      "S3",
      "XMPP",
      "SECRET",
      "QUOTA",
      "USER",
      "OPS",
      "LISTEN",
      "DOMAINS",
      "UPLOAD",
      "2",
    ];
    const env: Record<string, string> = {};
    for (let service = 0; service < 20; service += 1) {
      const name = ["SLOTD", ...Array.from({ length: random.below(4) }, () => random.of(words))].join("_");
      const port = 1 + random.below(65_535);
      const protocol = random.of(["TCP", "UDP", "SCTP"]);
      const url = `${protocol.toLowerCase()}://10.0.0.${service}:${port}`;
      Object.assign(env, {
        ...{ [`${name}_SERVICE_HOST`]: `10.0.0.${service}`, [`${name}_SERVICE_PORT`]: String(port) },
        ...{ [`${name}_SERVICE_PORT_${random.of(words)}`]: String(port), [`${name}_PORT`]: url },
        ...{
          [`${name}_PORT_${port}_${protocol}`]: url,
          [`${name}_PORT_${port}_${protocol}_PORT`]: String(port),
        },
        [`${name}_PORT_${port}_${protocol}_PROTO`]: protocol.toLowerCase(),
        [`${name}_PORT_${port}_${protocol}_ADDR`]: `10.0.0.${service}`,
      });
    }
    const scene = await SlotScene.start("", env);
    try {
      const given = (await scene.ask({})).kind === "slot" ? 1 : 0;
      return [{ what: "slots given beside 20 services", measured: given, unit: "answers", atLeast: 1 }];
    } finally {
      await scene.stop();
    }
  },
};
