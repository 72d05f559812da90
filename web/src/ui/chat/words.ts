/** What chat and files say, apart from the other words: they are loaded later. */
const en = {
  title: 'Chat',
  unread: (count: string) => `Chat, ${count} new`,
  conversation: 'Conversation',
  empty: 'What you write goes straight to the other browser. Nothing is kept when you leave.',
  emptyFiles: 'You can drop files on the picture, or paste them.',
  you: 'You',
  they: 'They',
  write: 'Message',
  send: 'Send',
  attach: 'Send files',
  drop: 'Let go to send',
  waiting: 'Not delivered yet',
  lost: 'Not delivered: they have left',
  unsayable: {
    'too-long': 'This is too long for one message. Shorten it, or send it as a file.',
    'too-many': 'Too much is waiting to be delivered. Wait until the other side is back.',
  },
  folder: 'Folders cannot be sent. Pack it into one file first, a zip for instance.',
  wantsToSend: (name: string, size: string) => `They want to send you ${name} (${size})`,
  look: 'Look',
  accept: 'Accept',
  decline: 'Decline',
  cancel: 'Cancel',
  save: 'Save',
  /** Name of a control: what it does, and to which file. */
  named: (action: string, name: string) => `${action} ${name}`,
  progress: (name: string) => `Progress of ${name}`,
  state: {
    asked: 'Waiting for them to accept',
    offered: 'They want to send you this',
    queued: 'Waiting its turn',
    offline: 'Waiting for the connection',
    sent: 'They have it',
    received: 'Received',
    saved: 'Saved',
    theyDeclined: 'They declined',
    youDeclined: 'You declined',
  },
  of: (moved: string, size: string) => `${moved} of ${size}`,
  perSecond: (size: string) => `${size}/s`,
  left: (time: string) => `${time} left`,
  ended: {
    cancelled: { mine: 'You cancelled', theirs: 'They cancelled' },
    'disk-full': {
      mine: 'Your disk is full. Make room, and ask them to send it again.',
      theirs: 'Their disk is full. Send it again when they have made room.',
    },
    unwritable: {
      mine: 'It could not be written. Ask them to send it again, and choose another place.',
      theirs:
        'Their browser could not write it. Send it again, so that they can choose another place.',
    },
    unreadable: {
      mine: 'The file could not be read, or has changed. Choose it again.',
      theirs: 'They could not read the file any more. Ask them to send it again.',
    },
    damaged: {
      mine: 'It did not arrive as it was sent. Ask them to send it again.',
      theirs: 'It did not arrive as you sent it. Send it again.',
    },
    disorder: {
      mine: 'The other side did not keep to the rules. Ask them to load the page anew and send it again.',
      theirs: 'The two pages do not understand each other. Load the page anew, and send it again.',
    },
    'too-many': {
      mine: 'Too many files at once.',
      theirs: 'Too many files at once. Send it when others have been answered.',
    },
    left: {
      mine: 'They left, or loaded the page anew. Send it again when they are back.',
      theirs: 'They left, or loaded the page anew. Ask them to send it again.',
    },
  },
  noPlace: {
    'too-large':
      'Here this browser can take files up to 256 MB. Try a window that is not private, or another browser.',
    'disk-full': 'There is not enough room for it on this device. Make room, and accept it again.',
    unwritable: 'It cannot be written there. Accept it again, and choose another place.',
  },
};

const zh: typeof en = {
  title: '聊天',
  unread: (count) => `聊天，${count} 条新消息`,
  conversation: '对话',
  empty: '写下的内容直接传到对方的浏览器，离开后不会保留。',
  emptyFiles: '可以把文件拖到画面上，或者直接粘贴。',
  you: '你',
  they: '对方',
  write: '消息',
  send: '发送',
  attach: '发送文件',
  drop: '松开即可发送',
  waiting: '尚未送达',
  lost: '未送达：对方已离开',
  unsayable: {
    'too-long': '一条消息放不下这么长的内容。请缩短，或作为文件发送。',
    'too-many': '等待送达的内容太多。请等对方回来。',
  },
  folder: '文件夹无法发送。请先压缩成一个文件。',
  wantsToSend: (name, size) => `对方想发给你 ${name}（${size}）`,
  look: '查看',
  accept: '接收',
  decline: '拒绝',
  cancel: '取消',
  save: '保存',
  named: (action, name) => `${action} ${name}`,
  progress: (name) => `${name} 的进度`,
  state: {
    asked: '等待对方接收',
    offered: '对方想发给你这个文件',
    queued: '排队中',
    offline: '等待连接',
    sent: '对方已收到',
    received: '已收到',
    saved: '已保存',
    theyDeclined: '对方已拒绝',
    youDeclined: '你已拒绝',
  },
  of: (moved, size) => `${moved} / ${size}`,
  perSecond: (size) => `每秒 ${size}`,
  left: (time) => `剩余 ${time}`,
  ended: {
    cancelled: { mine: '你已取消', theirs: '对方已取消' },
    'disk-full': {
      mine: '你的磁盘已满。请腾出空间，再请对方重新发送。',
      theirs: '对方的磁盘已满。等对方腾出空间后请重新发送。',
    },
    unwritable: {
      mine: '文件无法写入。请对方重新发送，并换一个位置保存。',
      theirs: '对方的浏览器无法写入。请重新发送，让对方换一个位置保存。',
    },
    unreadable: {
      mine: '文件无法读取，或者已被修改。请重新选择。',
      theirs: '对方已无法读取这个文件。请对方重新发送。',
    },
    damaged: {
      mine: '收到的内容与发送的不一致。请对方重新发送。',
      theirs: '对方收到的内容与你发送的不一致。请重新发送。',
    },
    disorder: {
      mine: '对方的页面没有遵守约定。请对方重新载入页面后再发送。',
      theirs: '两个页面无法互相理解。请重新载入页面后再发送。',
    },
    'too-many': {
      mine: '一次发送的文件太多。',
      theirs: '一次发送的文件太多。请等其他文件处理后再发送。',
    },
    left: {
      mine: '对方已离开或重新载入了页面。等对方回来后请重新发送。',
      theirs: '对方已离开或重新载入了页面。请对方重新发送。',
    },
  },
  noPlace: {
    'too-large': '这个浏览器在这里只能接收 256 兆以内的文件。请换到非无痕窗口，或者换一个浏览器。',
    'disk-full': '这台设备上的空间不够。请腾出空间，再接收一次。',
    unwritable: '无法写入那个位置。请再接收一次，换一个位置。',
  },
};

/** The words of chat and files in every language of the page. */
export const chatWords = { en, zh };
