/*
 * The configuration of each reverse proxy, for what `slotd init` prints, for the old URLs of former services, and for
 * docs/reverse-proxy.md: a test holds the document against these functions, and the suites run them with the real
 * proxies. Each passes on what it gets as it came: the Host header with its port, and the whole path.
 */

/** What a proxy has to know. */
export interface Upstream {
  /**
   * The public URLs, and those of former services: https or http, on any port (ejabberd's 5443, Prosody's 5281,
   * Openfire's 7443), with or without a path. Those of one host and port are in one block.
   */
  readonly urls: readonly URL[];
  /** Where slotd listens: host and port. */
  readonly listen: string;
}

export const proxies = ["nginx", "caddy", "haproxy"] as const;

export type ProxyName = (typeof proxies)[number];

/** What to add, for each proxy. */
export const proxyText = { nginx, caddy, haproxy } as const satisfies Record<
  ProxyName,
  (upstream: Upstream) => string
>;

/** The URLs of one host and port: a proxy has one block for them. */
interface Site {
  readonly url: URL;
  /** Without a final slash; "" for all. */
  readonly paths: readonly string[];
}

function sitesOf(urls: readonly URL[]): readonly Site[] {
  return [...Map.groupBy(urls, ({ origin }) => origin).values()].map((some) => ({
    url: some[0] as URL,
    paths: [...new Set(some.map(pathOf))],
  }));
}

function nginx({ urls, listen }: Upstream): string {
  return sitesOf(urls)
    .map((site) => nginxServer(site, listen))
    .join("\n\n");
}

function nginxServer({ url, paths }: Site, listen: string): string {
  const { hostname } = url;
  const tls = hasTls(url) ? " ssl" : "";
  const certificate = `
    ssl_certificate     /etc/letsencrypt/live/${hostname}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/${hostname}/privkey.pem;`;
  return `server {
    listen ${portOf(url)}${tls};
    listen [::]:${portOf(url)}${tls};
    server_name ${hostname};${hasTls(url) ? certificate : ""}

    # slotd enforces the size limit and reports it.
    client_max_body_size 0;
    # slotd's limits: 8 KiB of URL, 32 KiB of headers.
    large_client_header_buffers 4 32k;

${paths.map((path) => nginxLocation(path, listen)).join("\n\n")}
}`;
}

function nginxLocation(path: string, listen: string): string {
  return `    location ${nginxPrefix(path)} {
        # Without a path, nginx passes the signed path unchanged.
        proxy_pass http://${listen};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        # Stream in both directions, with no copy on the proxy's disk.
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_read_timeout 5m;
        proxy_send_timeout 5m;
    }`;
}

/** nginx compares a location with the decoded path. */
function nginxPrefix(path: string): string {
  const decoded = `${decodeURIComponent(path)}/`;
  return /^[\w./~-]+$/.test(decoded) ? decoded : `"${decoded.replace(/["\\]/g, "\\$&")}"`;
}

function caddy({ urls, listen }: Upstream): string {
  return sitesOf(urls)
    .map((site) => caddySite(site, listen))
    .join("\n\n");
}

function caddySite({ url, paths }: Site, listen: string): string {
  const address = hasTls(url) ? url.host : url.origin;
  return `${address} {
${paths.map((path) => caddyProxy(path, listen)).join("\n")}
}`;
}

function caddyProxy(path: string, listen: string): string {
  const matcher = path === "" ? "" : ` ${path}/*`;
  return `    reverse_proxy${matcher} ${listen} {
        flush_interval -1
        transport http {
            read_timeout 5m
            write_timeout 5m
        }
    }`;
}

function haproxy({ urls, listen }: Upstream): string {
  const withTls = urls.filter(hasTls);
  const names = [...new Set(withTls.map(({ hostname }) => hostname))];
  const certificates = names.map((hostname) => `crt /etc/haproxy/${hostname}.pem`).join(" ");
  const binds = new Set(
    urls.flatMap((url) => {
      const tls = hasTls(url) ? ` ssl ${certificates} alpn http/1.1` : "";
      return [`    bind :${portOf(url)}${tls}`, `    bind [::]:${portOf(url)}${tls}`];
    }),
  );
  const rules = new Set(urls.map((url) => (pathOf(url) === "" ? "" : ` if { path_beg ${pathOf(url)}/ }`)));
  const backends = [...rules].map((rule) =>
    rule === "" ? "    default_backend slotd" : `    use_backend slotd${rule}`,
  );
  return `frontend upload
    mode http
${[...binds].join("\n")}
    timeout client 5m
    option forwardfor
${backends.join("\n")}

backend slotd
    mode http
    timeout connect 5s
    timeout server 5m
    # Shorter than slotd's http.idle_timeout, so that HAProxy reuses no closed connection.
    timeout http-keep-alive 60s
    http-reuse safe
    server slotd ${listen}`;
}

function hasTls({ protocol }: URL): boolean {
  return protocol === "https:";
}

function portOf({ port, protocol }: URL): string {
  if (port !== "") return port;
  return protocol === "https:" ? "443" : "80";
}

function pathOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, "");
}
