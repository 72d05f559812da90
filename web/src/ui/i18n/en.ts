/** English. The other languages must say everything that is said here. */
export const en = {
  title: 'twocan',
  start: {
    documentTitle: 'twocan: a call for two',
    heading: 'A call for two',
    lead: 'Send a link. When it is opened, you see each other.',
    action: 'Start a call',
    or: 'or',
    room: 'Room name',
    roomOrLink: 'Room name or link',
    open: 'Open room',
    tooLong: 'This name is too long. The name of a room has at most 128 characters.',
    dots: 'A room cannot be named with one or two dots alone. Choose another name.',
    cut: 'A part of this link is missing. Copy all of it, or ask for it again.',
    insecure: 'A sealed call needs a secure page. Open the https address of this server.',
    note: 'No account, nothing to install. Picture and sound go straight from one browser to the other wherever the networks allow it.',
  },
  lobby: {
    heading: 'Ready to join?',
    headingOwn: 'Ready?',
    room: (name: string) => `Room ${name}`,
    willAsk:
      'Your browser will ask for camera and microphone, so that you can see and hear each other.',
    asking: 'Please allow camera and microphone when your browser asks.',
    seen: 'This is your picture.',
    cameraOff: 'Your camera is off. The other person will hear you.',
    bothOff: 'Camera and microphone are off. You will see and hear the other person.',
    micOff: 'Your microphone is off. The other person will see you.',
    join: 'Join',
    joining: 'Joining…',
    preview: 'Check your camera first',
    unsealed: 'A room with a name is not sealed: you rely on whoever runs this server.',
    home: 'Start page',
  },
  waiting: {
    lead: 'The call starts by itself when someone opens it.',
    left: 'They left. The call starts again when they come back.',
  },
  call: {
    microphone: 'Microphone',
    camera: 'Camera',
    hangUp: 'Hang up',
    own: 'Your picture',
    theirs: 'Their picture',
    yourCameraOff: 'Your camera is off',
    theirCameraOff: 'Their camera is off',
    theirMicrophoneOff: 'They are muted',
    controls: 'Call controls',
    sealed: 'Sealed. Who could listen?',
    unsealed: 'Not sealed. Who could listen?',
  },
  seal: {
    keyless:
      'Somebody without the key of this call has taken the other seat. Nothing is sent to them. If they stay, start a new call.',
    refused:
      'A message without the seal of this call was refused. Somebody at the server or on the way is meddling. Your call is not touched by it.',
  },
  titles: {
    joining: 'Connecting',
    waiting: 'Waiting',
    connecting: 'Connecting',
    connected: 'In a call',
    reconnecting: 'Connecting',
    replaced: 'In another tab',
    noServer: 'No server',
    ended: 'Call over',
  },
  status: {
    ready: 'They are here.',
    connecting: 'Connecting you to each other…',
    direct: 'Connected, direct',
    relayed: 'Connected, relayed',
    connected: 'Connected',
    reconnecting: 'The connection broke. Looking for a new way…',
    stuck: 'No new way so far. We keep looking. It may help to join again.',
    rejoin: 'Join again',
    serverLost: 'The server does not answer. Check your network. We keep trying.',
    serverLostInCall: 'The server does not answer. Your call goes on.',
    peerAway: 'They are reconnecting…',
    peerOffline: 'They lost touch with the server. Your call goes on.',
    busy: 'The server is full, or being restarted. We keep trying.',
    crowded:
      'Too many connections come from your network at once. Close other tabs with calls. We keep trying.',
  },
  replaced: {
    heading: 'Your call is in another tab',
    text: 'It goes on there. This tab has let go of your camera and microphone.',
    back: 'Take it back here',
  },
  ended: {
    heading: 'The call is over',
  },
  failed: {
    full: {
      heading: 'This call is full',
    },
    unreachable: {
      heading: 'Could not connect you',
    },
    refused: {
      heading: 'That did not work',
    },
  },
  devices: {
    both: 'camera and microphone',
    microphone: 'microphone',
    camera: 'camera',
    denied: (which: string) =>
      `Your browser blocks the ${which}. Allow it at the icon beside the address, then try again. You can also go on without.`,
    busy: (which: string) =>
      `Another program is using the ${which}. Close it there, then try again. You can also go on without.`,
    missing: (which: string) =>
      `No ${which.replace(' and ', ' or ')} found. Plug one in and try again, or go on without: you still see and hear the other person.`,
    insecure: (which: string) =>
      `Browsers give the ${which} only to secure pages. Open the https address of this server.`,
    silent: (which: string) =>
      `Nothing comes from the ${which}. Another program may be using it. Close it there, then try again.`,
    substitute: (which: string, name: string) => `The ${which} went away. In its place: ${name}`,
    another: 'another one',
    brief: (which: string) => `No ${which.replace(' and ', ' or ')}.`,
    again: 'Try again',
    openSecure: 'Open the https address',
    dismiss: 'Close',
  },
};

/** What every language must say. */
export type Words = typeof en;
