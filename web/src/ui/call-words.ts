/** What is said from the moment on that the seat is there, apart from the other words: it is loaded later. */
const en = {
  waiting: {
    lead: 'The call starts by itself when someone opens it.',
    left: 'They left. The call starts again when they come back.',
  },
  call: {
    theirs: 'Their picture',
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
    serverLostInCall: 'The server does not answer. Your call goes on.',
    peerAway: 'They are reconnecting…',
    peerOffline: 'They lost touch with the server. Your call goes on.',
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
};

const zh: typeof en = {
  waiting: {
    lead: '有人打开链接，通话就自动开始。',
    left: '对方离开了。对方回来后，通话会自动继续。',
  },
  call: {
    theirs: '对方的画面',
    theirCameraOff: '对方的摄像头已关闭',
    theirMicrophoneOff: '对方已静音',
    controls: '通话控制',
    sealed: '已密封，看看谁能听到',
    unsealed: '未密封，看看谁能听到',
  },
  seal: {
    keyless:
      '有人占了对方的位置，却没有这个通话的钥匙。页面不会向其发送任何内容。如果一直这样，请开始新的通话。',
    refused:
      '收到一条没有本通话封印的消息，已拒绝。服务器上或途中有人在动手脚，你的通话没有受到影响。',
  },
  titles: {
    joining: '正在接通',
    waiting: '等待中',
    connecting: '正在接通',
    connected: '通话中',
    reconnecting: '正在接通',
    replaced: '已转到别处',
    noServer: '无服务器',
    ended: '通话结束',
  },
  status: {
    ready: '对方到了。',
    connecting: '正在接通…',
    direct: '已接通，直连',
    relayed: '已接通，中继',
    connected: '已接通',
    reconnecting: '连接中断，正在重新接通…',
    stuck: '还没有接通，页面会继续尝试。重新加入可能会有帮助。',
    rejoin: '重新加入',
    serverLostInCall: '服务器没有响应，通话不受影响。',
    peerAway: '对方正在重新连接…',
    peerOffline: '对方与服务器断开了，通话不受影响。',
  },
  replaced: {
    heading: '通话已转到另一个标签页',
    text: '通话在那里继续，这个标签页已经释放了摄像头和麦克风。',
    back: '转回这里',
  },
  ended: {
    heading: '通话已结束',
  },
  failed: {
    full: {
      heading: '通话人数已满',
    },
    unreachable: {
      heading: '无法接通',
    },
    refused: {
      heading: '没有成功',
    },
  },
};

/** These words in every language of the page. */
export const callWords = { en, zh };
