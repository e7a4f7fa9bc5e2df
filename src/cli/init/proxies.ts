/*
 * The configuration of each reverse proxy, for what `slotd init` prints and for docs/reverse-proxy.md: a test holds the
 * document against these functions, and the suites run them with the real proxies.
 */

/** What a proxy has to know. */
export interface Upstream {
  /** The public URLs, https, each with a host of its own. */
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

function nginx({ urls, listen }: Upstream): string {
  return urls.map((url) => nginxServer(url, listen)).join("\n\n");
}

function nginxServer(url: URL, listen: string): string {
  const { hostname } = url;
  return `server {
    listen ${portOf(url)} ssl;
    listen [::]:${portOf(url)} ssl;
    server_name ${hostname};
    ssl_certificate     /etc/letsencrypt/live/${hostname}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/${hostname}/privkey.pem;

    # slotd enforces the size limit and reports it.
    client_max_body_size 0;
    # slotd's limits: 8 KiB of URL, 32 KiB of headers.
    large_client_header_buffers 4 32k;

    location ${pathOf(url)}/ {
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
    }
}`;
}

function caddy({ urls, listen }: Upstream): string {
  return urls.map((url) => caddySite(url, listen)).join("\n\n");
}

function caddySite(url: URL, listen: string): string {
  const path = pathOf(url);
  const matcher = path === "" ? "" : ` ${path}/*`;
  return `${url.host} {
    reverse_proxy${matcher} ${listen} {
        flush_interval -1
        transport http {
            read_timeout 5m
            write_timeout 5m
        }
    }
}`;
}

function haproxy({ urls, listen }: Upstream): string {
  const [first] = urls;
  const certificates = urls.map(({ hostname }) => `crt /etc/haproxy/${hostname}.pem`).join(" ");
  const port = first === undefined ? "443" : portOf(first);
  const rules = new Set(urls.map((url) => (pathOf(url) === "" ? "" : ` if { path_beg ${pathOf(url)}/ }`)));
  const backends = [...rules].map((rule) =>
    rule === "" ? "    default_backend slotd" : `    use_backend slotd${rule}`,
  );
  return `frontend upload
    mode http
    bind :${port} ssl ${certificates} alpn http/1.1
    bind [::]:${port} ssl ${certificates} alpn http/1.1
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

function portOf({ port }: URL): string {
  return port === "" ? "443" : port;
}

function pathOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, "");
}
