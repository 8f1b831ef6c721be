"""How is one ONVIF operation asked for, with the credentials that this device wants?"""

from __future__ import annotations

from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

from probes.errors import Denied, Unsupported
from probes.onvif.memory import Known, Signing
from probes.onvif.soap import Call, Unauthorized, read, sign, write
from probes.onvif.xml import MAX_BYTES, Node
from probes.target import Login, Target
from probes.tools import Tools, trace
from probes.web import Response, Web

_TYPE: Final = "application/soap+xml; charset=utf-8"


class Client:
    """Asks one device, and learns into `known` how it wants to be asked."""

    def __init__(self, tools: Tools, target: Target, known: Known) -> None:
        self.target = target
        self.known = known
        self._now = tools.now
        self._web = tools.get(Web)

    async def call(self, url: str, call: Call) -> Node:
        """The response element. First without credentials, so that a password is tried once, in the way wanted.

        Raises Denied, Unsupported (not done, or not for this user), Garbled and what `Web.fetch` raises.
        """
        login = self.target.login
        if self.known.signing is Signing.TOKEN and login is not None:
            return await self._call_signed(url, call, login)
        try:
            response = await self._send(url, call, login=login)
            return read(call, response.status, response.body)
        except Denied as refusal:
            if self.known.accepted:
                raise Unsupported(f"{call.name}: {refusal}, though not for other calls") from None
            raise
        except Unauthorized as refusal:
            if login is None:
                raise Unsupported(f"asks for a login, none is configured ({refusal})") from None
            if response.signed:  # HTTP let the user in, ONVIF does not
                raise self._refused(refusal, login) from None
        return await self._call_signed(url, call, login)

    async def call_clock(self, url: str, call: Call) -> Node:
        """The same for GetSystemDateAndTime, which needs no credentials, save on some devices.

        Those are asked without them first at each look: the refusal's Date header is all that tells how to sign.
        """
        response = await self._send(url, call)
        try:
            return read(call, response.status, response.body)
        except Unauthorized as refusal:
            if self.target.login is None:
                raise Denied(f"asks for a login even for its clock, none is configured ({refusal})") from None
        self._learn_time(response)
        self.known.accepted = False
        if "WWW-Authenticate" in response.headers:
            return await self.call(url, call)
        return await self._call_signed(url, call, self.target.login)

    async def _call_signed(self, url: str, call: Call, login: Login) -> Node:
        token = sign(login, self._now() + self.known.ahead_seconds)
        response = await self._send(url, call, token)
        try:
            answer = read(call, response.status, response.body)
        except Unauthorized as refusal:
            raise self._refused(refusal, login) from None
        self.known.signing, self.known.accepted = Signing.TOKEN, True
        return answer

    async def _send(self, url: str, call: Call, token: str = "", *, login: Login | None = None) -> Response:
        response = await self._web.fetch(
            "POST",
            url,
            host=self.target.host,
            headers={
                "Content-Type": f'{_TYPE}; action="{call.action or f"{call.service}/{call.name}"}"',
                "Connection": "close",  # cameras have few places, and some hang up without having said so
            },
            body=write(call, token),
            login=login,
            max_bytes=MAX_BYTES,
        )
        trace("ONVIF %s%s", call.name, " with UsernameToken" if token else "")
        if response.signed and response.status == 200:
            self.known.accepted = True
        return response

    def _refused(self, refusal: Unauthorized, login: Login) -> Denied | Unsupported:
        if self.known.accepted:
            return Unsupported(f"not allowed to user {login.username!r} ({refusal})")
        self.known.signing = Signing.UNKNOWN
        return Denied(f"the credentials of user {login.username!r} were refused ({refusal})")

    def _learn_time(self, response: Response) -> None:
        """The Date header tells the clock of a device that wants a signed question, with its time, to tell its time."""
        with suppress(ValueError, OverflowError):
            says = parsedate_to_datetime(response.headers.get("Date", ""))
            self.known.ahead_seconds = says.timestamp() - self._now()
