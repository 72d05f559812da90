/** The page in place of the one that cannot be had, whole in itself. */

const STYLE = `
:root{color-scheme:light dark;--paper:#fbf8f2;--ink:#1d222b;--soft:#545b66}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--paper:#0e131e;--ink:#f1eee8;--soft:#adb3bd}}
[data-theme=light]{color-scheme:light}
[data-theme=dark]{color-scheme:dark;--paper:#0e131e;--ink:#f1eee8;--soft:#adb3bd}
body{display:grid;place-content:center;justify-items:center;gap:16px;min-height:100dvh;box-sizing:border-box;
margin:0;padding:24px;background:var(--paper);color:var(--ink);font:1.2rem/1.5 system-ui,sans-serif;text-align:center}
h1{margin:0;font-size:2.1rem;line-height:1.2}
p{max-width:32rem;margin:0;color:var(--soft)}
button{min-height:56px;margin-top:8px;padding:0 32px;border:0;border-radius:16px;background:#ee8f4e;color:#241204;
font:600 1.2rem system-ui,sans-serif;cursor:pointer}
button:focus-visible{outline:3px solid;outline-offset:3px}
:root:lang(zh) .en,:root:lang(en) .zh{display:none}`;

// What the person has chosen is known to pages alone. The address stays, with what is behind its '#'.
const SCRIPT = `
let kept=(key)=>{try{return localStorage.getItem(key)}catch{return null}};
let root=document.documentElement;
root.dataset.theme=kept('theme')??'';
let language=[kept('language'),...navigator.languages].find((one)=>/^(en|zh)/i.test(one??''));
root.lang=/^zh/i.test(language??'')?'zh-Hans':'en';
addEventListener('DOMContentLoaded',()=>{
document.querySelector('button').onclick=()=>location.reload();
});
addEventListener('online',()=>location.reload());`;

const BODY = `
<h1><span class="en">No connection</span><span class="zh">没有连接</span></h1>
<p role="status"><span class="en">The server cannot be reached. Check your network, then try again.</span>
<span class="zh">无法连接服务器。请检查网络，然后重试。</span></p>
<button type="button"><span class="en">Try again</span><span class="zh">重试</span></button>`;

/** The page; `nonce`, a value nobody can guess, lets its own script and style run and no other. */
export function offlinePage(nonce: string): Response {
  const page =
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>twocan</title>' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<style nonce="${nonce}">${STYLE}</style><script nonce="${nonce}">${SCRIPT}</script></head>` +
    `<body>${BODY}</body></html>`;
  return new Response(page, {
    status: 503,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
    },
  });
}
