"""Uploads as a slixmpp client that waits when it is told to: an ephemeral file, and then one that has no room beside it.

Usage: slixmpp-retry.py PORT JID PASSWORD SERVICE FILE SECONDS
Plain TCP on loopback. The first upload of FILE is to expire after SECONDS. Prints what happened, one line each, and
exits with 0 when the second one was refused with a retry stamp, and succeeded at the time that the stamp names.
"""

import asyncio
import logging
import sys
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import slixmpp
from slixmpp.exceptions import IqError

UPLOAD = "{urn:xmpp:http:upload:0}"
PURPOSE = "{urn:xmpp:http:upload:purpose:0}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


class Patient(slixmpp.ClientXMPP):
    def __init__(self, jid, password, service, file, seconds):
        super().__init__(jid, password)
        self.service, self.file, self.seconds, self.succeeded = service, file, int(seconds), False
        for plugin in ("xep_0030", "xep_0363"):
            self.register_plugin(plugin)
        self["xep_0363"].upload_service = service
        self.add_event_handler("session_start", self.start)
        for event in ("failed_all_auth", "connection_failed"):
            self.add_event_handler(event, lambda _: self.abort())

    async def upload_ephemeral(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=self.seconds)
        content = open(self.file, "rb").read()
        iq = self.make_iq_get(ito=self.service)
        request = iq["http_upload_request"]
        request["filename"], request["size"] = "first.bin", str(len(content))
        request["content-type"] = "application/octet-stream"
        element = ElementTree.Element(f"{PURPOSE}ephemeral", {"expire-before": until.strftime("%Y-%m-%dT%H:%M:%SZ")})
        request.xml.append(element)
        slot = (await iq.send(timeout=10))["http_upload_slot"]
        async with self["xep_0363"].http.put(slot["put"]["url"], data=content, headers={"Content-Type": "application/octet-stream"}) as response:
            print("FIRST:", response.status, slot["get"]["url"])

    async def upload(self):
        return await self["xep_0363"].upload_file(self.file, timeout=10)

    async def upload_when_told(self):
        try:
            print("NOT REFUSED:", await self.upload())
            return
        except IqError as error:
            xml = error.iq.xml.find("{jabber:client}error")
            retry = xml.find(f"{UPLOAD}retry")
            condition = xml.find(f"{STANZAS}resource-constraint")
            print("REFUSED:", xml.get("type"), condition is not None, xml.findtext(f"{STANZAS}text"))
        stamp = datetime.strptime(retry.get("stamp"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        wait = (stamp - datetime.now(timezone.utc)).total_seconds()
        print("RETRY AFTER:", wait)
        await asyncio.sleep(wait)
        print("GET URL:", await self.upload())
        self.succeeded = True

    async def start(self, _event):
        try:
            import aiohttp

            self["xep_0363"].http = aiohttp.ClientSession()
            await self.upload_ephemeral()
            await self.upload_when_told()
            await self["xep_0363"].http.close()
        except Exception as error:  # Whatever it is, the test wants to read it.
            print(f"{type(error).__name__}: {error}")
        await self.disconnect()


def main(port, *arguments):
    logging.basicConfig(level=logging.ERROR)
    client = Patient(*arguments)
    client.connect(address=("127.0.0.1", int(port)), use_ssl=False, force_starttls=False, disable_starttls=True)
    client.process(forever=False)
    return 0 if client.succeeded else 1


sys.exit(main(*sys.argv[1:]))
