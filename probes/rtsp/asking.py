"""How are the requests of one RTSP connection written, and when is one put again with the login? Does no I/O."""

from __future__ import annotations

from collections.abc import Mapping

from probes.digest import authorization, stale
from probes.errors import Denied
from probes.rtsp.messages import Response, build_request
from probes.target import Login


class Asking:
    """The login is tried once, and once more only if the device says that its nonce was stale.

    `refusal`: what is said where the device refuses it. `renewed`: a stale nonce was replaced.
    """

    def __init__(self, login: Login | None, refusal: str) -> None:
        self.renewed = False
        self._login = login
        self._refusal = refusal
        self._cseq = 0
        self._challenges: list[str] = []  # those last answered
        self._nonce_count = 0

    def write(self, method: str, url: str, headers: Mapping[str, str]) -> bytes:
        """The next request, with the login once it was asked for. Raises Unsupported for odd challenges."""
        self._cseq += 1
        if self._challenges and self._login:
            self._nonce_count += 1
            answer = authorization(self._challenges, method, url, self._login, nonce_count=self._nonce_count)
            headers = {**headers, "Authorization": answer}
        return build_request(method, url, self._cseq, headers)

    def is_answer(self, message: Response) -> bool:
        """Else it is a late answer, or a request of the device's own."""
        return bool(message.head.status) and message.head.cseq in {self._cseq, None}

    def wants_login(self, response: Response) -> bool:
        """Is the same request to be put again, now with the login? Raises Denied."""
        if response.head.status != 401:
            return False
        challenges = list(response.head.headers.get("www-authenticate", ()))
        if self._login is None:
            raise Denied("the stream asks for a login, and none is configured")
        if self._challenges:
            if self.renewed or not stale(challenges):
                raise Denied(self._refusal)
            self.renewed = True
        self._challenges, self._nonce_count = challenges, 0
        return True
