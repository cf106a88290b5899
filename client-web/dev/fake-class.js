// A class without a server, for photographs: runs in the page before everything else, and puts a scripted socket and a
// painted peer connection in the place of the browser's. One scene says who looks and what the server tells them.

export function fakeClass(scene) {
  const CLASS = location.pathname.split('/')[2];
  const uuid = (n) => `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
  const ALL = { speak: true, camera: true, screen: true, chat: true };
  const NONE = { speak: false, camera: false, screen: false, chat: false };
  const STUDENTS = { ...ALL, screen: false };
  const now = Date.now();
  const names = scene.names;
  const about = (n, more = {}) => ({ group: n % 2 ? '5e B' : '5e B, groupe 2', on_roster: true, proof: { invitation: {} }, ...more });

  function person(n, more = {}) {
    const teacher = n === 0;
    return {
      person: uuid(n),
      name: teacher ? 'Hélène Garnier' : names[n - 1],
      role: teacher ? 'teacher' : n === scene.observer ? 'observer' : 'student',
      away: false,
      sending: { microphone: teacher || (n !== scene.observer && n % 4 === 0), camera: teacher || (n !== scene.observer && n % 3 !== 0), screen: false },
      rights: teacher ? ALL : n === scene.observer ? NONE : (scene.rights ?? STUDENTS),
      ...(scene.teacher && !teacher ? { about: about(n) } : {}),
      ...more,
    };
  }

  function people() {
    const all = [person(0)];
    for (let n = 1; n <= scene.seated; n += 1) all.push(person(n));
    if (all.length > 6) {
      all[3].hand = now - 40_000;
      all[5].hand = now - 90_000;
      all[6].away = true;
    }
    if (scene.shared) all[0].sending.screen = true;
    return scene.unattended ? all.slice(1) : all;
  }

  function waiting() {
    const line = [];
    for (let n = scene.seated + 1; n <= scene.seated + scene.waiting; n += 1) {
      const knock = { person: uuid(n), name: names[n - 1], role: 'student', about: about(n), since: now - (30 - n) * 11_000, other_device: false };
      if (n % 9 === 4) knock.about = { ...about(n), look_alike: names[0] };
      if (n % 9 === 7) knock.other_device = true;
      line.push(knock);
    }
    if (scene.waiting > 2) {
      const stranger = { on_roster: false, proof: { portal: { issuer: 'ENT de l’Isère' } } };
      line.splice(2, 0, { person: uuid(90), name: 'Alex Inconnu', role: 'student', about: stranger, since: now - 70_000, other_device: false });
    }
    return line;
  }

  function chat() {
    const said = (id, n, text) => {
      const { person: who, name, role } = person(n);
      return { id, person: who, name, role, text, at: now - (10 - id) * 60_000 };
    };
    if (!scene.chat) return [];
    return [
      said(1, 0, 'Bonjour à tous. Prenez le manuel page 84, exercices 3 et 4.'),
      said(2, 1, 'Bonjour madame'),
      said(3, 4, 'On peut utiliser la calculatrice ?'),
      said(4, 0, 'Oui, mais seulement pour vérifier. Écrivez les étapes du calcul, c’est ce qui compte.'),
      said(5, scene.me ?? 2, 'https://exemple.fr/une-adresse-tres-longue-qui-ne-doit-pas-deborder-du-panneau/exercice-3'),
    ];
  }

  function snapshot() {
    const snap = { phase: scene.unattended ? 'unattended' : 'open', rights: scene.rights ?? STUDENTS, people: people(), chat: chat(), reduction: scene.reduction ?? 'nothing' };
    if (scene.endsInMs) snap.ends_at = now + scene.endsInMs;
    if (scene.spotlight !== undefined) snap.spotlight = uuid(scene.spotlight);
    if (scene.teacher) {
      const barred = scene.barred ? [{ person: uuid(70), name: 'Visiteur Pressé', blocked: true }, { person: uuid(71), name: 'Léo Marin', blocked: false }] : [];
      snap.door = { policy: scene.policy ?? 'ask', opened: scene.policy !== 'roster', note: scene.note ?? '', expected: 28, waiting: waiting(), barred };
    }
    return { class: { snapshot: { snapshot: snap } } };
  }

  function paint(n) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 360];
    const ink = canvas.getContext('2d');
    const hue = (n * 67) % 360;
    const draw = () => {
      ink.fillStyle = `hsl(${hue} 25% 62%)`;
      ink.fillRect(0, 0, 640, 360);
      ink.fillStyle = `hsl(${hue} 18% 46%)`;
      ink.fillRect(60, 40, 130, 170);
      ink.fillStyle = `hsl(${(hue + 180) % 360} 30% 32%)`;
      ink.beginPath();
      ink.ellipse(320, 380, 170, 150, 0, 0, 7);
      ink.fill();
      ink.fillStyle = `hsl(${25 + (n % 5) * 4} 45% ${70 - (n % 4) * 12}%)`;
      ink.beginPath();
      ink.ellipse(320, 170, 68, 84, 0, 0, 7);
      ink.fill();
      ink.fillStyle = `hsl(${20 + n} 30% 20%)`;
      ink.beginPath();
      ink.ellipse(320, 120, 76, 56, 0, 3.1, 6.3);
      ink.fill();
    };
    draw();
    setInterval(draw, 100);
    return canvas.captureStream(15).getVideoTracks()[0];
  }

  function paintScreen() {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1280, 720];
    const ink = canvas.getContext('2d');
    const draw = () => {
      ink.fillStyle = '#fff';
      ink.fillRect(0, 0, 1280, 720);
      ink.fillStyle = '#223';
      ink.font = '600 54px sans-serif';
      ink.fillText('Théorème de Pythagore', 90, 120);
      ink.font = '36px sans-serif';
      ink.fillText('Dans un triangle rectangle, le carré de l’hypoténuse', 90, 220);
      ink.fillText('est égal à la somme des carrés des deux autres côtés.', 90, 275);
      ink.beginPath();
      ink.moveTo(300, 620);
      ink.lineTo(820, 620);
      ink.lineTo(820, 360);
      ink.closePath();
      ink.lineWidth = 5;
      ink.stroke();
    };
    draw();
    setInterval(draw, 100);
    return canvas.captureStream(15).getVideoTracks()[0];
  }

  const silence = () => {
    const track = document.createElement('canvas').captureStream(1).getVideoTracks()[0];
    return track;
  };

  /** People's connections as a teacher is told of them: most are good, one is fair, one poor, one without pictures. */
  function links() {
    const link = (n) => {
      const [quality, reduced, loss] = n % 7 === 2 ? ['fair', 'smaller', 4] : n % 7 === 4 ? ['poor', 'audio_only', 19] : ['good', 'nothing', 0];
      const felt = { freezes: loss > 3 ? 3 : 0, frozen_ms: loss * 120, concealed_ms: loss > 5 ? 700 : 0 };
      return { person: uuid(n), quality, reduced, rtt_ms: 24 + loss * 9, loss_down: loss, loss_up: loss >> 1, down_kbps: loss > 5 ? 180 : 2400 - loss * 300, felt };
    };
    return people().map((_, n) => link(n));
  }

  const slotFigures = [
    { source: 'microphone', person: uuid(0), kbps: 48, height_px: 0, loss: 1 },
    { source: 'screen', person: uuid(0), kbps: 312, height_px: 1080, loss: 2 },
    { source: 'screen_audio', person: uuid(0), kbps: 60, height_px: 0, loss: 0 },
    { source: 'camera', person: uuid(5), kbps: 1180, height_px: 720, loss: 4 },
    { source: 'camera', person: uuid(1), kbps: 118, height_px: 180, loss: 4 },
  ];

  if (scene.pictures) localStorage.setItem('preau.pictures', scene.pictures);

  let sockets = 0;
  class FakeSocket {
    constructor() {
      sockets += 1;
      setTimeout(() => (scene.refused ? this.onclose?.({ code: 1006, reason: '' }) : this.onopen?.()), 0);
    }
    say(frame) {
      this.onmessage?.({ data: JSON.stringify(frame) });
    }
    tell(...events) {
      for (const on of events) this.say({ event: { seq: (this.seq = (this.seq ?? 0) + 1), on } });
    }
    send(text) {
      const message = JSON.parse(text);
      setTimeout(() => ('hello' in message ? this.welcome() : this.answer(message)), 0);
    }
    welcome() {
      // The second socket of a scene that lost its first never gets an answer.
      if (sockets > 1) return;
      if (scene.turned) return this.say({ turned: scene.turned });
      const self = scene.teacher ? person(0) : person(scene.me ?? 2);
      const invited = { class: CLASS, title: 'Maths 5e B', teacher: 'Hélène Garnier', starts_at: now - 240_000, familiar: true };
      this.say({ welcome: { session: uuid(999), person: self.person, name: self.name, role: self.role, class: invited, resumed: false } });
      if (scene.standing) this.tell({ lobby: { standing: { position: 3, other_device: false, ...scene.standing } } });
      if (scene.lobbyNote) this.tell({ lobby: { note: { text: scene.lobbyNote } } });
      if (scene.seated !== undefined) this.tell(snapshot());
      for (const reaction of scene.reactions ?? []) this.tell({ class: { reacted: reaction } });
      if (scene.stillThere) this.tell({ session: { still_there: { within_ms: 60_000 } } });
      if (scene.gone) this.tell({ session: { gone: { why: scene.gone } } });
      if (scene.close) this.onclose?.({ code: scene.close, reason: 'word 7f3a9c21' });
      if (scene.lost) setTimeout(() => this.onclose?.({ code: 1006, reason: '' }), 700);
    }
    answer({ id, ask }) {
      const isOffer = ask.media?.offer;
      const inspected = ask.media?.inspect && { inspected: { slots: slotFigures } };
      this.say({ reply: { id, outcome: isOffer ? { answer: { sdp: 'v=0' } } : (inspected ?? { done: {} }) } });
      if (ask.session?.leave) this.onclose?.({ code: 1000, reason: 'done 7f3a9c21' });
      if (!isOffer) return;
      const { receive } = ask.media.offer;
      const self = scene.teacher ? 0 : (scene.me ?? 2);
      const seen = people().filter((one) => one.sending.camera && one.person !== uuid(self));
      const isHeardOnly = scene.pictures === 'none' || scene.connection?.reduced === 'audio_only';
      const slots = receive.video.map((mid, index) => ({ mid, person: isHeardOnly ? null : (seen[index]?.person ?? null) }));
      if (scene.connection) this.tell({ media: { link: scene.connection } });
      if (scene.links) this.tell({ media: { links: { people: links() } } });
      if (scene.shared) slots.push({ mid: receive.screen, person: uuid(0) });
      this.tell({ media: { slots: { slots } } }, { media: { speaking: { people: scene.speaking ?? [] } } });
    }
    close() {}
  }
  window.WebSocket = FakeSocket;

  window.RTCPeerConnection = class {
    connectionState = 'new';
    count = 0;
    addTransceiver(kind, { direction }) {
      const index = this.count++;
      // Four are sent, four heard, then the screen, then the cameras.
      const isSeen = kind === 'video' && direction === 'recvonly';
      const track = isSeen ? (index === 8 ? paintScreen() : paint(index - 9)) : silence();
      return { mid: String(index), sender: { replaceTrack: async () => {}, getParameters: () => ({ encodings: [] }), setParameters: async () => {} }, receiver: { track }, setCodecPreferences() {} };
    }
    async createOffer() {
      return { type: 'offer', sdp: 'v=0' };
    }
    async setLocalDescription() {}
    async getStats() {
      return new Map();
    }
    async setRemoteDescription() {
      this.connectionState = 'connected';
      this.onconnectionstatechange?.();
    }
    close() {}
  };

  // Machines that take photographs have no loudspeaker; here every voice has the same level.
  const node = { connect: (next) => next, disconnect() {}, start() {}, stop() {} };
  const dial = { value: 0, setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
  window.AudioContext = class {
    state = 'running';
    currentTime = 0;
    createOscillator = () => ({ ...node, frequency: dial });
    createGain = () => ({ ...node, gain: dial });
    createMediaStreamSource = () => node;
    createAnalyser = () => ({ ...node, fftSize: 512, getFloatTimeDomainData: (samples) => samples.fill(0.05) });
  };

  // The line's document: `scene.line` is the document, `offline` or `garbled`; asked for at once, then as it says.
  if (scene.line) {
    const { fetch } = window;
    window.fetch = async (path, init) => {
      if (path !== '/line.json') return fetch(path, init);
      if (scene.line === 'offline') throw new TypeError('network');
      if (scene.line === 'garbled') return new Response('<html>');
      return Response.json({ life: 'a', at: Date.now(), again_in_ms: 1_000, lines: scene.line, opened: [] });
    };
  }

  const { mediaDevices } = navigator;
  if (mediaDevices) {
    mediaDevices.getUserMedia = async ({ video }) => {
      if (scene.denied) throw new DOMException('denied', 'NotAllowedError');
      if (scene.noDevice) throw new DOMException('missing', 'NotFoundError');
      if (video) return new MediaStream([paint(31)]);
      return new MediaStream([silence()]);
    };
    mediaDevices.enumerateDevices = async () => [
      { kind: 'videoinput', deviceId: 'a', label: 'Caméra intégrée' },
      { kind: 'videoinput', deviceId: 'b', label: 'Caméra USB du bureau' },
      { kind: 'audioinput', deviceId: 'c', label: 'Micro intégré' },
      { kind: 'audioinput', deviceId: 'd', label: 'Casque' },
    ];
  }
}
