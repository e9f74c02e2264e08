/** As runtime/kernels/plain/distill.ts says. Rows are short and read a few times: sums in float64, exp in float32. */

import { logarithm } from './logarithm';
import { expScalar } from './math';

const TINY: f64 = 1e-8;

function at(row: usize, c: i32): usize {
  return row + ((c as usize) << 2);
}

function value(row: usize, c: i32): f64 {
  return load<f32>(at(row, c)) as f64;
}

/** exp((logit - largest) / temperature), of a difference that is exact. */
function softened(row: usize, c: i32, largest: f64, temperature: f64): f64 {
  return expScalar(((value(row, c) - largest) / temperature) as f32) as f64;
}

/** The largest logit of a row, but for one class; -1 leaves none out. */
function largestBut(row: usize, classes: i32, without: i32): f64 {
  let largest: f64 = -Infinity;
  for (let c = 0; c < classes; c++) {
    if (c !== without) largest = max(largest, value(row, c));
  }
  return largest;
}

function totalBut(row: usize, classes: i32, without: i32, largest: f64, temperature: f64): f64 {
  let total: f64 = 0;
  for (let c = 0; c < classes; c++) {
    if (c !== without) total += softened(row, c, largest, temperature);
  }
  return total;
}

function addTo(place: usize, more: f64): void {
  store<f32>(place, ((load<f32>(place) as f64) + more) as f32);
}

export function softTargets(
  logits: usize,
  teacher: usize,
  losses: usize,
  gradient: usize,
  classes: i32,
  temperature: f32,
  weight: f32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const t = temperature as f64;
  const slope = (weight as f64) * t * (scale as f64);
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    const own = logits + row;
    const wanted = teacher + row;
    const ownLargest = largestBut(own, classes, -1);
    const wantedLargest = largestBut(wanted, classes, -1);
    const ownTotal = totalBut(own, classes, -1, ownLargest, t);
    const wantedTotal = totalBut(wanted, classes, -1, wantedLargest, t);
    const ownLog = ownLargest / t + logarithm(ownTotal);
    const wantedLog = wantedLargest / t + logarithm(wantedTotal);
    let divergence: f64 = 0;
    for (let c = 0; c < classes; c++) {
      const p = softened(own, c, ownLargest, t) / ownTotal;
      const q = softened(wanted, c, wantedLargest, t) / wantedTotal;
      divergence += q * ((value(wanted, c) - value(own, c)) / t - wantedLog + ownLog);
      addTo(at(gradient + row, c), slope * (p - q));
    }
    store<f32>(at(losses, n), ((weight as f64) * t * t * divergence) as f32);
  }
}

function largestPlace(row: usize, classes: i32): i32 {
  let place = 0;
  for (let c = 1; c < classes; c++) if (value(row, c) > value(row, place)) place = c;
  return place;
}

export function decoupledTargets(
  logits: usize,
  teacher: usize,
  targets: usize,
  losses: usize,
  gradient: usize,
  classes: i32,
  temperature: f32,
  targetWeight: f32,
  othersWeight: f32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const t = temperature as f64;
  const step = t * (scale as f64);
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    const own = logits + row;
    const wanted = teacher + row;
    const label = largestPlace(targets + row, classes);
    // Of the others among themselves; the true class is added to them afterwards.
    const ownLargest = largestBut(own, classes, label);
    const wantedLargest = largestBut(wanted, classes, label);
    const ownOthers = totalBut(own, classes, label, ownLargest, t);
    const wantedOthers = totalBut(wanted, classes, label, wantedLargest, t);
    const ownLog = ownLargest / t + logarithm(ownOthers);
    const wantedLog = wantedLargest / t + logarithm(wantedOthers);
    const wantedRest = restOf(wanted, label, wantedLog, t);
    const a = targetOf(own, label, ownLog, t);
    const b = targetOf(wanted, label, wantedLog, t);
    // log(true) = log(rest) + (logit - log of the others' sum).
    const odds = (value(wanted, label) - value(own, label)) / t - wantedLog + ownLog;
    const restRatio = logRatio(wanted, own, label, wantedLog, ownLog, t);
    const pair = b * (restRatio + odds) + wantedRest * restRatio;
    const target = (targetWeight as f64) * (a - b);
    let others: f64 = 0;
    for (let c = 0; c < classes; c++) {
      let slope = target;
      if (c !== label) {
        const p = softened(own, c, ownLargest, t) / ownOthers;
        const q = softened(wanted, c, wantedLargest, t) / wantedOthers;
        others += q * ((value(wanted, c) - value(own, c)) / t - wantedLog + ownLog);
        slope = (othersWeight as f64) * (p - q) - target * p;
      }
      addTo(at(gradient + row, c), step * slope);
    }
    const loss = (targetWeight as f64) * pair + (othersWeight as f64) * others;
    store<f32>(at(losses, n), (t * t * loss) as f32);
  }
}

/** Probability of the true class against the sum of the others: the logistic function of their difference. */
function targetOf(row: usize, label: i32, others: f64, t: f64): f64 {
  return logistic(value(row, label) / t - others);
}

function restOf(row: usize, label: i32, others: f64, t: f64): f64 {
  return logistic(others - value(row, label) / t);
}

function logistic(x: f64): f64 {
  const e = expScalar((x < 0 ? x : -x) as f32) as f64;
  return (x < 0 ? e : 1.0) / (1.0 + e);
}

/** log(rest of one / rest of the other), where log(rest) = -log(1 + exp(x)). */
function logRatio(one: usize, other: usize, label: i32, oneLog: f64, otherLog: f64, t: f64): f64 {
  return softPlus(value(other, label) / t - otherLog) - softPlus(value(one, label) / t - oneLog);
}

/** log(1 + exp(x)). */
function softPlus(x: f64): f64 {
  const e = expScalar((x < 0 ? x : -x) as f32) as f64;
  return (x < 0 ? 0.0 : x) + logarithm(1.0 + e);
}

export function softenRows(
  logits: usize,
  probabilities: usize,
  classes: i32,
  temperature: f32,
  begin: i32,
  end: i32,
): void {
  const t = temperature as f64;
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    const largest = largestBut(logits + row, classes, -1);
    const total = totalBut(logits + row, classes, -1, largest, t);
    for (let c = 0; c < classes; c++) {
      const p = softened(logits + row, c, largest, t) / total;
      store<f32>(at(probabilities + row, c), p as f32);
    }
  }
}

/** Values `step` bytes apart: a row or a column. */
function mean(from: usize, step: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f32>(from + (i as usize) * step) as f64;
  return sum / (count as f64);
}

/** Sum of products of what remains without the means. */
function product(a: usize, b: usize, step: usize, count: i32, aMean: f64, bMean: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const o = (i as usize) * step;
    sum += ((load<f32>(a + o) as f64) - aMean) * ((load<f32>(b + o) as f64) - bMean);
  }
  return sum;
}

/** Adds the slope of weight * (1 - correlation) to what `gradient` holds; gives the loss. */
function relate(p: usize, q: usize, gradient: usize, step: usize, count: i32, weight: f64): f64 {
  const pMean = mean(p, step, count);
  const qMean = mean(q, step, count);
  const dot = product(p, q, step, count, pMean, qMean);
  const pNorm = sqrt(product(p, p, step, count, pMean, pMean));
  const qNorm = sqrt(product(q, q, step, count, qMean, qMean));
  const size = pNorm * qNorm + TINY;
  const pull: f64 = pNorm === 0 ? 0 : (dot * qNorm) / (size * size * pNorm);
  for (let i = 0; i < count; i++) {
    const o = (i as usize) * step;
    const own = (load<f32>(p + o) as f64) - pMean;
    const other = (load<f32>(q + o) as f64) - qMean;
    addTo(gradient + o, weight * (pull * own - other / size));
  }
  return weight * (1 - dot / size);
}

export function relateRows(
  probabilities: usize,
  teacher: usize,
  losses: usize,
  gradient: usize,
  classes: i32,
  weight: f32,
  begin: i32,
  end: i32,
): void {
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    for (let c = 0; c < classes; c++) store<f32>(at(gradient + row, c), 0);
    const loss = relate(
      probabilities + row,
      teacher + row,
      gradient + row,
      4,
      classes,
      weight as f64,
    );
    store<f32>(at(losses, n), loss as f32);
  }
}

export function relateColumns(
  probabilities: usize,
  teacher: usize,
  losses: usize,
  gradient: usize,
  batch: i32,
  classes: i32,
  weight: f32,
  begin: i32,
  end: i32,
): void {
  const step = (classes as usize) << 2;
  for (let c = begin; c < end; c++) {
    const o = (c as usize) << 2;
    const loss = relate(probabilities + o, teacher + o, gradient + o, step, batch, weight as f64);
    store<f32>(losses + o, loss as f32);
  }
}

export function softenGradient(
  probabilities: usize,
  gradient: usize,
  logitGradient: usize,
  classes: i32,
  temperature: f32,
  scale: f32,
  begin: i32,
  end: i32,
): void {
  const factor = (scale as f64) / (temperature as f64);
  for (let n = begin; n < end; n++) {
    const row = ((n * classes) as usize) << 2;
    let sum: f64 = 0;
    for (let c = 0; c < classes; c++)
      sum += value(probabilities + row, c) * value(gradient + row, c);
    for (let c = 0; c < classes; c++) {
      const slope = value(probabilities + row, c) * (value(gradient + row, c) - sum);
      addTo(at(logitGradient + row, c), factor * slope);
    }
  }
}
