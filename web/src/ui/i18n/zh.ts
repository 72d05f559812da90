import type { Words } from './en';

/** 简体中文。 */
export const zh: Words = {
  title: 'twocan',
  start: {
    documentTitle: 'twocan：两个人的通话',
    heading: '两个人的通话',
    lead: '发出一个链接，对方打开，就能见面。',
    action: '开始通话',
    or: '或者',
    room: '房间名',
    roomOrLink: '房间名或链接',
    open: '进入房间',
    tooLong: '这个名字太长了，房间名最多 128 个字符。',
    dots: '房间名不能只有一个点或两个点，请换一个名字。',
    cut: '这个链接不完整。请复制完整的链接，或者再要一次。',
    insecure: '密封的通话需要安全的页面，请打开这个服务器的 https 地址。',
    note: '不用注册，不用安装。只要网络允许，画面和声音就从一个浏览器直接传到另一个浏览器。',
  },
  lobby: {
    heading: '准备好了吗？',
    headingOwn: '准备好了吗？',
    room: (name) => `房间 ${name}`,
    willAsk: '浏览器会请求使用摄像头和麦克风，这样你们才能看到、听到彼此。',
    asking: '请在浏览器的提示中允许使用摄像头和麦克风。',
    seen: '这是你的画面。',
    cameraOff: '你的摄像头已关闭，对方能听到你。',
    bothOff: '摄像头和麦克风都已关闭，你能看到、听到对方。',
    micOff: '你的麦克风已关闭，对方能看到你。',
    join: '加入',
    joining: '正在加入…',
    preview: '先看看摄像头',
    unsealed: '有名字的房间没有密封：你需要信任运行这个服务器的人。',
    home: '首页',
  },
  call: {
    microphone: '麦克风',
    camera: '摄像头',
    hangUp: '挂断',
    own: '你的画面',
  },
  status: {
    serverLost: '服务器没有响应。请检查网络，页面会自动重试。',
    busy: '服务器已满，或者正在重启。页面会自动重试。',
    crowded: '你的网络同时连接服务器的页面太多了。请关闭其他通话标签页，页面会自动重试。',
  },
  devices: {
    both: '摄像头和麦克风',
    microphone: '麦克风',
    camera: '摄像头',
    denied: (which) =>
      `浏览器禁止了${which}。请点击地址栏旁的图标允许使用，然后重试。也可以不用它，直接继续。`,
    busy: (which) =>
      `其他程序正在使用${which}。请先关闭那个程序，然后重试。也可以不用它，直接继续。`,
    missing: (which) =>
      `没有找到${which}。请接上设备后重试；不用它也可以继续，你仍能看到、听到对方。`,
    insecure: (which) => `浏览器只允许安全的页面使用${which}。请打开这个服务器的 https 地址。`,
    silent: (which) => `${which}没有信号，可能正被其他程序使用。请先关闭那个程序，然后重试。`,
    substitute: (which, name) => `${which}已断开，现在使用：${name}`,
    another: '另一个设备',
    brief: (which) => `${which}不可用。`,
    again: '重试',
    openSecure: '打开 https 地址',
    dismiss: '关闭',
  },
};
