/** The 64 signs of the safety code, by their number, as `docs/vectors/code.json` has them, and their names. */
const SIGNS = list(`
  🐭 🐮 🐔 🐸 🐒 🐻 🦊 🐫
  🐍 🐬 🦀 🐌 🦆 🐑 🦒 🐞
  🍋 🍒 🍇 🍍 🥥 🍞 🧀 🥚
  🍯 🍦 🍪 🍿 ☕ 🥕 🧄 🥜
  🌻 🍁 🌴 🌊 🌋 ⭐ ⛄ 🌈
  🏠 🏰 🎡 ⛺ 🚌 ⛵ 🚜 🚀
  🎈 🎲 🥁 🎻 👑 👞 🧦 💍
  🪑 🛁 🧹 🔔 📷 🧲 🪁 🥫`);

const NAMES = {
  en: list(`
  mouse cow hen frog monkey bear fox camel
  snake dolphin crab snail duck sheep giraffe ladybird
  lemon cherries grapes pineapple coconut bread cheese egg
  honey ice-cream cookie popcorn coffee carrot garlic peanut
  sunflower leaf palm wave volcano star snowman rainbow
  house castle wheel tent bus boat tractor rocket
  balloon dice drum violin crown shoe sock ring
  chair bath broom bell camera magnet kite tin`),
  zh: list(`
  老鼠 奶牛 母鸡 青蛙 猴子 熊 狐狸 骆驼
  蛇 海豚 螃蟹 蜗牛 鸭子 绵羊 长颈鹿 瓢虫
  柠檬 樱桃 葡萄 菠萝 椰子 面包 奶酪 鸡蛋
  蜂蜜 冰淇淋 饼干 爆米花 咖啡 胡萝卜 大蒜 花生
  向日葵 枫叶 棕榈 海浪 火山 星星 雪人 彩虹
  房子 城堡 摩天轮 帐篷 公交车 帆船 拖拉机 火箭
  气球 骰子 鼓 小提琴 皇冠 皮鞋 袜子 戒指
  椅子 浴缸 扫帚 铃铛 相机 磁铁 风筝 罐头`),
};

/** A sign, and its name in a language of the page. */
export function signOf(
  number: number,
  language: keyof typeof NAMES,
): { sign: string; name: string } {
  return { sign: SIGNS[number] ?? '', name: NAMES[language][number] ?? '' };
}

function list(text: string): string[] {
  return text.trim().split(/\s+/);
}
