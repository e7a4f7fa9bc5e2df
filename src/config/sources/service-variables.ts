/*
 * COMPAT(Kubernetes, Docker): each Service of the namespace, and each linked container, puts variables with its own
 * name into every container: of one called "slotd" or "slotd-http" they begin with SLOTD_. They are known by their
 * shape, and where a name alone could be an option's with a slip, by their value too. Source: Kubernetes, Concepts,
 * Service, "Environment variables"; Docker, "Legacy container links".
 */
const shapes: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/_SERVICE_HOST$/, /^/],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT(_\d+_(TCP|UDP|SCTP))?$/, /^(tcp|udp|sctp):\/\//],
  [/_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/, /^/],
  [/_NAME$/, /^\/[^/]+\/[^/]+$/],
];

/** Whether a variable is one of those that a Service or a linked container puts there. */
export function isOfService(
  variable: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (shapes.some(([name, value]) => name.test(variable) && value.test(text))) return true;
  // What a linked container has in its own environment: only where the link itself is there.
  const link = /^(\w+?)_ENV_\w+$/.exec(variable)?.[1];
  return link !== undefined && isOfService(`${link}_NAME`, env[`${link}_NAME`] ?? "", {});
}
