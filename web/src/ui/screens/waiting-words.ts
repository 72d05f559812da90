/** What the waiting screen says, apart from the other words: it is loaded later. */
const en = {
  heading: 'Send this link',
  headingLeft: 'Waiting for them',
  ownLead: 'The call starts by itself when they come.',
  ownLink:
    'Your link is meant for you alone: whoever else opens it would come in as you. Whoever you wait for needs a link of their own. They find it where you found yours, or ask there for one.',
  link: 'Link to this call',
  sealed: 'This call is sealed: its key is in the link, and the server never sees it.',
  copy: 'Copy link',
  copied: 'Copied',
  copyByHand: 'Copy it by hand',
  share: 'Share',
  qr: 'QR code of the link',
  otherDevice:
    'For another device. Its browser will ask whether to trust this server’s own certificate.',
  scan: 'Or scan this with a phone.',
  localOnly:
    'This address works on this computer only. For a phone, open the https address that the server printed at its start.',
};

const zh: typeof en = {
  heading: '把链接发给对方',
  headingLeft: '等待对方',
  ownLead: '对方来了，通话就自动开始。',
  ownLink:
    '你的链接是给你一个人的，别人用它会以你的身份进入。对方需要一个自己的链接，可以在你得到链接的地方找到或索取。',
  link: '通话链接',
  sealed: '这个通话是密封的：钥匙在链接里，服务器看不到。',
  copy: '复制链接',
  copied: '已复制',
  copyByHand: '请手动复制',
  share: '分享',
  qr: '链接的二维码',
  otherDevice: '这个链接用于其他设备，对方的浏览器会询问是否信任这个服务器自己的证书。',
  scan: '也可以用手机扫码。',
  localOnly: '这个地址只能在本机打开。要用手机，请打开服务器启动时显示的 https 地址。',
};

/** The words of the waiting screen in every language of the page. */
export const waitingWords = { en, zh };
