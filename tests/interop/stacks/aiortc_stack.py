"""aiortc: WebRTC in Python, with real encoders and decoders. Speaks as `talk.mjs` says."""

import asyncio
import json
import sys
import time
from fractions import Fraction

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from av import AudioFrame, VideoFrame

SECTIONS = [
    ("microphone", "audio", True),
    ("camera", "video", True),
    ("screen", "video", True),
    ("screen_audio", "audio", True),
    ("voice", "audio", False),
    ("voice", "audio", False),
    ("voice", "audio", False),
    ("shown_audio", "audio", False),
    ("shown", "video", False),
    ("face", "video", False),
]
VP8 = next(one for one in RTCRtpSender.getCapabilities("video").codecs if one.mimeType == "video/VP8")
WIDTH, HEIGHT, FRAMES_PER_S = 640, 360, 15

asked = {"nacks": 0, "plis": 0}
sent = {"frames": 0, "repairs": 0}


def counted(owner, method, tally, key):
    """Counts the calls of a coroutine of the library."""
    inner = getattr(owner, method)

    async def outer(self, *given):
        tally[key] += 1
        return await inner(self, *given)

    setattr(owner, method, outer)


counted(RTCRtpReceiver, "_send_rtcp_nack", asked, "nacks")
counted(RTCRtpReceiver, "_send_rtcp_pli", asked, "plis")
counted(RTCRtpSender, "_retransmit", sent, "repairs")


class Paced(MediaStreamTrack):
    """Frames in their time."""

    def __init__(self, per_s):
        super().__init__()
        self.per_s, self.count, self.began = per_s, 0, None

    async def wait(self):
        self.began = self.began or time.monotonic()
        await asyncio.sleep(max(0, self.began + self.count / self.per_s - time.monotonic()))
        self.count += 1


class Camera(Paced):
    kind = "video"

    def __init__(self):
        super().__init__(FRAMES_PER_S)

    async def recv(self):
        await self.wait()
        sent["frames"] = self.count
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for n, plane in enumerate(frame.planes):
            row = bytes((column + self.count * 4) & 0xFF for column in range(plane.line_size))
            plane.update(row * plane.height if n == 0 else bytes([128]) * plane.buffer_size)
        frame.pts, frame.time_base = self.count * 90_000 // FRAMES_PER_S, Fraction(1, 90_000)
        return frame


class Microphone(Paced):
    kind = "audio"

    def __init__(self):
        super().__init__(50)

    async def recv(self):
        await self.wait()
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        wave = b"".join((8_000 if n // 50 % 2 else -8_000).to_bytes(2, "little", signed=True) for n in range(960))
        frame.planes[0].update(wave)
        frame.pts, frame.sample_rate, frame.time_base = self.count * 960, 48_000, Fraction(1, 48_000)
        return frame


class Stack:
    def __init__(self):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.heard = {"frames": 0, "energy": 0}
        self.seen = {"frames": 0, "keyframes": 0, "height": 0}
        self.connection.on("track", lambda track: asyncio.ensure_future(self.watch(track)))

    async def offer(self):
        for name, kind, sends in SECTIONS:
            transceiver = self.connection.addTransceiver(kind, direction="sendonly" if sends else "recvonly")
            if name == "shown":
                # aiortc finds the receiver of a retransmission by its payload type: one section can have it.
                transceiver.setCodecPreferences([VP8])
        await self.connection.setLocalDescription(await self.connection.createOffer())
        mids = [transceiver.mid for transceiver in self.connection.getTransceivers()]
        send = {name: mid for (name, _, sends), mid in zip(SECTIONS, mids) if sends}
        receive = {"audio": mids[4:7], "screen_audio": mids[7], "screen": mids[8], "video": [mids[9]]}
        return {"sdp": self.connection.localDescription.sdp, "send": send, "receive": receive}

    async def answer(self, given):
        # aiortc takes the last section's candidates for all of a bundle; they stand in the first (RFC 8843 §10.1.3).
        lines = given["sdp"].split("\r\n")
        candidates = [line for line in lines if line.startswith(("a=candidate:", "a=end-of-candidates"))]
        sdp = "\r\n".join(lines[:-1] + candidates + [""])
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def publish(self, _):
        for (name, _, _), transceiver in zip(SECTIONS, self.connection.getTransceivers()):
            if name == "microphone":
                transceiver.sender.replaceTrack(Microphone())
            elif name == "camera":
                transceiver.sender.replaceTrack(Camera())

    async def keyframe(self, _):
        receiver = self.connection.getTransceivers()[9].receiver
        for source in receiver.getSynchronizationSources():
            await receiver._send_rtcp_pli(source.source)

    async def report(self, _):
        audio, video = dict(self.heard, packets=0, bytes=0), dict(self.seen, packets=0, bytes=0)
        for one in (await self.connection.getStats()).values():
            if one.type == "inbound-rtp":
                (audio if one.kind == "audio" else video)["packets"] += one.packetsReceived
        return {"audio": audio, "video": video, "asked": asked, "sent": sent}

    async def watch(self, track):
        while True:
            frame = await track.recv()
            if track.kind == "audio":
                self.heard["frames"] += 1
                self.heard["energy"] += sum(abs(byte - 128) for byte in bytes(frame.planes[0])[1::64])
            else:
                self.seen["frames"] += 1
                self.seen["keyframes"] += int(frame.key_frame)
                self.seen["height"] = frame.height


async def main():
    stack = Stack()
    say = lambda what: print(json.dumps(what), flush=True)
    say({"offer": await stack.offer()})
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        ((ask, given),) = json.loads(line).items()
        answer = await getattr(stack, ask)(given)
        if ask == "report":
            say({"report": answer})


asyncio.run(main())
