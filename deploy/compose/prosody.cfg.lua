-- The configuration of Prosody for compose.yaml, which sets the variables. ENV_X is the environment variable X.
modules_enabled = {
  "roster", "saslauth", "tls", "dialback", "disco", "carbons", "pep", "private", "blocklist", "vcard4",
  "vcard_legacy", "ping", "time", "version", "mam", "smacks", "csi_simple",
}
authentication = "internal_hashed"
c2s_require_encryption = true
s2s_secure_auth = true
log = { info = "*console" }
certificates = "certs"
data_path = "/var/lib/prosody"

-- The container of slotd connects to this port, which is not published.
component_interfaces = { "*" }
component_ports = { 5347 }

VirtualHost(ENV_XMPP_DOMAIN)

Component("upload." .. ENV_XMPP_DOMAIN)
  component_secret = ENV_SLOTD_XMPP_SECRET
