/** What is said after a call, apart from the other words: it is loaded later. */
const en = {
  ended: {
    talked: (length: string) => `You talked for ${length}.`,
    nobody: 'You left before anyone came.',
    direct: 'Picture and sound went straight from one browser to the other.',
    relayed: 'Picture and sound went through the server’s relay.',
    again: 'Call again',
    fresh: 'New call',
  },
  failed: {
    full: {
      text: 'Two people are in it already. Wait until one of them leaves, or start a call of your own.',
    },
    unreachable: {
      text: 'Neither a direct path nor the relay worked between your two networks. Try again, or use another network, such as a phone’s hotspot.',
    },
    refused: {
      text: 'Start a new call, or open the link again.',
      malformed:
        'It does not take the name of this room: a name has 1 to 128 characters. Start a new call, or choose another name.',
      tooManyRooms:
        'This page is in too many rooms at once. Close other calls, then try again, or start a new call.',
      unauthorized:
        'This link does not let you in, or does so no longer. Ask whoever gave it to you for a new one.',
      tokenless:
        'This server lets in only people who come by a personal link from a site, and this is not such a link. Open the call from that site, or ask there for a link.',
    },
    again: 'Try again',
    fresh: 'New call',
  },
};

const zh: typeof en = {
  ended: {
    talked: (length) => `通话时长 ${length}。`,
    nobody: '还没有人来，你就离开了。',
    direct: '画面和声音是从一个浏览器直接传到另一个浏览器的。',
    relayed: '画面和声音经过了服务器的中继。',
    again: '再次通话',
    fresh: '新的通话',
  },
  failed: {
    full: {
      text: '里面已经有两个人了。请等其中一人离开，或者自己开始一个新的通话。',
    },
    unreachable: {
      text: '你们的网络之间，直连和中继都没有成功。请重试，或者换一个网络，比如手机热点。',
    },
    refused: {
      text: '请开始新的通话，或者重新打开链接。',
      malformed:
        '服务器不接受这个房间名：房间名应为 1 到 128 个字符。请开始新的通话，或者换一个名字。',
      tooManyRooms: '这个页面同时进入的房间太多了。请关闭其他通话后重试，或者开始新的通话。',
      unauthorized: '这个链接不能进入通话，或者已经失效。请向给你链接的人要一个新的。',
      tokenless:
        '进入这个服务器需要网站发给你的个人链接，而这个链接不是。请从那个网站打开通话，或者向它索取链接。',
    },
    again: '重试',
    fresh: '新的通话',
  },
};

/** These words in every language of the page. */
export const afterWords = { en, zh };
