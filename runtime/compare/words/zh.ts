/** The page in Chinese. */

import type { Words } from './words.ts';

const and = (items: readonly string[]): string =>
  items.length <= 1 ? items.join('') : `${items.slice(0, -1).join('、')}和${items.at(-1)}`;

const seedNoise = (n: number, paired: boolean) =>
  paired ? `按 ${n} 个随机种子配对` : `各 ${n} 个随机种子，未配对`;

export const zh: Words = {
  lang: 'zh-Hans',
  and,
  over: {
    comparison: '对比实验',
    trials: (done, all) => (done === all ? `${all} 次训练` : `已完成 ${done}/${all} 次训练`),
  },
  lead: ({ networks, seeds, epochs, train, validation, classes, time }) =>
    `${networks} 个网络，各用 ${seeds.least === seeds.most ? seeds.most : `${seeds.least} 至 ${seeds.most}`} 个随机种子，${epochs}；训练照片 ${train} 张，${classes} 个类别${validation === null ? '' : `，在另外 ${validation} 张照片上评判`}。训练共用时 ${time}。`,
  contents: '目录',
  footer: (version) => `由 netlathe ${version} 生成。全部数据见同目录下的 comparison.json。`,
  heads: {
    answers: '结论',
    accuracy: '准确率',
    differences: '两两比较',
    curves: '训练过程',
    cost: '准确率与代价',
    speed: '收敛速度',
    confusion: '混淆了什么',
    ablation: '每项设置的作用',
    networks: '网络结构',
    recipe: '共同的训练配方',
    trials: '全部训练',
    method: '测量方法',
  },
  notices: {
    unfinished: (done, all, lacking) => [
      `${all} 次训练中完成了 ${done} 次。`,
      `所有数字只来自已完成的训练；尚缺：${lacking}。用 netlathe compare 加 --resume 继续。`,
    ],
    failed: (names) => ['有训练失败。', `它们不计入统计，但照样列出：${names}。`],
    oneSeed: () => [
      '每个网络只有一个种子。',
      '训练本身的波动没有测量，因此不能断言任何差异是真实的。',
    ],
    unequal: ({ smallest, largest, low, high, percent }) => [
      '参数量并不相等。',
      `从 ${low}（${smallest}）到 ${high}（${largest}），相差 ${percent}。参数量不同时，准确率的差异可能部分来自于此。`,
    ],
    broken: (names) => ['超出预算。', `不满足自身限制的网络：${names}。`],
    chosen: () => [
      '轮次由验证集选出。',
      '保留的是在这些验证照片上表现最好的一轮的权重，因此所有数字都略微偏高；旁边同时给出最后一轮的数字。',
    ],
    notHeldOut: (names) => [
      '没有留出数据的网络：',
      `${names}。验证照片也参与了训练，因此无法知道它在未见过的照片上表现如何。`,
    ],
    otherPhotos: () => [
      '并非所有网络都用相同的照片训练。',
      '它们的准确率不能完全直接比较，其差异也没有配对。',
    ],
    fewSeeds: (n, factor) =>
      `只有 ${n} 个种子时，区间半宽为标准误的 ${factor} 倍：小的差异无法与噪声区分。`,
  },
  answers: {
    intro:
      '以下文字由数据生成，不超出数据所能说明的范围。只有当种子间的 95% 区间不含零时，才算有差异。',
    none: '该实验没有提出问题。',
    notTrained: (name) => `${name}还没有完成的训练，暂时无法回答。`,
    notHeldOut: (name) =>
      `${name}没有留出数据上的数字：验证照片也参与了训练。仅凭这些训练无法判断它是否更好。`,
    beats: ({ winner, loser, points, high, low, from, to, n, paired }) =>
      `${winner}比${loser}高 ${points} 个百分点（${high} 对 ${low}；95% 区间 ${from} 至 ${to}，${seedNoise(n, paired)}）：超出种子间的噪声。`,
    within: ({ winner, loser, points, high, low, from, to, n, paired }) =>
      `${winner}比${loser}高 ${points} 个百分点（${high} 对 ${low}），但仍在种子间的噪声之内：95% 区间 ${from} 至 ${to}，${seedNoise(n, paired)}。这些训练不能区分二者。`,
    equal: (a, b, figure) => `${a}与${b}相同，均为 ${figure}。`,
    oneSeed: ({ winner, loser, points, high, low }) =>
      `${winner}比${loser}高 ${points} 个百分点（${high} 对 ${low}），但各只训练一次：其中多少是训练的偶然，需要更多种子才能知道。`,
    mcNemar: ({ photos, first, second, a, b, p, sure }) =>
      `在 ${photos} 张照片中，只有${a}答对的有 ${first} 张，只有${b}答对的有 ${second} 张（McNemar 精确检验 p ${p}）：${sure ? '就这两次训练而言，照片的选取不足以解释' : '仅照片的选取就可能造成这一差异'}。`,
    photosToo: (photos, from, to) =>
      `就这 ${photos} 张照片所能判断，换一批照片也成立：仅考虑照片选取的区间为 ${from} 至 ${to}。`,
    photosOpen: (photos, from, to) =>
      `换一批照片可能不同：仅考虑这 ${photos} 张照片选取的区间为 ${from} 至 ${to}。`,
    highest: (name, figure, n) => `平均值最高的是${name}：${figure}（${n} 个种子）。`,
    unequal: (larger, smaller, params, percent) =>
      `二者大小不等：${larger}有 ${params} 个参数，比${smaller}多 ${percent}。`,
    several: (pairs) =>
      `这里有 ${pairs} 个各为 95% 的比较；即使毫无差异，20 个中约有一个会偶然显得显著。`,
  },
  accuracy: {
    intro: (n) =>
      `所保留权重的验证准确率。竖线为${n}的平均值，横条为其 95% 区间（学生 t 分布），圆圈为单次训练；名称下方为参数量。`,
    noFigure: '没有留出数据上的数字',
    notRun: '未训练',
    teacher: '教师',
    scale: (low, high) => `标尺从 ${low} 到 ${high}。`,
    described: (name, mean, interval, n) =>
      `${name}：${mean}${interval === null ? '' : `，95% 区间 ${interval}`}，${n} 次训练`,
    last: (figure) => `最后一轮 ${figure}`,
    runs: (n) => `n = ${n}`,
    between: (low, high) => `${low} 至 ${high}`,
  },
  differences: {
    intro: '行减列，单位为百分点，附种子间的 95% 区间（种子与照片相同时配对）。',
    caption: '准确率之差，行减列',
    corner: '行 − 列',
    legend: ['更高', '更低', '在噪声之内', '只有一个种子：未知'],
  },
  curves: {
    intro: (n) => `曲线为${n}的平均值，色带从最低到最高。`,
    taught: '被教网络的训练损失主要是它与教师的差距，与其他网络的不在同一标尺上。',
    validTop1: '验证准确率',
    validLoss: '验证损失',
    trainTop1: '训练准确率',
    trainLoss: '训练损失',
    small: '逐个来看',
    smallIntro: '准确率，全部使用同一标尺；其他网络为灰色。',
    training: '训练',
    validation: '验证',
    described: (what, epochs, ends) => `${epochs} 轮中的${what}；结束时 ${ends}`,
    none: '还没有完成任何一轮。',
  },
  cost: {
    intro:
      '越靠左上越好。折线连接的是没有被任何网络在两方面同时超过的网络；竖条为种子间的 95% 区间。',
    params: '参数量',
    macs: '每张照片的乘加次数',
    bytes: 'int8 权重字节数',
    latency: '每张照片毫秒数',
    latencyHow: (runs, cpu) =>
      `时间：netlathe 自身的引擎，批大小 1，单线程，严格数值，从图像到 logits；与其他网络轮流运行 ${runs} 次取中位数，处理器 ${cpu}。`,
    noLatency: '没有测量时间。',
    front: (names) => `在折线上：${names}。`,
    same: (percent) => `彼此相差都在 ${percent} 以内。`,
    described: (what, points) => `准确率与${what}：${points}`,
    caption: '各网络的代价',
    activations: '激活内存峰值',
    network: '网络',
    milliseconds: '每张毫秒',
    fileTotal: (params, classes) => `按文件的 ${classes} 个类别为 ${params}`,
  },
  speed: {
    intro: '验证准确率首次达到某一数值所需的轮数：取达到者的平均值，并附所用时间。',
    caption: '达到某一准确率所需的轮数',
    epochsTo: (target) => `达到 ${target}`,
    reached: (n, of) => `${of} 次中 ${n} 次`,
    never: '从未',
    none: '没有做过验证。',
  },
  confusion: {
    intro: (best) =>
      `行为真实类别，列为预测，数字为占该类照片的百分比，合并所有种子。首先是准确率最高的${best}，其后是其他网络与它的差别（百分点）。`,
    of: (name) => name,
    minus: (name, best) => `${name} 减 ${best}`,
    caption: '各真实类别（行）按预测（列）的百分比',
    differenceCaption: '百分点之差，按真实类别（行）和预测（列）',
    corner: '真实 ↓ \u00a0 预测 →',
    right: '正确',
    wrong: '错误',
    better: '更好',
    worse: '更差',
    all: '各网络的混淆矩阵',
  },
  ablation: {
    intro: (name, figure) =>
      `${name}的配方每次只改变一项设置，其余不变${figure === null ? '' : `（原为 ${figure}）`}。`,
    caption: '每次改变一项设置',
    change: '改变',
    accuracy: '准确率',
    difference: '差异',
    verdict: '判断',
    standing: {
      ahead: '更好',
      behind: '更差',
      within: '在噪声之内',
      unknown: '只有一个种子：未知',
    },
    notRun: '未训练',
  },
  networks: {
    intro: '按实际训练的样子列出：宽度、数量，以及对每项限制的检查结果。',
    widths: '宽度',
    fitted: (before) => `按预算求解；原为 ${before}`,
    params: '文件的参数量',
    ofClasses: (n) => `${n} 个类别`,
    trained: '实际训练',
    limit: '限制',
    limitOn: (metric) => `${metric}限制`,
    ownLimit: '不受共同预算约束',
    kept: '✓ 满足',
    broken: (difference) => `✗ 不满足，${difference}`,
    rules: {
      exactly: (n) => `恰好 ${n}`,
      atMost: (n) => `至多 ${n}`,
      within: (low, high) => `${low} 至 ${high}`,
    },
    noLimit: '无限制',
    teacherOf: '教师',
    changes: '自身的设置',
    source: (file) => `网络结构，来自 ${file}`,
    metrics: {
      params: '参数量',
      macs: '乘加次数',
      activationBytes: '激活内存峰值字节',
      'weightBytes.fp32': 'fp32 字节数',
      'weightBytes.fp16': 'fp16 字节数',
      'weightBytes.int8': 'int8 字节数',
    },
  },
  recipe: {
    intro: '所有网络共用，名称与 YAML 一致；与默认值不同的已标出。',
    byDefault: '默认',
  },
  trials: {
    intro: '实验中的每一次训练，包括失败的和缺少的。',
    caption: '全部训练',
    columns: ['网络', '种子', '状态', '准确率', '最佳轮次', '最后一轮', '轮数', '时间'],
    status: { finished: '完成', failed: '失败', cutOff: '中断', missing: '未开始' },
  },
  method: {
    paragraphs: ({ numerics, engine, cpu, node, version }) => [
      `所有网络均由 netlathe ${version}（${engine} 引擎，${numerics} 数值）在 Node ${node}、${cpu} 上训练。使用 strict 数值时，同一实验在任何机器上都得到相同的权重。`,
      '种子间的区间为 95% 的学生 t 区间。两个网络的比较基于种子与照片都相同的训练之差（配对 t）；无法配对时用 Welch 检验。区间包含零时，称差异在噪声之内。',
      '种子间的区间说明训练的波动，只针对这些验证照片。照片选取带来的影响另行给出：多个种子时由逐张照片之差按正态近似得到，只有一对训练时用 McNemar 精确检验。',
      '没有针对比较的个数做校正。',
    ],
  },
};
