// What a page of a test gets before its own scripts: every RTCPeerConnection is remembered for its statistics, and its
// settings are narrowed as the test says; every state of the page is remembered too. The functions travel into the
// page, so each stands for itself.

/**
 * Runs in the page. `relayOnly` allows relayed candidates only; `transport` ('udp', 'tcp' or 'tls') keeps only
 * TURN servers reached by it; `family` (4 or 6) keeps only its candidates; `login` ({username, credential}) takes the
 * place of what the server gave a connection at its start.
 */
export function instrument({ relayOnly, transport, family, login }) {
  const connections = [];
  const violations = [];
  const states = [];
  Object.defineProperty(window, 'e2e', { value: { connections, violations, states } });
  document.addEventListener('securitypolicyviolation', (event) => {
    violations.push(`${event.violatedDirective}: ${event.blockedURI || event.sample || event.sourceFile}`);
  });

  let last;
  new MutationObserver(() => {
    const state = document.querySelector('main')?.dataset.state;
    if (state && state !== last) states.push(state);
    last = state;
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });

  const starts = { udp: 'turn:', tcp: 'turn:', tls: 'turns:' };
  const ends = { udp: 'transport=udp', tcp: 'transport=tcp', tls: 'transport=tcp' };
  const fits = (url) => !transport || (url.startsWith(starts[transport]) && url.endsWith(ends[transport]));
  const narrow = (configuration = {}) => {
    const narrowed = { ...configuration };
    if (relayOnly) narrowed.iceTransportPolicy = 'relay';
    narrowed.iceServers = (configuration.iceServers ?? [])
      .map((server) => ({ ...server, urls: [server.urls].flat().filter(fits) }))
      .filter((server) => server.urls.length > 0);
    return narrowed;
  };
  const loggedIn = ({ iceServers, ...rest }) => {
    return { ...rest, iceServers: iceServers.map((server) => (server.username ? { ...server, ...login } : server)) };
  };
  const familyOf = (candidate) => (candidate.split(' ')[4]?.includes(':') ? 6 : 4);
  const isOther = (candidate) => family && familyOf(candidate) !== family;

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(configuration, ...rest) {
      super(loggedIn(narrow(configuration)), ...rest);
      // One through the relay in any case measures the way there: it is not the call's.
      if (configuration?.iceTransportPolicy !== 'relay') connections.push(this);
    }

    setConfiguration(configuration) {
      super.setConfiguration(narrow(configuration));
    }

    async setRemoteDescription({ type, sdp }, ...rest) {
      const lines = sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate:') || !isOther(line));
      return super.setRemoteDescription({ type, sdp: lines.join('\r\n') }, ...rest);
    }

    async addIceCandidate(candidate, ...rest) {
      const line = candidate?.candidate;
      if (line && isOther(line)) return undefined;
      return super.addIceCandidate(candidate, ...rest);
    }
  };
}

/** Runs in the page: how far pictures and sound from the other one have come. */
export async function receivedSoFar(videoSelector) {
  const video = document.querySelector(videoSelector);
  const connection = window.e2e.connections.findLast((pc) => pc.connectionState === 'connected');
  const reports = connection ? [...(await connection.getStats()).values()] : [];
  const inbound = (kind) => reports.filter((report) => report.type === 'inbound-rtp' && report.kind === kind);
  const sum = (list, key) => list.reduce((total, report) => total + (report[key] ?? 0), 0);

  let picture = '';
  if (video?.videoWidth > 0) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 24 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 32, 24);
    picture = context.getImageData(0, 0, 32, 24).data.join();
  }
  return {
    connection: connection?.connectionState ?? window.e2e.connections.at(-1)?.connectionState ?? 'none',
    time: video?.currentTime ?? 0,
    shown: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
    decoded: sum(inbound('video'), 'framesDecoded'),
    audio: sum(inbound('audio'), 'packetsReceived'),
    loudness: sum(inbound('audio'), 'totalAudioEnergy'),
    picture,
    clock: performance.now() / 1000,
  };
}

/** Runs in the page: the two candidates of the pair that carries the call, or `null`. */
export async function selectedCandidates() {
  const connection = window.e2e.connections.findLast((pc) => pc.connectionState === 'connected');
  if (!connection) return null;
  const stats = await connection.getStats();
  const reports = [...stats.values()];
  const transport = reports.find((report) => report.type === 'transport' && report.selectedCandidatePairId);
  const pair = transport
    ? stats.get(transport.selectedCandidatePairId)
    : reports.find((report) => report.type === 'candidate-pair' && report.selected);
  if (!pair) return null;
  const facts = ({ candidateType, protocol, relayProtocol, address, port, url }) => {
    return { type: candidateType, protocol, relayProtocol, address, port, url };
  };
  return { local: facts(stats.get(pair.localCandidateId)), remote: facts(stats.get(pair.remoteCandidateId)) };
}
