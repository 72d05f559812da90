/** What the dialog says, apart from the other words: it is loaded later. */
const en = {
  sealed: 'This call is sealed',
  sealedText:
    'Your two pages set it up with a key that only the link carries. The server cannot read or change what they said to each other.',
  unsealed: 'This call is not sealed',
  unsealedText:
    'Picture and sound are encrypted, but the server set up the call: whoever runs it could have placed themselves between you. The signs below would tell.',
  compare:
    'Read these four signs to each other. If both of you have the same, nobody is between you. If not, hang up.',
  none: 'There are no signs to compare yet. Some other programs have none; a page that has connected very often has them again after it is loaded anew.',
  broken:
    'There are no signs, because what the other side said does not fit together. Hang up and call again. If it happens again, somebody may be between you.',
  signs: 'Signs to compare',
  close: 'Close',
};

const zh: typeof en = {
  sealed: '这个通话是密封的',
  sealedText: '你们的页面用只存在于链接里的钥匙接通了通话，服务器看不到、也改不了它们之间的消息。',
  unsealed: '这个通话没有密封',
  unsealedText:
    '画面和声音是加密的，但通话由服务器接通：运行服务器的人有可能插在你们中间。比对下面的图案就能知道。',
  compare: '请互相念出这四个图案。如果双方看到的一样，你们中间就没有别人。如果不一样，请挂断。',
  none: '还没有可以比对的图案。对方用的程序可能没有图案；如果这个页面已经重新接通了很多次，请重新载入页面。',
  broken:
    '对方传来的内容前后不符，无法得出图案。请挂断后重新通话。如果再次出现，你们中间可能有人。',
  signs: '要比对的图案',
  close: '关闭',
};

/** The words of the dialog in every language of the page. */
export const verifyWords = { en, zh };
