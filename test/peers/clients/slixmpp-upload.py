"""Uploads a file as a slixmpp client does: disco, slot, PUT, and a message with the URL.

Usage: slixmpp-upload.py PORT JID PASSWORD FILE TO [CA]
FILE may be a folder: then each file in it is uploaded, in the order of their names as bytes.
Plain TCP without CA; with it TLS from the first byte, trusting that PEM file.
Prints "GET URL: ..." after each and exits with 0 when all uploads succeeded.
"""

import logging
import os
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

FEATURE = "urn:xmpp:http:upload:0"


class Uploader(slixmpp.ClientXMPP):
    def __init__(self, jid, password, file, to):
        super().__init__(jid, password)
        self.file, self.to, self.succeeded = file, to, False
        for plugin in ("xep_0030", "xep_0066", "xep_0363"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.upload)
        for event in ("failed_all_auth", "connection_failed"):
            self.add_event_handler(event, self.give_up)

    def give_up(self, reason):
        print("not connected:", reason)
        self.abort()

    async def find_service(self):
        # COMPAT(slixmpp 1.8.3): its own find_upload_service() fails on Python 3.11 ("Passing coroutines is forbidden").
        disco = self["xep_0030"]
        items = await disco.get_items(jid=self.boundjid.domain, timeout=10)
        for item in items["disco_items"]["items"]:
            try:
                info = await disco.get_info(jid=item[0], timeout=10)
            except (IqError, IqTimeout) as error:
                print("disco#info of", item[0], "failed:", type(error).__name__)
                continue
            if FEATURE in info["disco_info"]["features"]:
                return item[0]
        raise LookupError(f"no item of {self.boundjid.domain} has the feature {FEATURE}")

    def files(self):
        if not os.path.isdir(self.file):
            return [self.file]
        return [os.path.join(self.file, name) for name in sorted(os.listdir(self.file), key=os.fsencode)]

    async def upload(self, _event):
        try:
            plugin = self["xep_0363"]
            plugin.upload_service = await self.find_service()
            for file in self.files():
                url = await plugin.upload_file(file, timeout=10)
                message = self.make_message(mto=self.to, mbody=url, mtype="chat")
                message["oob"]["url"] = url
                message.send()
                print("GET URL:", url)
            self.succeeded = True
        except IqError as error:
            print("IqError:", error.iq)
        except Exception as error:  # Whatever it is, the test wants to read it.
            print(f"{type(error).__name__}: {error}")
        await self.disconnect()


def main(port, jid, password, file, to, ca=None):
    logging.basicConfig(level=logging.ERROR)
    client = Uploader(jid, password, file, to)
    client.ca_certs = ca
    client.connect(address=("127.0.0.1", int(port)), use_ssl=ca is not None, force_starttls=False, disable_starttls=True)
    client.process(forever=False)
    return 0 if client.succeeded else 1


sys.exit(main(*sys.argv[1:]))
