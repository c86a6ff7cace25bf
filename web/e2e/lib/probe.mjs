// What runs inside the pages: a camera that shows a counter, a microphone that
// hums one tone, and the instruments that find both again on the other side.
// Every function here is sent to the browser as text, before the page's own
// scripts, so none may use anything outside itself.

/**
 * @typedef {object} Drawn one device that is drawn
 * @property {'audioinput' | 'videoinput' | 'audiooutput'} kind
 * @property {string} deviceId
 * @property {string} label
 * @property {number} [side] a camera's own side; that of its person where not given
 * @property {'user' | 'environment'} [facingMode] which way a phone's camera looks
 *
 * @typedef {object} Devices
 * @property {number} side 1 to 15: whose camera it is, part of the picture
 * @property {number} tone hertz of the microphone's tone
 * @property {string} [camera] name of the DOMException that asking for a camera gives
 * @property {string} [microphone] the same for the microphone
 * @property {number} [width] of the picture; 640 where not given
 * @property {number} [height] 480 where not given
 * @property {Drawn[]} [list] what the machine has; one of each where not given, and the browser's own list
 * @property {{side?: number, tone?: number, error?: string}} [screen] what is picked when the page asks for a screen: a
 *   side, a tone for its sound, or the name of the DOMException that asking gives
 */

/**
 * devices puts a drawn camera and a humming microphone in the place of the
 * real ones, and a drawn screen. The picture is a grid of 6 by 4 black and
 * white blocks: 4 bits side, 12 bits counter, 8 bits check. window.__devices
 * plugs and unplugs, and presses the browser's own "stop sharing".
 * @param {Devices} d
 */
export function devices(d) {
  if (!navigator.mediaDevices) return;
  /** @type {Drawn[]} */
  let list = d.list ?? [
    { kind: 'audioinput', deviceId: 'microphone-1', label: 'Microphone 1' },
    { kind: 'videoinput', deviceId: 'camera-1', label: 'Camera 1' },
  ];
  /** @type {Set<MediaStreamTrack>} */
  const open = new Set();
  let counter = 0;
  const draw = (/** @type {CanvasRenderingContext2D} */ g, w, h, side) => {
    counter = (counter + 1) & 0xfff;
    const check = ((side * 31 + counter * 7) ^ 0xa5) & 0xff;
    const bits = (side << 20) | (counter << 8) | check;
    for (let i = 0; i < 24; i++) {
      g.fillStyle = (bits >> i) & 1 ? '#fff' : '#000';
      g.fillRect((i % 6) * (w / 6), Math.floor(i / 6) * (h / 4), w / 6 + 1, h / 4 + 1);
    }
  };
  const camera = (/** @type {number} */ side) => {
    const canvas = document.createElement('canvas');
    canvas.width = d.width ?? 640;
    canvas.height = d.height ?? 480;
    const g = canvas.getContext('2d', { alpha: false });
    // A photograph has a person in the place of the counter.
    const paint = () => (window.__scene ? window.__scene(g, canvas.width, canvas.height) : draw(g, canvas.width, canvas.height, side));
    paint();
    const [track] = canvas.captureStream(30).getVideoTracks();
    const timer = setInterval(() => (track.readyState === 'ended' ? clearInterval(timer) : paint()), 33);
    return track;
  };
  const hum = (/** @type {number} */ frequency) => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency });
    const level = new GainNode(context, { gain: 0.5 });
    const out = context.createMediaStreamDestination();
    tone.connect(level).connect(out);
    tone.start();
    void context.resume();
    return out.stream.getAudioTracks()[0];
  };
  /** Picks as a browser does: exactly what is asked for, else what is rather wanted, else the first. */
  const pick = (/** @type {string} */ kind, /** @type {any} */ want) => {
    const all = list.filter((x) => x.kind === kind);
    const fits = (/** @type {Drawn} */ x, /** @type {'exact' | 'ideal'} */ how) => ['deviceId', 'facingMode'].every((name) => {
      const asked = typeof want === 'object' ? want[name] : undefined;
      const value = typeof asked === 'string' ? (how === 'ideal' ? asked : undefined) : asked?.[how];
      return value === undefined || x[name] === value;
    });
    const able = all.filter((x) => fits(x, 'exact'));
    if (able.length === 0) throw new DOMException('drawn', all.length === 0 ? 'NotFoundError' : 'OverconstrainedError');
    return able.find((x) => fits(x, 'ideal')) ?? able[0];
  };
  const take = (/** @type {Drawn} */ device, /** @type {MediaStreamTrack} */ track, /** @type {any} */ want) => {
    const { echoCancellation, noiseSuppression, autoGainControl } = typeof want === 'object' ? want : {};
    const sound = device.kind === 'audioinput' ? { echoCancellation, noiseSuppression, autoGainControl } : {};
    const own = track.getSettings.bind(track);
    track.getSettings = () => ({ ...own(), deviceId: device.deviceId, ...(device.facingMode ? { facingMode: device.facingMode } : {}), ...sound });
    Object.defineProperty(track, 'label', { value: device.label });
    open.add(track);
    return track;
  };
  const end = (/** @type {MediaStreamTrack} */ track) => {
    if (track.readyState === 'ended') return;
    track.stop();
    track.dispatchEvent(new Event('ended'));
  };
  navigator.mediaDevices.getUserMedia = async (want = {}) => {
    window.__asked = [...(window.__asked ?? []), { audio: Boolean(want.audio), video: Boolean(want.video) }];
    if (want.video && d.camera) throw new DOMException('drawn', d.camera);
    if (want.audio && d.microphone) throw new DOMException('drawn', d.microphone);
    const microphone = want.audio && pick('audioinput', want.audio);
    const picture = want.video && pick('videoinput', want.video);
    const stream = new MediaStream();
    if (microphone) stream.addTrack(take(microphone, hum(d.tone), want.audio));
    if (picture) stream.addTrack(take(picture, camera(picture.side ?? d.side), want.video));
    return stream;
  };
  if (d.list) navigator.mediaDevices.enumerateDevices = async () => list.map((x) => ({ groupId: '', ...x, toJSON: () => x }));
  navigator.mediaDevices.getDisplayMedia = async (want = {}) => {
    const pressed = navigator.userActivation?.isActive !== false;
    window.__askedScreen = [...(window.__askedScreen ?? []), { audio: Boolean(want.audio), pressed }];
    if (!pressed) throw new DOMException('not in a press', 'InvalidStateError');
    if (d.screen?.error) throw new DOMException('drawn', d.screen.error);
    const stream = new MediaStream();
    const shown = { deviceId: 'screen', label: 'Screen' };
    stream.addTrack(take({ ...shown, kind: 'videoinput' }, camera(d.screen?.side ?? d.side + 8), want.video));
    if (want.audio && d.screen?.tone) stream.addTrack(take({ ...shown, kind: 'audioinput' }, hum(d.screen.tone), want.audio));
    return stream;
  };
  const changed = () => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  const idOf = (/** @type {MediaStreamTrack} */ t) => t.getSettings().deviceId;
  window.__devices = {
    plug: (/** @type {Drawn} */ device) => {
      list = [...list, device];
      changed();
    },
    unplug: (/** @type {string} */ id) => {
      list = list.filter((x) => x.deviceId !== id);
      for (const track of open) if (idOf(track) === id) end(track);
      changed();
    },
    /** As the browser's own bar does. */
    stopScreen: () => {
      for (const track of open) if (idOf(track) === 'screen') end(track);
    },
    /** The devices whose light is on. */
    lit: () => [...open].filter((t) => t.readyState === 'live').map(idOf),
    /** What was asked of the microphone in use. */
    sound: () => {
      const track = [...open].findLast((t) => t.kind === 'audio' && t.readyState === 'live' && idOf(t) !== 'screen');
      const { echoCancellation, noiseSuppression, autoGainControl } = track?.getSettings() ?? {};
      return { echoCancellation, noiseSuppression, autoGainControl };
    },
  };
}

/**
 * instruments sets window.__probe. It remembers every RTCPeerConnection and
 * every element that plays, and listens for what the page's policy refused.
 */
export function instruments() {
  /** @type {RTCPeerConnection[]} */
  const connections = [];
  /** @type {Set<HTMLMediaElement>} */
  const playing = new Set();
  /** @type {string[]} */
  const violations = [];
  document.addEventListener('securitypolicyviolation', (e) => {
    violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`);
  });
  const Real = window.RTCPeerConnection;
  if (Real) {
    window.RTCPeerConnection = new Proxy(Real, {
      construct(target, args, self) {
        const pc = Reflect.construct(target, args, self);
        connections.push(pc);
        return pc;
      },
    });
  }
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    playing.add(this);
    return play.call(this);
  };

  const elements = () => [...new Set([...document.querySelectorAll('video, audio'), ...playing])];
  const canvas = document.createElement('canvas');
  canvas.width = 60;
  canvas.height = 40;
  const sheet = canvas.getContext('2d', { willReadFrequently: true });

  /** What a video element shows: whose camera and which count, or null. */
  const read = (/** @type {HTMLVideoElement} */ video) => {
    if (!video.videoWidth || !sheet) return null;
    sheet.drawImage(video, 0, 0, 60, 40);
    const data = sheet.getImageData(0, 0, 60, 40).data;
    let bits = 0;
    for (let i = 0; i < 24; i++) {
      let sum = 0;
      for (let y = 3; y < 7; y++) {
        for (let x = 3; x < 7; x++) sum += data[4 * (((Math.floor(i / 6) * 10 + y) * 60) + (i % 6) * 10 + x) + 1];
      }
      if (sum / 16 > 127) bits |= 1 << i;
    }
    const side = (bits >> 20) & 0xf, counter = (bits >> 8) & 0xfff, check = bits & 0xff;
    return check === (((side * 31 + counter * 7) ^ 0xa5) & 0xff) ? { side, counter } : null;
  };

  /** @type {AudioContext | undefined} */
  let context;
  /** @type {Map<string, AnalyserNode>} */
  const analysers = new Map();
  /** The loudest frequency of a track, and how loud it is in dBFS. */
  const listen = (/** @type {MediaStreamTrack} */ track) => {
    context ??= new AudioContext();
    void context.resume();
    let analyser = analysers.get(track.id);
    if (!analyser) {
      analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      analysers.set(track.id, analyser);
    }
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let best = 1;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    const width = context.sampleRate / analyser.fftSize;
    const at = (/** @type {number} */ hertz) => Math.max(...bins.slice(Math.round(hertz / width) - 2, Math.round(hertz / width) + 3));
    return { hertz: best * width, level: bins[best], at };
  };

  const live = () => connections.filter((pc) => pc.connectionState !== 'closed');

  window.__probe = {
    violations,
    connections,
    /** Every picture that one sees and that carries a counter. */
    pictures: () => elements().filter((e) => e instanceof HTMLVideoElement && e.checkVisibility({ opacityProperty: true, visibilityProperty: true })).map(read).filter((p) => p !== null),
    /** The loudest tone of every element that can be heard. */
    tones: () => elements()
      .filter((e) => !e.muted && !e.paused && e.volume > 0 && e.srcObject instanceof MediaStream)
      .flatMap((e) => e.srcObject.getAudioTracks().map(listen))
      .map(({ hertz, level }) => ({ hertz, level })),
    /** How loud a tone is in all that can be heard, in dBFS. */
    loudness: (/** @type {number} */ hertz) => Math.max(-200, ...elements()
      .filter((e) => !e.muted && !e.paused && e.volume > 0 && e.srcObject instanceof MediaStream)
      .flatMap((e) => e.srcObject.getAudioTracks().map((t) => listen(t).at(hertz)))),
    /** A hash of what the video of that label shows, for cameras without a counter; 0 where it shows nothing. */
    digest: (/** @type {string} */ label) => {
      const video = elements().find((e) => e instanceof HTMLVideoElement && e.videoWidth > 0 && e.getAttribute('aria-label') === label);
      if (!video || !sheet) return 0;
      sheet.drawImage(video, 0, 0, 60, 40);
      const data = sheet.getImageData(0, 0, 60, 40).data;
      return data.some((b, i) => i % 4 < 3 && b > 40) ? data.reduce((h, b) => (Math.imul(h, 31) + b) | 0, 7) : 0;
    },
    /** The route of the call's media, by getStats. */
    route: async () => {
      for (const pc of live()) {
        const stats = new Map();
        (await pc.getStats()).forEach((s) => stats.set(s.id, s));
        const all = [...stats.values()];
        const chosen = all.find((s) => s.type === 'transport' && s.selectedCandidatePairId)?.selectedCandidatePairId;
        const pair = stats.get(chosen) ?? all.find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
        if (!pair) continue;
        const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId);
        return {
          local: local?.candidateType, remote: remote?.candidateType, relayProtocol: local?.relayProtocol,
          sent: pair.bytesSent, received: pair.bytesReceived, dtls: all.find((s) => s.type === 'transport')?.tlsVersion,
        };
      }
      return null;
    },
    live: () => live().length,
  };
}
