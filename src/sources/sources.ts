import { ejabberd } from "./ejabberd.ts";
import { folder } from "./folder.ts";
import { hmacFileServer } from "./hmac-file-server.ts";
import { ngxHttpUpload } from "./ngx-http-upload.ts";
import { openfire } from "./openfire.ts";
import { prosody } from "./prosody.ts";
import { prosodyFiler } from "./prosody-filer.ts";
import { prosodyHttpUpload } from "./prosody-http-upload.ts";
import { sharePhp } from "./share-php.ts";
import type { Sources } from "./source.ts";
import { xmppHttpUpload } from "./xmpp-http-upload.ts";

/** How the files of each former service are read. */
export const sources: Sources = {
  prosody,
  "prosody-http-upload": prosodyHttpUpload,
  ejabberd,
  "prosody-filer": prosodyFiler,
  "xmpp-http-upload": xmppHttpUpload,
  "share-php": sharePhp,
  "ngx-http-upload": ngxHttpUpload,
  "hmac-file-server": hmacFileServer,
  openfire,
  folder,
};
